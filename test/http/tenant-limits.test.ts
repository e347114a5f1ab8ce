import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../engine.ts";
import { waitFor } from "../wait-for.ts";
import { expectErrorShape } from "./refusal.ts";
import { healthReport } from "./sample-events.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
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
