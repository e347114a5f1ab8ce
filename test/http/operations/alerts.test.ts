import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Alert, raiseAlert, resolveAlert } from "../../../src/engine/alerts/alerts.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { expectErrorShape } from "../refusal.ts";
import { createSurface, type Surface } from "../surface.ts";

let surface: Surface;
let engine: TestEngine;
beforeAll(async () => {
  surface = await createSurface();
  engine = await createTestEngine();
});
afterAll(async () => {
  await surface?.cleanup();
  await engine?.cleanup();
});

describe("GET /api/alerts", () => {
  test("lists what is open, newest first, and everything when asked", async () => {
    const invocation = surface.open();
    const alert = { severity: "warning", message: "m" } as const;
    for (const subject of ["a:0", "b:0", "c:0"]) {
      await raiseAlert(invocation, { ...alert, kind: "missing_tick", subject });
    }
    expect(await raiseAlert(invocation, { ...alert, kind: "missing_tick", subject: "c:0" })).toBe(false);
    expect(await resolveAlert(invocation, "missing_tick", "b:0")).toBe(true);
    expect(await resolveAlert(invocation, "missing_tick", "b:0")).toBe(false);

    const open = await surface.send("/api/alerts");
    expect(open.body).toMatchObject({
      alerts: [
        {
          subject: "c:0",
          kind: "missing_tick",
          severity: "warning",
          message: "m",
          count: 2,
          resolved_at: null,
        },
        { subject: "a:0", count: 1 },
      ],
      next_cursor: null,
    });
    const first = await surface.send("/api/alerts?status=all&limit=2");
    expect(first.body.alerts).toMatchObject([{ subject: "c:0" }, { subject: "b:0" }]);
    expect(first.body.alerts[1].resolved_at).not.toBeNull();
    const second = await surface.send(`/api/alerts?status=all&limit=2&cursor=${first.body.next_cursor}`);
    expect(second.body).toMatchObject({ alerts: [{ subject: "a:0" }], next_cursor: null });
  });

  test.each(["status=closed", "limit=0", "limit=501", "cursor=x", "state=x", "severity=x", "kinds=x"])(
    "refuses ?%s",
    async (query) => {
      expect((await surface.send(`/api/alerts?${query}`)).status).toBe(422);
    },
  );
});

const about = (subject: string, more: Partial<Alert> = {}): Alert => ({
  kind: "work_failing",
  subject,
  severity: "warning",
  message: "What was seen, and what to do.",
  ...more,
});

async function raised(subject: string, more: Partial<Alert> = {}): Promise<{ id: string; isNew: boolean }> {
  const isNew = await raiseAlert(surface.open(), about(subject, more));
  const { body } = await surface.send(`/api/alerts?status=all&subject=${encodeURIComponent(subject)}`);
  return { id: body.alerts[0].id, isNew };
}

