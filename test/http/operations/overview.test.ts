import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { recorded } from "../../recorded.ts";
import { expectErrorShape, issuePaths } from "../refusal.ts";

/* `GET /api/overview` for an operator of all tenants, and for one of a single tenant. */

let engine: TestEngine;
const keys = new Map<string, string>();
const send = (who: string, path: string) =>
  engine.request("GET", path, undefined, { authorization: `Bearer ${keys.get(who)}` });

const makeKey = async (who: string, body: object) => {
  const made = await engine.request("POST", "/api/keys", { name: who, ...body });
  expect(made.status, made.text).toBe(201);
  keys.set(who, made.body.key);
};
const count = async (rows: string): Promise<number> =>
  (await engine.sql<{ count: number }>(`SELECT count(*)::integer AS count FROM ${rows}`))[0]?.count ?? -1;

beforeAll(async () => {
  engine = await createTestEngine();
  await makeKey("all", { scopes: ["operations:read", "events:publish"] });
  for (const tenant of ["acme", "zenith"])
    await makeKey(tenant, { scopes: ["operations:read", "events:publish:system"], tenant_id: tenant });
  await makeKey("reader", { scopes: ["events:read"] });
  for (const [who, events] of [
    ["acme", 3],
    ["zenith", 1],
  ] as const) {
    const body = Array.from({ length: events }, () => ({
      type: "system.health",
      source: "test",
      payload: { component: "relay", status: "ok" },
    }));
    const sent = await engine.request("POST", "/api/events/batch", body, {
      authorization: `Bearer ${keys.get(who)}`,
    });
    expect(sent.status, sent.text).toBe(202);
  }
  const online = await engine.request(
    "POST",
    "/api/events",
    { type: "agent.online", source: "test", payload: { agent_id: "a-1" } },
    { authorization: `Bearer ${keys.get("all")}` },
  );
  expect(online.status, online.text).toBe(202);
  await engine.sql(`
    INSERT INTO dead_letters (subscriber_name, stream_name, stream_message_id, tenant_id, reason, error_class, error_message,
      attempts, first_failed_at, last_failed_at)
    SELECT 'agents', 's', n || '-1', CASE WHEN n < 5 THEN 'acme' END, 'permanent', 'E', 'm', 1, now(), now()
    FROM generate_series(1, 6) n`);
  await engine.sql(`
    INSERT INTO alerts (kind, subject, severity, message, tenant_id) VALUES
      ('a', '1', 'high', 'm', 'acme'), ('a', '2', 'critical', 'm', NULL), ('a', '3', 'warning', 'm', 'zenith')`);
});
afterAll(() => engine?.cleanup());

describe("an operator of all tenants", () => {
  test("sees what waits and what moved", async () => {
    const waiting = await send("all", "/api/overview");
    expect(waiting.status, waiting.text).toBe(200);
    expect(waiting.body).toMatchObject({
      window: "1h",
      health: { status: "healthy" },
      relay: { backlog: await count(`${recorded} WHERE sent_at IS NULL`) },
      dead_letters: { open: 6, new_in_window: 6 },
      alerts: { warning: 1, high: 1, critical: 1 },
    });
    await engine.settle();
    const { body } = await send("all", "/api/overview?window=15m");
    expect(body.traffic.totals.published).toBe(await count(`${recorded} WHERE sent_at IS NOT NULL`));
    const line = body.consumers.find((one: { subscriber: string }) => one.subscriber === "agents");
    expect(line.in_window.applied).toBe(await count("processed_events WHERE subscriber_name = 'agents'"));
    expect(line.in_window.applied).toBe(1);
    const health = await engine.request("GET", "/api/health");
    expect(body.health).toEqual({ ...health.body, timestamp: expect.any(String) });
    const listed = await send("all", "/api/consumers");
    const subscribers = new Set(listed.body.consumers.map((one: { subscriber: string }) => one.subscriber));
    expect(body.consumers.map((one: { subscriber: string }) => one.subscriber)).toEqual([...subscribers]);
  });
});

describe("an operator of one tenant", () => {
  test("sees what waits for that tenant, and nothing that is counted of all", async () => {
    const seen = await send("acme", "/api/overview?window=24h");
    expect(seen.status, seen.text).toBe(200);
    expect(seen.body).toMatchObject({
      window: "24h",
      health: { status: "healthy" },
      alerts: { warning: 0, high: 1, critical: 0 },
      dead_letters: { open: 4, new_in_window: 4 },
      ...{ traffic: null, critical_time: null, consumers: null, cron: null },
    });
    const other = await send("zenith", "/api/overview");
    expect(other.body).toMatchObject({
      alerts: { warning: 1, high: 0, critical: 0 },
      dead_letters: { open: 0 },
    });
  });

  test("counts its own events that wait for the relay", async () => {
    await engine.request(
      "POST",
      "/api/events",
      { type: "system.health", source: "test", payload: { component: "relay", status: "ok" } },
      { authorization: `Bearer ${keys.get("zenith")}` },
    );
    const backlog = async (who: string) => (await send(who, "/api/overview")).body.relay.backlog;
    expect([await backlog("zenith"), await backlog("acme")]).toEqual([1, 0]);
    expect(await backlog("all")).toBe(await count(`${recorded} WHERE sent_at IS NULL`));
  });
});

test.each(["window=2h", "window=", "from=now"])("%s is refused", async (query) => {
  const reply = await send("all", `/api/overview?${query}`);
  expectErrorShape(reply, 422, "validation_failed");
  expect(issuePaths(reply)).toEqual([query.startsWith("window") ? "window" : ""]);
});

test("who may only read events is refused", async () => {
  expectErrorShape(await send("reader", "/api/overview"), 403, "forbidden");
});
