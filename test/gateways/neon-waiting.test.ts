/* More requests for SQL over HTTP at once than there are connections. */

import { connect } from "node:net";
import { neon } from "@neondatabase/serverless";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { startNeonGateway } from "../../workers/local/neon/gateway.ts";
import { openTcpGate } from "../http/tcp-gate.ts";
import { waitFor } from "../wait-for.ts";
import { postSql, useLocalGateway } from "./neon-client.ts";

const { databaseUrl } = inject("services");
const lock = 4_715;
let admin: pg.Client;

beforeAll(async () => {
  useLocalGateway();
  admin = new pg.Client({ connectionString: databaseUrl });
  await admin.connect();
});
afterAll(() => admin?.end());

test("one waits for its turn, also longer than a connection may take to open", async () => {
  const gateway = await startNeonGateway({ databaseUrl, maxConnections: 1, connectTimeoutMs: 3_000 });
  try {
    const sql = neon(gateway.connectionString());
    const answers = await Promise.all([sql`SELECT pg_sleep(3.5), 1 AS n`, sql`SELECT 2 AS n`]);
    expect(answers.map(([row]) => row?.n)).toEqual([1, 2]);
  } finally {
    await gateway.close();
  }
});

test("where too many wait, one more is refused with the limit, and the others get their turn", async () => {
  const gateway = await startNeonGateway({ databaseUrl, maxConnections: 1, maxWaiting: 1 });
  const url = gateway.connectionString();
  const run = (query: string) => postSql(url, { query });
  await admin.query(`SELECT pg_advisory_lock(${lock})`);
  try {
    const first = run(`SELECT pg_advisory_xact_lock(${lock})`);
    const waits = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${lock} AND NOT granted`;
    await waitFor(
      "the first",
      () => admin.query(waits),
      ({ rowCount }) => rowCount === 1,
    );
    const others = [run("SELECT 1"), run("SELECT 1")];
    expect(await Promise.race(others)).toMatchObject({
      status: 503,
      body: { message: expect.stringMatching(/1 at once and 1 waiting/) },
    });
    await admin.query(`SELECT pg_advisory_unlock(${lock})`);
    expect((await first).status).toBe(200);
    const statuses = (await Promise.all(others)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 503]);
    expect((await run("SELECT 1")).status).toBe(200);
  } finally {
    await admin.query("SELECT pg_advisory_unlock_all()");
    await gateway.close();
  }
});

test("of one connection, what is sent ahead waits for the answer before it", async () => {
  const gateway = await startNeonGateway({ databaseUrl });
  try {
    const url = new URL(gateway.httpUrl);
    const ask = (query: string) => {
      const body = JSON.stringify({ query });
      return `POST /sql HTTP/1.1\r\nHost: x\r\nNeon-Connection-String: ${gateway.connectionString()}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    };
    const client = connect(Number(url.port), url.hostname);
    let answers = "";
    client.on("data", (data) => {
      answers += data.toString();
    });
    client.write(
      ask("SELECT clock_timestamp()::text AS at FROM pg_sleep(0.3)") +
        ask("SELECT clock_timestamp()::text AS at"),
    );
    const times = await waitFor(
      "both answers",
      () => [...answers.matchAll(/"at":"([^"]+)"/g)].map(([, at]) => at),
      (list) => list.length === 2,
    );
    client.destroy();
    expect(times).toEqual(times.toSorted());
  } finally {
    await gateway.close();
  }
});

test("a Postgres that is there and says nothing does not hold up the stop", async () => {
  const gate = await openTcpGate(databaseUrl);
  const gateway = await startNeonGateway({ databaseUrl: gate.url });
  const sleeping = "SELECT pg_sleep(600) AS held_up";
  const asleep = (count: number) =>
    waitFor(
      `${count} statements run`,
      () => admin.query("SELECT FROM pg_stat_activity WHERE query = $1 AND state = 'active'", [sleeping]),
      ({ rowCount }) => rowCount === count,
    );
  try {
    // One that its client leaves, so that there is a connection by which statements are ended.
    const leaving = new AbortController();
    const sql = neon(gateway.connectionString(), { fetchOptions: { signal: leaving.signal } });
    // The driver sends when somebody waits.
    const left = expect(sql.query(sleeping)).rejects.toThrow();
    await asleep(1);
    leaving.abort();
    await left;
    await asleep(0);
    const lost = postSql(gateway.connectionString(), { query: sleeping });
    lost.catch(() => undefined);
    await asleep(1);
    gate.set("frozen");
    // Still being opened.
    const opening = postSql(gateway.connectionString("postgres"), { query: "SELECT 1" });
    const outcomes = Promise.allSettled([lost, opening]);
    await gateway.close();
    for (const { status } of await outcomes) expect(status).toBe("rejected");
  } finally {
    await gate.close();
    await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = $1", [sleeping]);
  }
}, 30_000);
