import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Client, neon, Pool } from "@neondatabase/serverless";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { prepareDataDir } from "../../workers/local/data-dir.ts";
import { type NeonGateway, startNeonGateway } from "../../workers/local/neon/gateway.ts";
import { int32, message } from "../../workers/local/neon/wire.ts";
import { listenOnLoopback } from "../../workers/local/ports.ts";
import { startPostgres } from "../../workers/local/postgres/server.ts";
import type { RunningServer } from "../../workers/local/redis/server.ts";
import { waitFor } from "../wait-for.ts";
import { sandbox, sql, useNeon, withClient, withPool } from "./neon-client.ts";

useNeon("CREATE TABLE item (id int PRIMARY KEY)");

async function pidOf(client: Client): Promise<number> {
  const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
  return Number(rows[0]?.pid);
}

/** A session on the connection of one that has ended, which may take a moment to be free. */
async function sessionOn(pid: number, url: string): Promise<Client> {
  const others: Client[] = [];
  try {
    // Those of other connections stay open meanwhile: the newest that is free would be given again.
    for (let tries = 0; tries < 20; tries++) {
      const client = new Client(url);
      await client.connect();
      if ((await pidOf(client)) === pid) return client;
      others.push(client);
    }
  } finally {
    await Promise.all(others.map((client) => client.end()));
  }
  throw new Error(`No session came to the connection ${pid}.`);
}

interface Key {
  readonly processId: number;
  readonly secret: number;
}

function keyOf(client: Client): Key {
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  return { processId: processID, secret: secretKey };
}

/** A cancel request, on a connection of its own: https://www.postgresql.org/docs/current/protocol-flow.html */
async function sendCancel({ processId, secret }: Key): Promise<void> {
  const packet = Buffer.alloc(16);
  [16, 80_877_102, processId, secret].forEach((value, index) => {
    packet.writeInt32BE(value, index * 4);
  });
  const socket = new WebSocket(`ws://${new URL(sandbox.neonUrl).host}/v2`);
  await new Promise((resolve, reject) => {
    socket.on("open", () => socket.send(packet));
    socket.on("close", resolve);
    socket.on("error", reject);
  });
}

/** The statement may not have begun when the first one comes. */
async function cancelUntil(key: Key, ended: Promise<unknown>): Promise<void> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  ended.then(over, over);
  while (!isOver) await sendCancel(key);
}

