import { describe, expect, test } from "vitest";
import type { PlanContent, PlanStep } from "./plan.ts";
import { diffPlans, kindOf, maxChanges } from "./plan-diff.ts";

const step: PlanStep = {
  action: "dns.create_zone",
  provider: "dns.hetzner",
  resource: "zone:example.org",
  params: { ttl: 300, records: [{ name: "www" }] },
  idempotency_key: "zone-1",
  constraints: {},
  budget_cents: 500,
  step_id: "zone",
  description: null,
};
const plan: PlanContent = {
  tenant_id: "tenant_a",
  intent_summary: "Try it",
  labels: { module: "dns" },
  steps: [step],
};

describe("the difference of two plans", () => {
  test("is empty for the same plan, whatever the order of its members", () => {
    const same = { ...plan, steps: [{ ...step, params: { records: [{ name: "www" }], ttl: 300 } }] };
    expect(diffPlans(plan, same)).toEqual({ changes: [], count: 0 });
  });

  test("names each field by its path", () => {
    const now = {
      ...plan,
      intent_summary: "Try it again",
      steps: [{ ...step, budget_cents: 900, params: { ttl: 60, records: [] }, constraints: { env: "prod" } }],
    };
    expect(diffPlans(plan, now).changes).toEqual([
      { step: null, field: "intent_summary", before: "Try it", now: "Try it again" },
      { step: "zone", field: "budget_cents", before: 500, now: 900 },
      { step: "zone", field: "constraints.env", before: null, now: "prod" },
      { step: "zone", field: "params.records", before: [{ name: "www" }], now: [] },
      { step: "zone", field: "params.ttl", before: 300, now: 60 },
    ]);
  });

  test("tells a step that is new and one that is gone, also when others moved", () => {
    const added = { ...step, step_id: "delete", action: "dns.delete_zone" };
    const { changes } = diffPlans(plan, { ...plan, steps: [added, step] });
    expect(changes).toEqual([
      {
        step: "delete",
        field: "",
        before: null,
        now: expect.objectContaining({ action: "dns.delete_zone" }),
      },
    ]);
    expect(diffPlans({ ...plan, steps: [added, step] }, plan).changes).toMatchObject([
      { step: "delete", field: "", now: null },
    ]);
  });

  test("compares steps without ids by their position", () => {
    const nameless = { ...step, step_id: null };
    const { changes } = diffPlans(
      { ...plan, steps: [nameless] },
      { ...plan, steps: [{ ...nameless, resource: "zone:example.net" }] },
    );
    expect(changes).toEqual([
      { step: "0", field: "resource", before: "zone:example.org", now: "zone:example.net" },
    ]);
  });

  test("takes members by names that objects have of themselves as members", () => {
    const params = JSON.parse('{"constructor":"x"}');
    const { changes } = diffPlans(
      { ...plan, steps: [{ ...step, params: {} }] },
      { ...plan, steps: [{ ...step, params }] },
    );
    expect(changes).toEqual([{ step: "zone", field: "params.constructor", before: null, now: "x" }]);
  });

  test("is bounded, and tells how much there is", () => {
    const many = Object.fromEntries(Array.from({ length: maxChanges + 7 }, (_, n) => [`p${n}`, n]));
    const { changes, count } = diffPlans(
      { ...plan, steps: [{ ...step, params: {} }] },
      { ...plan, steps: [{ ...step, params: many }] },
    );
    expect([changes.length, count]).toEqual([maxChanges, maxChanges + 7]);
  });
});

describe("the kind of a plan", () => {
  test("is that of its labels, whatever else it says", async () => {
    const other = { ...plan, intent_summary: "Something else", steps: [] };
    expect(await kindOf(other)).toBe(await kindOf(plan));
    expect(await kindOf({ ...plan, labels: { module: "other" } })).not.toBe(await kindOf(plan));
  });

  test("without labels is that of its intent, and without one that of its first step", async () => {
    const bare = { ...plan, labels: {} };
    expect(await kindOf({ ...bare, steps: [] })).toBe(await kindOf(bare));
    expect(await kindOf({ ...bare, intent_summary: "Other" })).not.toBe(await kindOf(bare));
    const silent = { ...bare, intent_summary: null };
    expect(await kindOf({ ...silent, steps: [step, step] })).toBe(await kindOf(silent));
    expect(await kindOf({ ...silent, steps: [{ ...step, resource: "zone:other" }] })).not.toBe(
      await kindOf(silent),
    );
  });
});
