import { randomUUID } from "node:crypto";
import { chown, mkdtemp, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createEngine,
  cronTick,
  drainAll,
  drainOnce,
  type Engine,
  relayAll,
  requireStream,
} from "@brain/engine";
import type { Hono } from "hono";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import type { AppEnv } from "../../../src/http/host.ts";
import { openProduct } from "../../../src/http-composition.ts";
import { migrate } from "../../../workers/local/migrate.ts";
import { type Services, startServices } from "../../../workers/local/services.ts";
import { sandboxEnv, testApiKey } from "../../backbone.ts";
import { recorded } from "../../recorded.ts";
import { waitFor } from "../../wait-for.ts";
import { type Reply, readReply } from "../surface.ts";

/*
 * A Postgres that is there and refuses: out of connections, shutting down, read-only, out of disk. It is one of our own, because
 * nobody else must be refused with us. What is refused leaves nothing behind, what waited goes on afterwards.
 */

let dataDir: string;
let services: Services;
let engine: Engine;
let app: Hono<AppEnv>;
const logs: string[] = [];
/** Later than it is, ms: when all retries are due is for the test to say. */
let laterMs = 0;
const now = () => Date.now() + laterMs;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "brain-refuses-"));
  services = await startServices({
    env: { BRAIN_EVENTSTREAM_MODE: "degraded" },
    dataDir,
    fsync: false,
    keepsRunning: true,
    limitsRole: true,
  });
  await migrate(services.migrationUrl);
  const { upstash, redisUrl } = inject("services");
  const { databaseUrl, neonUrl } = services;
  const prefix = `t:${randomUUID().slice(0, 8)}`;
  const config = parseConfig(sandboxEnv({ databaseUrl, neonUrl, upstash, redisUrl, prefix }));
  const product = openProduct(config);
  engine = createEngine({ ...product, settings: config, now, sink: (_level, line) => logs.push(line) });
  app = product.createApp(() => ({
    invocation: engine.open(),
    apiKey: testApiKey,
    waitUntil: () => undefined,
    afterCommit: () => undefined,
    startJobs: () => undefined,
  }));
}, 120_000);
afterAll(async () => {
  await services?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** As the administrator, for whom Postgres keeps some connections. */
async function administrate<Row = Record<string, unknown>>(
  statement: string,
  params: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: services.databaseUrl });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(statement, params)).rows as Row[];
  } finally {
    await client.end();
  }
}