describe("an alert", () => {
  test("is acknowledged, closed and opened again; it tells who did what, and the audit does, too", async () => {
    const { id } = await raised("job:first", { eventIds: ["e1", "e2"] });
    const fresh = await surface.send(`/api/alerts/${id}`);
    expect(fresh.body).toMatchObject({
      id,
      state: "open",
      tenant_id: null,
      event_ids: ["e1", "e2"],
      reopens: null,
      actions: [],
    });
    const by = { "x-actor-id": "user:7" };
    const acknowledged = await surface.post(`/api/alerts/${id}/acknowledge`, { note: "I look" }, by);
    expect(acknowledged).toMatchObject({ status: 200, body: { state: "acknowledged", resolved_at: null } });
    // It is seen again meanwhile, which changes nothing of who looks after it.
    expect(await raised("job:first", { eventIds: ["e2", "e3"] })).toEqual({ id, isNew: false });
    expect((await surface.send(`/api/alerts/${id}`)).body).toMatchObject({
      state: "acknowledged",
      count: 2,
      event_ids: ["e1", "e2", "e3"],
    });
    expectErrorShape(await surface.post(`/api/alerts/${id}/acknowledge`, {}), 409, "conflict");

    const closed = await surface.post(`/api/alerts/${id}/close`, { reason: "mended" }, by);
    expect(closed.body).toMatchObject({
      state: "closed",
      actions: [
        { action: "acknowledged", actor_id: "user:7", note: "I look" },
        { action: "closed", actor_id: "user:7", note: "mended" },
      ],
    });
    expect(closed.body.resolved_at).not.toBeNull();
    expectErrorShape(await surface.post(`/api/alerts/${id}/close`, { reason: "again" }), 409, "conflict");

    const again = await raised("job:first");
    expect(again.isNew).toBe(true);
    const { body } = await surface.send(`/api/alerts/${again.id}`);
    expect(body).toMatchObject({ state: "reopened", reopens: id, count: 1, actions: [] });
    expect((await surface.send(`/api/alerts/${id}`)).body.state).toBe("closed");

    const audit = await surface.send("/api/operator-actions?action=alert.closed");
    expect(audit.body.operator_actions).toMatchObject([
      { actor_id: "user:7", reason: "mended", filter: { alert: id, subject: "job:first" } },
    ]);
  });

  test("that gets worse wants somebody again, also when it was acknowledged", async () => {
    const { id } = await raised("job:worse");
    await surface.post(`/api/alerts/${id}/acknowledge`, {});
    await raised("job:worse", { severity: "critical" });
    expect((await surface.send(`/api/alerts/${id}`)).body).toMatchObject({
      state: "reopened",
      severity: "critical",
    });
    await surface.post(`/api/alerts/${id}/acknowledge`, {});
    await raised("job:worse", { severity: "warning" });
    expect((await surface.send(`/api/alerts/${id}`)).body.state).toBe("acknowledged");
  });

  test("names twenty events at most, the newest", async () => {
    const ids = Array.from({ length: 30 }, (_, number) => `n${number}`);
    await raised("job:many", { eventIds: ids });
    const { id } = await raised("job:many", { eventIds: ["last"] });
    const { event_ids: named } = (await surface.send(`/api/alerts/${id}`)).body;
    expect(named).toHaveLength(20);
    expect(named.at(-1)).toBe("last");
  });

  test("that several see at once, when it has ended, is one", async () => {
    await raised("job:race");
    await resolveAlert(surface.open(), "work_failing", "job:race");
    const isNew = await Promise.all(
      Array.from({ length: 8 }, () => raiseAlert(surface.open(), about("job:race"))),
    );
    expect(isNew.filter(Boolean)).toHaveLength(1);
    const { body } = await surface.send("/api/alerts?subject=job:race");
    expect(body.alerts).toMatchObject([{ state: "reopened", count: 8 }]);
  });

  test("of a worker of the release before fits among the others", async () => {
    const raise = `
      INSERT INTO alerts AS a (kind, subject, severity, message) VALUES ('work_failing', 'job:before', 'critical', 'm')
      ON CONFLICT (kind, subject) WHERE resolved_at IS NULL DO UPDATE SET
        severity = excluded.severity, message = excluded.message, count = a.count + 1, last_seen_at = now()
      RETURNING subject, count = 1 AS is_new`;
    expect(await surface.sql(raise)).toEqual([{ subject: "job:before", is_new: true }]);
    expect((await raised("job:before")).isNew).toBe(false);
    await surface.sql(
      "UPDATE alerts SET resolved_at = now() WHERE subject = 'job:before' AND resolved_at IS NULL",
    );
    const { body } = await surface.send("/api/alerts?state=closed&subject=job:before");
    expect(body.alerts).toMatchObject([{ state: "closed", count: 2, tenant_id: null }]);
    // Its purge, which knows nothing of actions.
    const [{ id }] = body.alerts;
    await surface.sql(`INSERT INTO alert_actions (alert_id, action) VALUES (${id}, 'closed')`);
    await surface.sql(`DELETE FROM alerts WHERE id = ${id}`);
    expect(await surface.sql(`SELECT FROM alert_actions WHERE alert_id = ${id}`)).toEqual([]);
  });

  test("is found by what it is", async () => {
    await raised("job:found", { severity: "high" });
    for (const query of ["severity=high", "kind=work_failing&state=open", "subject=job:found"]) {
      const { body } = await surface.send(`/api/alerts?${query}`);
      expect(body.alerts.map(({ subject }: { subject: string }) => subject)).toContain("job:found");
    }
    const { body } = await surface.send("/api/alerts?severity=high&kind=brake_open");
    expect(body.alerts).toEqual([]);
  });

  test.each([
    ["GET", "", undefined],
    ["POST", "/acknowledge", {}],
    ["POST", "/close", { reason: "none there" }],
  ])("that is not there: %s %s", async (method, rest, body) => {
    const answer = await surface.send(`/api/alerts/999999${rest}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    expectErrorShape(answer, 404, "not_found");
  });
});

describe("two tenants", () => {
  test("each see and change their own alerts alone, and nobody but all the system's", async () => {
    const keyOf = async (tenantId: string) => {
      const scopes = ["operations:read", "operate"];
      const reply = await engine.request("POST", "/api/keys", {
        name: "a test",
        scopes,
        tenant_id: tenantId,
      });
      return { authorization: `Bearer ${reply.body.key}` };
    };
    const [acme, globex] = [await keyOf("acme"), await keyOf("globex")];
    const invocation = engine.open();
    await raiseAlert(invocation, about("system", {}));
    await raiseAlert(invocation, about("theirs:acme", { tenantId: "acme" }));
    const subjects = async (headers: Record<string, string>) =>
      (await engine.request("GET", "/api/alerts", undefined, headers)).body.alerts.map(
        ({ subject }: { subject: string }) => subject,
      );
    expect(await subjects(acme)).toEqual(["theirs:acme"]);
    expect(await subjects(globex)).toEqual([]);
    const all = (await engine.request("GET", "/api/alerts")).body.alerts;
    expect(all).toHaveLength(2);
    const [own, systems] = all.map(({ id }: { id: string }) => id);
    for (const [id, headers] of [
      [own, globex],
      [systems, acme],
    ] as const) {
      const close = { reason: "not mine" };
      expectErrorShape(
        await engine.request("GET", `/api/alerts/${id}`, undefined, headers),
        404,
        "not_found",
      );
      expectErrorShape(
        await engine.request("POST", `/api/alerts/${id}/close`, close, headers),
        404,
        "not_found",
      );
    }
    const done = await engine.request("POST", `/api/alerts/${own}/acknowledge`, {}, acme);
    expect(done.body, done.text).toMatchObject({ state: "acknowledged", tenant_id: "acme" });
    const closed = await engine.request("POST", `/api/alerts/${own}/close`, { reason: "mine" }, acme);
    expect(closed.body.actions).toHaveLength(2);
    const audit = await engine.sql("SELECT tenant_id FROM operator_actions WHERE action LIKE 'alert.%'");
    expect(audit).toEqual([{ tenant_id: "acme" }, { tenant_id: "acme" }]);
  });
});