describe("sessions over WebSocket", () => {
  test("a transaction spans round trips, and commits", async () => {
    await withClient(sandbox.neonUrl, async (client) => {
      await client.query("BEGIN");
      const { rows } = await client.query("INSERT INTO item VALUES (1) RETURNING id");
      await client.query("INSERT INTO item VALUES ($1)", [Number(rows[0]?.id) + 1]);
      await client.query("COMMIT");
    });
    expect(await sql`SELECT id FROM item WHERE id IN (1, 2) ORDER BY id`).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test.each(["", "/", "/v1?address=elsewhere:5432"])("the path '%s' is one as well", async (path) => {
    const socket = new WebSocket(`ws://${new URL(sandbox.neonUrl).host}${path}`);
    socket.on("error", () => undefined);
    const opened = await new Promise((resolve) => {
      for (const event of ["open", "close"]) socket.on(event, () => resolve(event));
    });
    socket.terminate();
    expect(opened).toBe("open");
  });

  test("a session that goes away in its transaction leaves nothing behind", async () => {
    const client = new Client(sandbox.neonUrl);
    client.on("error", () => undefined);
    await client.connect();
    await client.query("BEGIN");
    const { rows } = await client.query("INSERT INTO item VALUES (10) RETURNING pg_backend_pid() AS pid");
    await client.end();
    const inTransaction = () =>
      sql`SELECT 1 FROM pg_stat_activity WHERE pid = ${rows[0]?.pid} AND xact_start IS NOT NULL`;
    await expect.poll(inTransaction).toEqual([]);
    expect(await sql`SELECT id FROM item WHERE id = 10`).toEqual([]);
  });

  test("the next session on a connection finds nothing of the one before", async () => {
    // Connections are kept by what a login asks for.
    const url = new URL(sandbox.neonUrl);
    url.searchParams.set("application_name", "leaving");
    const pid = await withClient(url.href, async (client) => {
      await client.query("SET statement_timeout = 12345");
      await client.query("CREATE TEMPORARY TABLE leftover (a integer)");
      await client.query("SELECT pg_advisory_lock(4711)");
      await client.query("LISTEN leftover");
      await client.query("BEGIN");
      return pidOf(client);
    });
    // The connection is idle again, and nobody holds the lock.
    await expect
      .poll(() => sql`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711`)
      .toEqual([]);
    const client = await sessionOn(pid, url.href);
    const { rows } = await client.query(
      "SELECT current_setting('statement_timeout') AS timeout, to_regclass('leftover') AS leftover, (SELECT count(*) FROM pg_listening_channels())::integer AS channels",
    );
    expect(rows).toEqual([{ timeout: "0", leftover: null, channels: 0 }]);
    await client.end();
  });

  test("a session that is cut off in the middle of a statement takes its connection along", async () => {
    const client = new Client(sandbox.neonUrl);
    client.on("error", () => undefined);
    await client.connect();
    const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
    client.query("SELECT pg_sleep(0.5)").catch(() => undefined);
    await expect
      .poll(() => sql`SELECT state FROM pg_stat_activity WHERE pid = ${rows[0]?.pid}`)
      .toEqual([{ state: "active" }]);
    await client.end();
    await withClient(sandbox.neonUrl, async (next) => {
      const answer = await next.query("SELECT pg_backend_pid() AS pid");
      expect(answer.rows[0]?.pid).not.toBe(rows[0]?.pid);
    });
  });

  test("sessions at the same time are sessions of their own", async () => {
    await withPool(sandbox.neonUrl, async (pool) => {
      const values = await Promise.all(
        Array.from(
          { length: 30 },
          async (_, index) => (await pool.query("SELECT $1::int AS v, pg_sleep(0.01)", [index])).rows[0]?.v,
        ),
      );
      expect(values).toEqual(Array.from({ length: 30 }, (_, index) => index));
    });
    await withClient(sandbox.neonUrl, (first) =>
      withClient(sandbox.neonUrl, async (second) => {
        await first.query("SET application_name = 'first'");
        const { rows } = await second.query("SHOW application_name");
        expect(rows[0]?.application_name).not.toBe("first");
      }),
    );
  });

  test("a key cancels what its session runs", async () => {
    await withClient(sandbox.neonUrl, async (client) => {
      // The driver has the key with the first answer.
      await client.query("SELECT 1");
      const asleep = client.query("SELECT pg_sleep(60)");
      await cancelUntil(keyOf(client), asleep);
      await expect(asleep).rejects.toMatchObject({ code: "57014" });
    });
  });

  test("and nothing of the session that has its connection behind it", async () => {
    // Connections are kept by what a login asks for.
    const url = new URL(sandbox.neonUrl);
    url.searchParams.set("application_name", "cancelled");
    const old = new Client(url.href);
    await old.connect();
    const pid = await pidOf(old);
    const key = keyOf(old);
    await old.end();
    const client = await sessionOn(pid, url.href);
    const asleep = client.query("SELECT pg_sleep(1), 'slept' AS how");
    for (let sent = 0; sent < 5; sent++) await sendCancel(key);
    expect((await asleep).rows[0]?.how).toBe("slept");
    await client.end();
  });

  test("megabytes go through in both directions", async () => {
    const text = "0123456789abcdef".repeat(512 * 1024);
    await withClient(sandbox.neonUrl, async (client) => {
      const { rows } = await client.query("SELECT length($1) AS length, $1 || $1 AS twice", [text]);
      expect(rows[0]?.length).toBe(text.length);
      expect(rows[0]?.twice === text + text).toBe(true);
      const many = await client.query("SELECT repeat('x', 1000) AS x FROM generate_series(1, 20000)");
      expect(many.rows.length).toBe(20_000);
    });
  });

  const settingsOf = async (options: string | null) => {
    const url = new URL(sandbox.neonUrl);
    if (options !== null) url.searchParams.set("options", options);
    const client = new Client({
      connectionString: url.href,
      statement_timeout: 4321,
      application_name: "startup",
    });
    await client.connect();
    const { rows } = await client.query(
      "SELECT current_setting('statement_timeout') AS t, current_setting('application_name') AS a",
    );
    await client.end();
    return rows;
  };

  test("of the startup settings those reach the session that Neon passes on", async () => {
    expect(await settingsOf(null)).toEqual([{ t: "0", a: "startup" }]);
  });

  test("all of them do where Neon is asked for that", async () => {
    const compatible = "neon_proxy_params_compat:true";
    expect(await settingsOf(compatible)).toEqual([{ t: "4321ms", a: "startup" }]);
    expect(await settingsOf(`-c statement_timeout=5s ${compatible}`)).toEqual([{ t: "5s", a: "startup" }]);
  });

  test.each([
    ["endpoint=ep-cool-darkness-123456", "0"],
    ["project=shop", "0"],
    ["neon_lsn:0/2 -c statement_timeout=5s", "5s"],
    ["-c statement_timeout=5s endpoint=ep-x", "5s"],
    ["endpoint=ep\\ x\t-c  statement_timeout=5s", "5s"],
    ["-c statement_timeout=5s -c application_name=a\\ endpoint=b", "5s"],
  ])("what is meant for Neon in the options %j does not reach Postgres", async (options, timeout) => {
    const url = new URL(sandbox.neonUrl);
    url.searchParams.set("options", options);
    const shown = await withClient(url.href, (client) => client.query("SHOW statement_timeout"));
    expect(shown.rows).toEqual([{ statement_timeout: timeout }]);
  });

  test("control: other options do", async () => {
    const url = new URL(sandbox.neonUrl);
    url.searchParams.set("options", "endpoints=x");
    await expect(withClient(url.href, (client) => client.query("SELECT 1"))).rejects.toMatchObject({
      code: "42601",
    });
  });

  test("an error in a session has its code, and the session goes on", async () => {
    await withClient(sandbox.neonUrl, async (client) => {
      await expect(client.query("SELECT 1/0")).rejects.toMatchObject({ code: "22012" });
      expect((await client.query("SELECT 1 AS a")).rows).toEqual([{ a: 1 }]);
    });
  });

  test("a session that Postgres ends is an error for its client", async () => {
    const client = new Client(sandbox.neonUrl);
    const ended = new Promise((resolve) => client.on("error", resolve));
    await client.connect();
    await expect(client.query("SELECT pg_terminate_backend(pg_backend_pid())")).rejects.toThrow();
    expect(await ended).toBeInstanceOf(Error);
  });
});

describe("who may come in", () => {
  test("a wrong password or user is refused as Postgres would", async () => {
    for (const part of ["password", "username"] as const) {
      const url = new URL(sandbox.neonUrl);
      url[part] = "wrong";
      const pool = new Pool({ connectionString: url.href });
      await expect(pool.query("SELECT 1")).rejects.toMatchObject({ code: "28P01" });
      await pool.end();
    }
  });

  test("an unknown database is refused as Postgres would", async () => {
    const url = Object.assign(new URL(sandbox.neonUrl), { pathname: "/no_such_database" });
    const pool = new Pool({ connectionString: url.href });
    await expect(pool.query("SELECT 1")).rejects.toMatchObject({ code: "3D000" });
    await pool.end();
  });

  test("the address in the URL leads nowhere else than to the own server", async () => {
    let visitors = 0;
    const stranger = createServer((socket) => {
      visitors++;
      socket.destroy();
    });
    const port = await listenOnLoopback(stranger, 0);
    const { host } = new URL(sandbox.neonUrl);
    const socket = new WebSocket(`ws://${host}/v2?address=127.0.0.1:${port}`);
    const answer = await new Promise<Buffer>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("message", resolve);
      // A startup packet of protocol 3.0 for user "x".
      const body = Buffer.from("user\0x\0\0");
      const head = Buffer.alloc(8);
      head.writeInt32BE(body.length + 8, 0);
      head.writeInt32BE(196_608, 4);
      socket.on("open", () => socket.send(Buffer.concat([head, body])));
    });
    expect(answer.toString("latin1", 0, 1)).toBe("R");
    expect(visitors).toBe(0);
    socket.terminate();
    stranger.close();
  });

  test("bytes that are no login get an error and a closed socket", async () => {
    const { host } = new URL(sandbox.neonUrl);
    const socket = new WebSocket(`ws://${host}/v2`);
    const received: Buffer[] = [];
    socket.on("message", (data: Buffer) => received.push(data));
    socket.on("open", () => socket.send(Buffer.from("GET / HTTP/1.1\r\n\r\n")));
    await new Promise((resolve) => socket.on("close", resolve));
    expect(Buffer.concat(received).toString("latin1")).toMatch(/^E[\s\S]*08P01/);
  });
});