async function holdSession(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** Ends the connections that the gateway keeps for the next one; who has one is not refused. */
async function endIdleConnections(): Promise<void> {
  await administrate("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'brain_app'");
  await waitFor(
    "the gateway's connections are gone",
    () => administrate("SELECT 1 FROM pg_stat_activity WHERE usename = 'brain_app'"),
    (rows) => rows.length === 0,
  );
}

const send = async (path: string, body?: object): Promise<Reply> =>
  readReply(
    await app.request(path, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${testApiKey}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );

const agentError = (agent: string) => ({
  id: randomUUID(),
  type: "agent.error",
  source: "another_program",
  payload: { agent_id: agent, error: "It is stuck." },
});
const agentOnline = (agent: string) => ({
  id: randomUUID(),
  type: "agent.online",
  source: "another_program",
  payload: { agent_id: agent },
});

const invocation = () => requireStream(engine.open(), ": the test needs one.");
/** @param ms for so long it is tried again */
const relayEverything = (ms = 10_000) => relayAll(invocation(), now() + ms, () => undefined);
const drainEverything = () => drainAll(invocation(), now() + 10_000, null);

/** One drain of the consumer that the events are for. @returns why it stopped; null: it did all that was due */
async function drainAgents(): Promise<string | null> {
  const agents = engine.consumers.get("agents");
  if (agents === undefined) throw new Error("there is no consumer of agents");
  const drained = drainOnce(invocation(), agents, { shard: 0, deadlineMs: now() + 10_000 });
  return drained.then(
    ({ stopped }) => stopped,
    (error: Error) => error.message,
  );
}
const errorsOf = (agent: string) =>
  administrate<{ errors: number; status: string }>("SELECT errors, status FROM agents WHERE agent_id = $1", [
    agent,
  ]);
const sentAt = (id: string) =>
  administrate<{ sent_at: Date | null }>(`SELECT sent_at FROM ${recorded} WHERE id = $1`, [id]);

/** What a caller is told: not now, when to come again, and nothing of the inside. */
function expectKindRefusal({ status, headers, body, text }: Reply): void {
  expect(text).toContain("unavailable");
  expect(status).toBe(503);
  expect(headers.get("retry-after")).toBe("1");
  expect(body.error).toEqual({
    code: "unavailable",
    message: "Postgres is not available now. Try again.",
    request_id: expect.stringMatching(/\S/),
  });
}

/** Takes Postgres away from the workers. @returns what gives it back */
type Refuse = () => Promise<() => Promise<void>>;

const outOfConnections: Refuse = async () => {
  await administrate("ALTER ROLE brain_app CONNECTION LIMIT 3");
  await endIdleConnections();
  const others = await Promise.all([1, 2, 3].map(() => holdSession(services.migrationUrl)));
  return async () => {
    await Promise.all(others.map((session) => session.end()));
    await administrate("ALTER ROLE brain_app CONNECTION LIMIT -1");
  };
};

/** It waits for the one session that is open, and lets nobody in meanwhile. Then it ends, and is started again. */
const shuttingDown: Refuse = async () => {
  await endIdleConnections();
  const last = await holdSession(services.databaseUrl);
  const [pid] = (await readFile(join(dataDir, "postgres/postmaster.pid"), "utf8")).split("\n");
  process.kill(Number(pid), "SIGTERM");
  await waitFor(
    "Postgres is shutting down",
    () =>
      holdSession(services.databaseUrl).then(
        (session) => session.end(),
        (error: unknown) => error,
      ),
    (seen) => seen instanceof pg.DatabaseError && seen.code === "57P03",
  );
  return async () => {
    await last.end();
    await waitFor(
      "Postgres is back",
      () => administrate("SELECT 1"),
      (rows) => rows.length === 1,
    );
  };
};

/** As a replica, or a database that its provider has stopped. */
const readOnly: Refuse = async () => {
  const [row] = await administrate<{ name: string }>("SELECT current_database() AS name");
  const set = (change: string) => administrate(`ALTER ROLE brain_app IN DATABASE "${row?.name}" ${change}`);
  await set("SET default_transaction_read_only = on");
  await endIdleConnections();
  return async () => {
    await set("RESET default_transaction_read_only");
    await endIdleConnections();
  };
};

describe.each([
  [
    "is out of connections",
    "53300",
    /all of its connections are in use \(SQLSTATE 53300\)/,
    outOfConnections,
  ],
  ["is shutting down", "57P03", /the server is shutting down or starting \(SQLSTATE 57P03\)/, shuttingDown],
  ["is read-only", "25006", /is read-only: what writes is answered 503/, readOnly],
] as const)("while Postgres %s", (_what, state, reason, refuse) => {
  test("requests are refused kindly, what waits is neither lost nor given up, and all goes on afterwards", async () => {
    const [unsent, undrained, agent] = [randomUUID(), randomUUID(), randomUUID()];
    const sentBefore = [agentOnline(undrained), agentError(undrained)];
    for (const event of sentBefore) expect((await send("/api/events", event)).status).toBe(202);
    await relayEverything();
    const waiting = agentError(unsent);
    expect((await send("/api/events", waiting)).status).toBe(202);

    const giveBack = await refuse();
    logs.length = 0;
    const event = agentError(agent);
    try {
      expectKindRefusal(await send("/api/events", event));
      expectKindRefusal(await send("/api/events/batch", [agentError(agent), agentOnline(agent)]));
      // A change and its event, in a transaction of its own connection.
      expectKindRefusal(await send("/api/tasks", { title: `Of ${agent}` }));
      const health = await send("/api/health");
      expect(health.status).toBe(503);
      expect(health.body.reasons).toEqual([expect.stringMatching(reason)]);
      // More often than an event may be tried.
      for (let tries = 0; tries < 6; tries += 1) {
        await relayEverything(1);
        expect(await drainAgents()).toContain(`SQLSTATE ${state}`);
      }
      await cronTick(invocation(), now() + 1);
      for (const work of ["The request", "The relay"]) {
        expect(logs).toContainEqual(expect.stringMatching(new RegExp(`"${work}.*SQLSTATE ${state}`)));
      }
    } finally {
      await giveBack();
    }

    expect(await administrate("SELECT 1 FROM events WHERE payload ->> 'agent_id' = $1", [agent])).toEqual([]);
    expect(await administrate("SELECT 1 FROM task_items WHERE title = $1", [`Of ${agent}`])).toEqual([]);
    expect(await sentAt(waiting.id)).toEqual([{ sent_at: null }]);
    expect(await errorsOf(undrained)).toEqual([]);
    expect((await send("/api/events", event)).status).toBe(202);
    await relayEverything();
    await drainEverything();
    for (const name of [unsent, undrained, agent])
      expect(await errorsOf(name)).toMatchObject([{ errors: 1 }]);
    expect(await administrate("SELECT * FROM dead_letters")).toEqual([]);
    expect(await administrate("SELECT * FROM deliveries")).toEqual([]);
  });
});

test("health says when the role may record no events, which other tables do not show", async () => {
  await administrate("REVOKE INSERT ON events FROM brain_app");
  try {
    expect((await send("/api/events", agentError(randomUUID()))).status).toBe(503);
    const { status, body } = await send("/api/health");
    expect(status).toBe(503);
    expect(body.reasons).toEqual([
      expect.stringMatching(/^The role of NEON_DATABASE_URL may not insert into the table events/),
    ]);
  } finally {
    await administrate("GRANT INSERT ON events TO brain_app");
  }
  expect((await send("/api/health")).status).toBe(200);
});

/**
 * The file of an empty table becomes `/dev/full`, which every byte is too much for: what Postgres meets is a disk that is
 * full.
 */
async function fillDiskUnder(table: string): Promise<() => Promise<void>> {
  await administrate(`TRUNCATE ${table}`);
  const [row] = await administrate<{ path: string }>("SELECT pg_relation_filepath($1) AS path", [table]);
  const file = join(dataDir, "postgres", row?.path ?? "");
  const { uid, gid, size } = await stat(file);
  expect(size).toBe(0);
  await rename(file, `${file}.kept`);
  await symlink("/dev/full", file);
  await endIdleConnections();
  return async () => {
    await rm(file);
    await rename(`${file}.kept`, file);
    await chown(file, uid, gid);
    await endIdleConnections();
  };
}

describe("while the disk of Postgres is full", () => {
  test("a publish is refused kindly, and neither the event nor the change that it belongs to is stored", async () => {
    const giveBack = await fillDiskUnder("events");
    const event = agentError(randomUUID());
    logs.length = 0;
    try {
      expectKindRefusal(await send("/api/events", event));
      expectKindRefusal(await send("/api/events/batch", [event]));
      expectKindRefusal(await send("/api/tasks", { title: `Of ${event.id}` }));
      expect(logs.join("\n")).toContain("Postgres: its disk is full (SQLSTATE 53100).");
    } finally {
      await giveBack();
    }
    expect(await administrate("SELECT 1 FROM task_items WHERE title = $1", [`Of ${event.id}`])).toEqual([]);
    expect((await send("/api/events", event)).status).toBe(202);
    expect(await sentAt(event.id)).toEqual([{ sent_at: null }]);
    await relayEverything();
    await drainEverything();
    expect(await errorsOf(event.payload.agent_id)).toMatchObject([{ errors: 1 }]);
  });

  /** Two events, drained more often than either may be tried, each time when its retry is long due. @returns why the drains stopped */
  async function drainInVain(agent: string): Promise<Set<string | null>> {
    const stops = new Set<string | null>();
    for (const event of [agentOnline(agent), agentError(agent)]) {
      expect((await send("/api/events", event)).status).toBe(202);
    }
    await relayEverything();
    for (let tries = 0; tries < 12; tries += 1) {
      stops.add(await drainAgents());
      laterMs += 3_600_000;
    }
    return stops;
  }

  test.each([
    ["claims", "processed_events"],
    ["effects", "agents"],
  ])("no event is given up because its %s find no room", async (_what, table) => {
    const agent = randomUUID();
    const giveBack = await fillDiskUnder(table);
    try {
      expect([...(await drainInVain(agent))]).toEqual([expect.stringContaining("SQLSTATE 53100")]);
    } finally {
      await giveBack();
    }
    expect(await administrate("SELECT * FROM dead_letters")).toEqual([]);
    expect(await administrate("SELECT * FROM deliveries")).toEqual([]);
    await drainEverything();
    expect(await errorsOf(agent)).toEqual([{ errors: 1, status: "online" }]);
  });

  test("control: one whose statement asks for more than is allowed is given up", async () => {
    await administrate(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'too much' USING ERRCODE = 'configuration_limit_exceeded'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON agents EXECUTE FUNCTION refuse()`);
    await drainInVain(randomUUID());
    expect(await administrate("SELECT event_type, attempts FROM dead_letters ORDER BY event_type")).toEqual([
      { event_type: "agent.error", attempts: 5 },
      { event_type: "agent.online", attempts: 5 },
    ]);
  });
});
