/** Clients that put a connection into another mode, or go away in the middle: nothing of theirs stays. */

import { request as httpRequest } from "node:http";
import { Client, neon } from "@neondatabase/serverless";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { post, sandbox, sql, useNeon, withClient } from "./neon-client.ts";

let counter = 0;
let mark: string;

useNeon("CREATE TABLE item (name text)");
beforeEach(() => {
  mark = `mark${++counter}`;
});

/** Runs `query` as the gateway's clients do not: on a connection of its own, which sees everything. */
const look = (query: string) => sql.query(query);
const running = () =>
  look(
    `SELECT pid FROM pg_stat_activity WHERE query LIKE '%${mark}%' AND state <> 'idle' AND pid <> pg_backend_pid()`,
  );
const stored = () => look(`SELECT name FROM item WHERE name LIKE '${mark}%'`);

/** Far below the minute that the statements would take. */
const patience = { timeout: 20_000 };

/** More at once than the gateway has connections to one database. */
const MANY = 45;

describe("a statement that leaves the request protocol", () => {
  beforeAll(async () => {
    await look("INSERT INTO item VALUES ('there already')");
  });

  test.each([
    ["COPY FROM STDIN", "COPY item FROM STDIN"],
    ["COPY TO STDOUT", "COPY item TO STDOUT"],
    ["COPY TO STDOUT of nothing", "COPY (SELECT 1 WHERE false) TO STDOUT"],
    ["COPY in binary", "COPY item FROM STDIN WITH (FORMAT binary)"],
    ["COPY behind a comment", "/* SELECT 1 */ copy item from stdin"],
  ])("%s is 400, alone and in a list, and however often it is sent the gateway goes on", async (_, query) => {
    const expected = { status: 400, body: { message: expect.stringMatching(/COPY/), code: "" } };
    expect(await post({ query })).toMatchObject(expected);
    const list = [
      { query: `INSERT INTO item VALUES ('${mark} before')` },
      { query },
      { query: `INSERT INTO item VALUES ('${mark} after')` },
    ];
    expect(await post({ queries: list })).toMatchObject(expected);
    const answers = await Promise.all(Array.from({ length: MANY }, () => post({ query })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400]));
    expect(await stored()).toEqual([]);
  });

  test("COPY as the last of a list undoes what stood before it", async () => {
    const queries = [
      { query: `INSERT INTO item VALUES ('${mark}')` },
      { query: "COPY (SELECT 1) TO STDOUT" },
    ];
    expect(await post({ queries })).toMatchObject({ status: 400 });
    expect(await stored()).toEqual([]);
  });

  test.each([
    "START_REPLICATION SLOT s LOGICAL 0/0",
    "IDENTIFY_SYSTEM",
    "CREATE_REPLICATION_SLOT s LOGICAL pgoutput",
  ])("%s is an error of Postgres, for no connection is one for replication", async (query) => {
    expect(await post({ query })).toMatchObject({
      status: 400,
      body: { code: "42601" },
    });
  });

  test("a session cannot become one for replication either", async () => {
    await withClient(`${sandbox.neonUrl}?replication=database`, async (client) => {
      await expect(client.query("IDENTIFY_SYSTEM")).rejects.toMatchObject({ code: "42601" });
    });
  });

  test("LISTEN, a cursor and a prepared transaction leave nothing to the next request", async () => {
    for (const query of [
      "LISTEN news",
      "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
      "PREPARE p AS SELECT 1",
      "SELECT pg_advisory_lock(815)",
      "LOCK TABLE item",
      "PREPARE TRANSACTION 'x'",
      "SAVEPOINT s",
      "COMMIT",
    ])
      await post({ query });
    const [left] = await look(`SELECT (SELECT count(*) FROM pg_listening_channels())::int AS channels,
      (SELECT count(*) FROM pg_cursors WHERE name <> '')::int AS cursors,
      (SELECT count(*) FROM pg_prepared_statements)::int AS statements,
      (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 815)::int AS locks`);
    expect(left).toEqual({ channels: 0, cursors: 0, statements: 0, locks: 0 });
  });
});