test("who does not log in is let go, and who has logged in may be silent", async () => {
  const gateway = await startNeonGateway({ databaseUrl: sandbox.databaseUrl, loginTimeoutMs: 1_000 });
  const received: Buffer[] = [];
  try {
    await withClient(gateway.connectionString(), async (client) => {
      await client.query("SELECT 1");
      const silent = new WebSocket(gateway.websocketUrl);
      silent.on("message", (data: Buffer) => received.push(data));
      await new Promise((resolve) => silent.on("close", resolve));
      expect((await client.query("SELECT 1 AS n")).rows).toEqual([{ n: 1 }]);
    });
  } finally {
    await gateway.close();
  }
  expect(Buffer.concat(received).toString("latin1")).toMatch(/^E[\s\S]*08P01[\s\S]*no login within 1000 ms/);
});

test("of a client that sends more than there is a connection for, no more is read", async () => {
  const silent = createServer((socket) => socket.on("error", () => undefined));
  const url = Object.assign(new URL(sandbox.databaseUrl), {
    port: String(await listenOnLoopback(silent, 0)),
  });
  const gateway = await startNeonGateway({ databaseUrl: url.href });
  const socket = new WebSocket(gateway.websocketUrl);
  socket.on("error", () => undefined);
  try {
    await new Promise((resolve) => socket.on("open", resolve));
    const { username, password } = new URL(gateway.connectionString());
    const text = (value: string) => Buffer.from(`${decodeURIComponent(value)}\0`);
    const startup = Buffer.concat([int32(196_608), text("user"), text(username), Buffer.from([0])]);
    socket.send(Buffer.concat([int32(startup.length + 4), startup, message("p", text(password))]));
    for (let sent = 0; sent < 64; sent += 1) socket.send(Buffer.alloc(1024 * 1024, "Q"));
    const closed = new Promise((resolve) => socket.on("close", resolve));
    // As long as Postgres has time to answer the gateway.
    await setTimeout(2_000);
    expect(socket.bufferedAmount).toBeGreaterThan(32 * 1024 * 1024);
    // Then the client is told, though it was not read any more.
    await closed;
  } finally {
    socket.terminate();
    await gateway.close();
    silent.close();
  }
});

