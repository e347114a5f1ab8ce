import { namedLock, ownEventsPerMinute, runJanitor } from "@brain/engine";
import { sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { waitFor } from "../../wait-for.ts";
import { expectErrorShape } from "../refusal.ts";
import { healthReport } from "../sample-events.ts";

let engine: TestEngine;
/** The clock of the isolate goes before that of the machine by this. */
let aheadMs = 0;
beforeAll(async () => {
  engine = await createTestEngine({}, { now: () => Date.now() + aheadMs });
});
afterAll(() => engine?.cleanup());

const keyOf = async (tenant: string) => {
  const made = await engine.request("POST", "/api/keys", {
    name: tenant,
    tenant_id: tenant,
    scopes: ["events:publish"],
  });
  return { authorization: `Bearer ${made.body.key}` };
};
const publish = (headers: Readonly<Record<string, string>>) =>
  engine.request("POST", "/api/events", healthReport({ note: "a test" }), headers);

test("a tenant's own number of events a minute holds for it, and for nobody else", async () => {
  const [small, other] = [await keyOf("small"), await keyOf("other")];
  const set = await engine.request("PUT", "/api/tenants/small/limits", {
    weight: 2,
    events_per_minute: 3,
    reason: "for a test",
  });
  expect(set.status, set.text).toBe(200);
  // What is set is read behind a request.
  await waitFor(
    "the limit of the tenant",
    () => publish(small),
    ({ status }) => status === 429,
  );
  const refused = await publish(small);
  expectErrorShape(refused, 429, "too_many_requests");
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(refused.headers.get("ratelimit-policy")).toContain('"events"');
  for (let n = 0; n < 5; n += 1) expect((await publish(other)).status).toBe(202);
  const listed = await engine.request("GET", "/api/tenants");
  expect(listed.body.tenants).toContainEqual(
    expect.objectContaining({ tenant_id: "small", weight: 2, events_per_minute: 3 }),
  );
  const audit = await engine.request("GET", "/api/operator-actions?action=tenant.limited");
  expect(audit.body.operator_actions[0].filter).toMatchObject({ tenant_id: "small", events_per_minute: 3 });
});

test("a tenant that keeps more rows than it may hands in none, until it keeps less; others go on", async () => {
  const [full, other] = [await keyOf("full"), await keyOf("other")];
  for (let n = 0; n < 3; n += 1) expect((await publish(full)).status).toBe(202);
  const limited = (rows: number | null) =>
    engine.request("PUT", "/api/tenants/full/limits", { rows, reason: "for a test" });
  const counted = async () => {
    expect((await runJanitor(engine.open(), Date.now() + 20_000)).purge?.error).toBeNull();
    const { body } = await engine.request("GET", "/api/tenants");
    return body.tenants.find((state: { tenant_id: string }) => state.tenant_id === "full").rows_kept;
  };
  // Three events and its key.
  expect((await limited(4)).status).toBe(200);
  expect(await counted()).toBe(4);
  expect((await publish(full)).status).toBe(202);
  expect(await counted()).toBe(5);
  // What was counted is read by an isolate behind a request, once a minute; another isolate begins with it.
  aheadMs += 60_000;
  await waitFor(
    "the isolate knows",
    () => publish(full),
    ({ status }) => status === 429,
  );
  const refused = await publish(full);
  expectErrorShape(refused, 429, "too_many_requests");
  expect(refused.body.error.details).toEqual([
    { path: "rows", message: "received 5 or more, expected at most 4" },
  ]);
  expect((await publish(other)).status).toBe(202);
  expect((await limited(null)).status).toBe(200);
  aheadMs += 60_000;
  await waitFor(
    "the isolate knows",
    () => publish(full),
    ({ status }) => status === 202,
  );
});

test("a tenant has no more missions at once than it may: the next is refused, and nothing of it is stored", async () => {
  const asTenant = async (tenant_id: string) => {
    const made = await engine.request("POST", "/api/keys", {
      name: "m",
      tenant_id,
      scopes: ["missions:write"],
    });
    const headers = { authorization: `Bearer ${made.body.key}` };
    return (path: string, body: object = {}) => engine.request("POST", `/api/missions${path}`, body, headers);
  };
  const [busy, other] = [await asTenant("busy"), await asTenant("other")];
  const missions = 2;
  await engine.request("PUT", "/api/tenants/busy/limits", { missions, reason: "for a test" });
  const first = await busy("", { name: "first" });
  expect(first.status, first.text).toBe(201);
  expect((await busy("/enqueue", { type: "echo" })).status).toBe(202);
  const counts = () =>
    engine.sql(`SELECT (SELECT count(*) FROM missions) AS missions, (SELECT count(*) FROM mission_log) AS lines,
      (SELECT count(*) FROM events WHERE type LIKE 'mission.%') AS events`);
  const before = await counts();
  const named = { name: "named", tenant_id: "busy" };
  for (const one of [
    await busy("", { name: "one too many" }),
    await busy("/enqueue", { type: "echo" }),
    // Also by a credential for all tenants.
    await engine.request("POST", "/api/missions", named),
  ]) {
    expectErrorShape(one, 429, "too_many_requests");
    expect(one.body.error.details).toEqual([
      { path: "missions", message: "received one more, expected at most 2" },
    ]);
  }
  expect(await counts()).toEqual(before);
  // Of a template's missions all are stored or none.
  const steps = [1, 2].map((order) => ({ order, action: "echo", config: {} }));
  const template = await busy("/templates", { name: "two steps", steps });
  expect((await busy(`/templates/${template.body.id}/instantiate`)).status).toBe(429);
  expect((await other("", { name: "of another" })).status).toBe(201);
  expect((await busy(`/${first.body.id}/cancel`)).status).toBe(200);
  expect((await busy(`/templates/${template.body.id}/instantiate`)).status).toBe(429);
  expect((await busy("", { name: "in its place" })).status).toBe(201);
});

test("several missions at once are not more than the tenant may have", async () => {
  await engine.request("PUT", "/api/tenants/crowd/limits", { missions: 4, reason: "for a test" });
  const add = (tenant_id: string) => engine.request("POST", "/api/missions", { name: "one", tenant_id });
  expect((await add("crowd")).status).toBe(201);
  // A transaction that has counted, stores one more and does not end yet.
  const client = new pg.Client({ connectionString: engine.sandbox.databaseUrl });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query("BEGIN");
  await client.query(`INSERT INTO missions OVERRIDING SYSTEM VALUE
    SELECT (jsonb_populate_record(m, jsonb_build_object('id', gen_random_uuid(), 'place', m.place + 1000))).* FROM missions m WHERE tenant_id = 'crowd'`);
  const lock = new PgDialect().sqlToQuery(sql`${namedLock("missions", "crowd")}`);
  const counted = await client.query(`SELECT missions_open('crowd', 4, ${lock.sql}) AS open`, lock.params);
  expect(counted.rows).toEqual([{ open: "2" }]);
  const others = Array.from({ length: 6 }, () => add("crowd"));
  await waitFor(
    "a request that waits for it",
    () => engine.sql("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"),
    (waiting) => waiting.length > 0,
  );
  // Nobody of another tenant waits.
  expect((await add("other")).status).toBe(201);
  await client.query("COMMIT");
  const statuses = (await Promise.all(others)).map(({ status }) => status).sort();
  expect(statuses).toEqual([201, 201, 429, 429, 429, 429]);
  expect(await engine.sql("SELECT FROM missions WHERE tenant_id = 'crowd'")).toHaveLength(4);
});

test("what waits is counted for each tenant", async () => {
  const [one, two] = [await keyOf("one"), await keyOf("two")];
  for (const headers of [one, one, one, two]) expect((await publish(headers)).status).toBe(202);
  const waiting = async () => {
    const { body } = await engine.request("GET", "/api/tenants");
    const of = (tenant: string) =>
      body.tenants.find((state: { tenant_id: string }) => state.tenant_id === tenant);
    return [of("one"), of("two")];
  };
  expect(await waiting()).toMatchObject([{ unsent: 3 }, { unsent: 1 }]);
  await engine.settle();
  expect(await waiting()).toEqual([undefined, undefined]);
});

test.each([
  [{ reason: "for a test", weight: 0 }, "weight"],
  [{ reason: "for a test", events_per_minute: 0 }, "events_per_minute"],
  [{ weight: 1 }, "reason"],
])("limits are not made of %j", async (body, path) => {
  const reply = await engine.request("PUT", "/api/tenants/one/limits", body);
  expectErrorShape(reply, 422, "validation_failed");
  expect(reply.body.error.details[0].path).toBe(path);
});

test("limits are read again when the host ended a reading half-way, and when the clock was set back", async () => {
  let nowMs = Date.now();
  let reads = 0;
  const work: Promise<unknown>[] = [];
  const own = engine.open();
  const hangs = { ...own.db, rows: () => Promise.race<never>([]) };
  const ask = (db: typeof own.db) => {
    const counted: typeof db = {
      ...db,
      rows: <Row>(statement: Parameters<typeof db.rows>[0]) => {
        reads += 1;
        return db.rows<Row>(statement);
      },
    };
    const invocation = { ...own, db: counted, scope: "half-way", now: () => nowMs };
    return ownEventsPerMinute(invocation, "nobody", (reading) => void work.push(reading));
  };
  ask(hangs);
  ask(own.db);
  expect(reads).toBe(1);
  nowMs += 60_000;
  ask(own.db);
  expect(reads).toBe(2);
  await work.at(-1);
  ask(own.db);
  expect(reads).toBe(2);
  nowMs -= 3_600_000;
  ask(own.db);
  expect(reads).toBe(3);
  await work.at(-1);
});
