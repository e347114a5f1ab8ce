import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { expectErrorShape } from "../../http/refusal.ts";
import { found, refuse, tamper, watch } from "./fixtures.ts";

describe("windows", () => {
  let engine: TestEngine;
  beforeEach(async () => {
    engine = await createTestEngine();
  });
  afterEach(() => engine?.cleanup());

  test("five refusals within ten minutes are an alert, four are none, nor five within an hour", async () => {
    for (const minute of [0, 12, 24, 36, 48]) await refuse(engine, { minute });
    for (const minute of [100, 101, 102, 103]) await refuse(engine, { minute });
    await watch(engine);
    expect(await found(engine)).toEqual([]);
    await refuse(engine, { minute: 109 });
    await watch(engine);
    expect(await found(engine)).toMatchObject([
      {
        kind: "approvals_refused",
        subject: "tenant:acme",
        severity: "high",
        count: 5,
        first: "11:40",
        last: "11:49",
      },
    ]);
    // Another one in the window counts on.
    await refuse(engine, { minute: 109 });
    await watch(engine);
    expect(await found(engine)).toMatchObject([{ count: 6 }]);
  });

  test("go by when events happened, in whatever order they come", async () => {
    for (const minute of [9, 0, 7, 3]) await refuse(engine, { minute });
    await watch(engine);
    expect(await found(engine)).toEqual([]);
    // It happened first of all, and is told last; the window of the others is full with it.
    await refuse(engine, { minute: 1 });
    await watch(engine);
    expect(await found(engine)).toMatchObject([{ count: 5, first: "10:00", last: "10:09" }]);
  });

  test("are those of a tenant, and of somebody over tenants", async () => {
    for (const tenant of ["acme", "globex", "initech", "umbrella", "hooli"]) {
      await refuse(engine, { tenant, by: "user:7" });
    }
    await watch(engine);
    expect(await found(engine)).toMatchObject([
      { kind: "approvals_refused", subject: "actor:user:7", tenant_id: null, count: 5 },
    ]);
  });

  test("of somebody are no tenant's: what one tells of another's user neither hides nor shows anything", async () => {
    for (const tenant of ["globex", "acme"]) {
      for (const minute of [0, 1, 2, 3, 4]) await refuse(engine, { tenant, by: "user:7", minute });
      await watch(engine);
    }
    expect(await found(engine)).toMatchObject([
      { subject: "actor:user:7", tenant_id: null, count: 10 },
      { subject: "tenant:acme", tenant_id: "acme", count: 5 },
      { subject: "tenant:globex", tenant_id: "globex", count: 5 },
    ]);
  });

  test("tampering and a tenant with another's token are alerts at once", async () => {
    const id = await tamper(engine);
    await refuse(engine, { reason: "tenant_mismatch", by: "user:7" });
    await watch(engine);
    expect(await found(engine)).toMatchObject([
      {
        kind: "approval_tenant_mismatch",
        subject: "acme:user:7",
        severity: "high",
        tenant_id: "acme",
        count: 1,
      },
      { kind: "dag_diff_failed", severity: "critical", tenant_id: "acme", count: 1, event_ids: [id] },
    ]);
  });

  test("are told apart wherever a colon stands in the name of a tenant, and however long it is", async () => {
    const long = ":".repeat(100);
    await refuse(engine, { reason: "tenant_mismatch", tenant: "a", by: "b:c" });
    await refuse(engine, { reason: "tenant_mismatch", tenant: "a:b", by: "c" });
    for (const by of ["c1", "c2"]) await refuse(engine, { reason: "tenant_mismatch", tenant: long, by });
    await watch(engine);
    const alerts = await found(engine);
    expect(alerts.map(({ tenant_id, count }) => [tenant_id, count]).sort()).toEqual(
      [
        ["a", 1],
        ["a:b", 1],
        [long, 1],
        [long, 1],
      ].sort(),
    );
  });

  test("a flood is one alert with its count, and names the newest events", async () => {
    await engine.sql(`
      INSERT INTO security_signs (rule, subject, event_id, tenant_id, occurred_at, batch)
      SELECT 'approvals_refused', 'tenant:acme', 'e' || n, 'acme', '2026-11-20T10:00:00Z'::timestamptz + n * interval '100 ms', gen_random_uuid()
      FROM generate_series(1, 3000) n`);
    await refuse(engine, { minute: 5 });
    await watch(engine);
    const [alert, ...others] = await found(engine);
    expect(others).toEqual([]);
    expect(alert).toMatchObject({ count: 3_001 });
    expect(alert?.event_ids).toHaveLength(20);
  });
});

describe("routes", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await createTestEngine();
    await tamper(engine, "acme");
    await tamper(engine, "globex");
    await watch(engine);
  });
  afterAll(() => engine?.cleanup());

  const root = "/api/security/alerts";

  test("list, acknowledge and close, in the charter's words; a tenant has its own alone", async () => {
    const scopes = ["security_monitoring:read", "security_monitoring:write"];
    const key = await engine.request("POST", "/api/keys", { name: "a test", scopes, tenant_id: "acme" });
    const acme = { authorization: `Bearer ${key.body.key}` };
    const all = await engine.request("GET", root);
    expect(all.body.alerts).toHaveLength(2);
    const own = await engine.request("GET", root, undefined, acme);
    expect(own.body.alerts, own.text).toMatchObject([
      { rule: "dag_diff_failed", severity: "CRITICAL", status: "open", tenant_id: "acme", count: 1 },
    ]);
    const [{ id }] = own.body.alerts;
    const other = all.body.alerts.find(({ tenant_id }: { tenant_id: string }) => tenant_id === "globex");
    expectErrorShape(await engine.request("GET", `${root}/${other.id}`, undefined, acme), 404, "not_found");
    const close = { reason: "not mine" };
    expectErrorShape(
      await engine.request("POST", `${root}/${other.id}/close`, close, acme),
      404,
      "not_found",
    );
    expectErrorShape(
      await engine.request("GET", `${root}?tenant_id=globex`, undefined, acme),
      403,
      "forbidden",
    );

    const acknowledged = await engine.request("POST", `${root}/${id}/acknowledge`, { note: "looking" }, acme);
    expect(acknowledged.body, acknowledged.text).toMatchObject({
      status: "acknowledged",
      actions: [{ note: "looking" }],
    });
    const statusOf = async (status: string) =>
      (await engine.request("GET", `${root}?status=${status}`, undefined, acme)).body.alerts.length;
    expect([await statusOf("open"), await statusOf("acknowledged"), await statusOf("closed")]).toEqual([
      0, 1, 0,
    ]);
    const closed = await engine.request("POST", `${root}/${id}/close`, { reason: "a test of ours" }, acme);
    expect(closed.body).toMatchObject({ status: "closed" });
    expect([await statusOf("open"), await statusOf("acknowledged"), await statusOf("closed")]).toEqual([
      0, 0, 1,
    ]);
  });

  test("are for alerts of security: one of operation is not there", async () => {
    await engine.sql(
      "INSERT INTO alerts (kind, subject, severity, message) VALUES ('missing_tick', 'cron', 'critical', 'm')",
    );
    const { alerts } = (await engine.request("GET", "/api/alerts?kind=missing_tick")).body;
    expectErrorShape(await engine.request("GET", `${root}/${alerts[0].id}`), 404, "not_found");
    expectErrorShape(
      await engine.request("POST", `${root}/${alerts[0].id}/close`, { reason: "wrong" }),
      404,
      "not_found",
    );
  });
});