test("a connection that Postgres resets while it is made clean for the next one ends nothing but itself", async () => {
  const { hostname, port } = new URL(sandbox.databaseUrl);
  let resets = 0;
  const proxy = createServer((near) => {
    const far = connect(Number(port), hostname);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    near.on("data", (bytes: Buffer) => {
      if (bytes.includes("DISCARD ALL")) {
        resets += 1;
        near.resetAndDestroy();
      } else far.write(bytes);
    });
    far.on("data", (bytes: Buffer) => near.write(bytes));
    near.on("close", () => far.destroy());
  });
  const behind = Object.assign(new URL(sandbox.databaseUrl), {
    port: String(await listenOnLoopback(proxy, 0)),
  });
  const gateway = await startNeonGateway({ databaseUrl: behind.href });
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on("uncaughtException", note);
  try {
    for (let session = 1; session <= 3; session += 1) {
      await withClient(gateway.connectionString(), async (client) => {
        await client.query("SET statement_timeout = 12345");
      });
      await waitFor(
        "the reset of the connection",
        async () => resets,
        (count) => count === session,
      );
    }
    await setTimeout(50);
    expect(unhandled).toEqual([]);
  } finally {
    process.off("uncaughtException", note);
    await gateway.close();
    proxy.close();
  }
});

describe("a server that wants SCRAM", () => {
  let dataDir: string;
  let server: RunningServer;
  let gateway: NeonGateway;

  beforeAll(async () => {
    dataDir = await prepareDataDir(await mkdtemp(join(tmpdir(), "brain-scram-")));
    server = await startPostgres({ dataDir, fsync: false, authMethod: "scram-sha-256" });
    gateway = await startNeonGateway({ databaseUrl: server.url });
  });
  afterAll(async () => {
    await gateway.close();
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  test("is really what stands behind the gateway", async () => {
    const { rows } = await withClient(gateway.connectionString(), (client) =>
      client.query("SELECT DISTINCT auth_method FROM pg_hba_file_rules WHERE type = 'host'"),
    );
    expect(rows).toEqual([{ auth_method: "scram-sha-256" }]);
  });

  test("is reached all the same, because the gateway logs in itself", async () => {
    const url = gateway.connectionString();
    await withClient(url, async (client) => {
      expect((await client.query("SELECT current_user AS me")).rows).toEqual([{ me: "brain" }]);
    });
    expect(await neon(url)`SELECT current_user AS me`).toEqual([{ me: "brain" }]);
  });

  test("costs connection errors while it is down, and has its data after a restart", async () => {
    const url = gateway.connectionString();
    await neon(url)`CREATE TABLE kept AS SELECT 1 AS a`;
    await server.stop();
    await expect(neon(url)`SELECT a FROM kept`).rejects.toThrow(/HTTP status 500.*08006/s);
    await expect(withClient(url, (client) => client.query("SELECT 1"))).rejects.toMatchObject({
      code: "08006",
    });
    server = await startPostgres({ dataDir, fsync: false });
    await gateway.close();
    gateway = await startNeonGateway({ databaseUrl: server.url });
    expect(await neon(gateway.connectionString())`SELECT a FROM kept`).toEqual([{ a: 1 }]);
  });
});