describe("a client that goes away in the middle of its statement", () => {
  const slow = (seconds = 60) =>
    `/* ${mark} */ WITH wait AS (SELECT pg_sleep(${seconds})) INSERT INTO item SELECT '${mark}' FROM wait`;

  /** Sends the body and gives what ends the request in one of several ways. */
  function send(body: unknown) {
    const { hostname, port } = new URL(sandbox.neonUrl);
    const request = httpRequest({
      hostname,
      port,
      path: "/sql",
      method: "POST",
      headers: { "Neon-Connection-String": sandbox.neonUrl },
    });
    request.on("error", () => undefined);
    request.end(JSON.stringify(body));
    return request;
  }

  const ways = [
    ["closes its socket", (request: ReturnType<typeof send>) => void request.destroy()],
    ["resets its connection", (request: ReturnType<typeof send>) => void request.socket?.resetAndDestroy()],
    ["says that it sends nothing more", (request: ReturnType<typeof send>) => void request.socket?.end()],
  ] as const;

  test.each(ways)("and %s: the statement is ended and undone", async (_, leave) => {
    const request = send({ query: slow() });
    await expect.poll(running, patience).toHaveLength(1);
    leave(request);
    await expect.poll(running, patience).toEqual([]);
    expect(await stored()).toEqual([]);
  });

  test.each(ways)("of a list and %s: the whole list is undone", async (_, leave) => {
    const request = send({
      queries: [{ query: `INSERT INTO item VALUES ('${mark} first')` }, { query: slow() }],
    });
    await expect.poll(running, patience).toHaveLength(1);
    leave(request);
    await expect.poll(running, patience).toEqual([]);
    expect(await stored()).toEqual([]);
  });

  test("a driver that aborts its request undoes it", async () => {
    const stop = new AbortController();
    const stoppable = neon(sandbox.neonUrl, { fetchOptions: { signal: stop.signal } });
    const query = stoppable.query(slow());
    const failed = expect(query).rejects.toThrow();
    await expect.poll(running, patience).toHaveLength(1);
    stop.abort();
    await failed;
    await expect.poll(running, patience).toEqual([]);
    expect(await stored()).toEqual([]);
  });

  test("control: a client that stays has its statement done", async () => {
    expect(await post({ query: slow(0.2) })).toMatchObject({ status: 200 });
    expect(await stored()).toEqual([{ name: mark }]);
  });

  test("more clients that go away than there are connections cost the gateway nothing", async () => {
    const requests = Array.from({ length: MANY }, () => send({ query: `/* ${mark} */ SELECT pg_sleep(60)` }));
    await expect.poll(async () => (await countActive()) >= 20, patience).toBe(true);
    for (const request of requests) request.destroy();
    await expect.poll(countActive, patience).toBe(0);
    expect(await look("SELECT 1 AS a")).toEqual([{ a: 1 }]);
  });

  /** Over a session, because the statements above may hold all connections for requests. */
  async function countActive(): Promise<number> {
    return withClient(sandbox.neonUrl, async (client) => {
      const { rows } = await client.query(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%${mark}%' AND state = 'active' AND pid <> pg_backend_pid()`,
      );
      return Number(rows[0]?.n);
    });
  }

  test.each([
    ["closes", (socket: WebSocket) => socket.close()],
    ["cuts", (socket: WebSocket) => socket.terminate()],
  ])("a session that %s its socket in the middle of a statement leaves nothing behind", async (_, leave) => {
    const sockets: WebSocket[] = [];
    const client = new Client(sandbox.neonUrl);
    client.neonConfig.webSocketConstructor = class extends WebSocket {
      constructor(address: string) {
        super(address);
        sockets.push(this);
      }
    };
    client.on("error", () => undefined);
    await client.connect();
    client.query(slow()).catch(() => undefined);
    await expect.poll(running, patience).toHaveLength(1);
    for (const socket of sockets) leave(socket);
    await expect.poll(running, patience).toEqual([]);
    expect(await stored()).toEqual([]);
  });

  test("control: a session that says goodbye behind a statement has it done, as at Postgres", async () => {
    const client = new Client(sandbox.neonUrl);
    client.on("error", () => undefined);
    await client.connect();
    client.query(slow(0.5)).catch(() => undefined);
    await expect.poll(running, patience).toHaveLength(1);
    // The Terminate message, which `client.end()` does not send while it waits for an answer.
    client.connection.end();
    await expect.poll(running, patience).toEqual([]);
    expect(await stored()).toEqual([{ name: mark }]);
  });
});
