import { describe, expect, test } from "vitest";
import { readIr } from "./plan/model.ts";
import type { IrGovernanceSettings } from "./settings.ts";
import {
  type ApprovalState,
  budgetOf,
  decideGate,
  decideUse,
  decideValidation,
  decideWithoutPlan,
  highRiskSteps,
  refuseConsumed,
  statusAt,
  type UseRequest,
} from "./state.ts";

const step = (action: string, changes: Record<string, unknown> = {}) => ({
  action,
  provider: "course_factory.v1",
  resource: "course:demo",
  idempotency_key: `key-${action}`,
  ...changes,
});
const read = (...steps: unknown[]) => readIr({ tenant_id: "tenant_a", steps });
const standard = { approvalTier: 2, alwaysApprove: false };

describe("the verdict on a plan", () => {
  test("given only harmless steps: PASS with the highest of their tiers", () => {
    expect(decideValidation(read(step("course.create")), standard)).toMatchObject({
      status: "PASS",
      riskTier: 0,
    });
    const plan = read(step("course.create"), step("course.deploy_staging"));
    expect(decideValidation(plan, standard)).toMatchObject({
      status: "PASS",
      riskTier: 1,
      requiresApproval: false,
      violations: [],
    });
  });

  test("given one step of tier 2 or 3: ESCALATE, naming the steps", () => {
    const plan = read(step("course.create"), step("dns.create_zone"), step("infra.destroy"));
    const verdict = decideValidation(plan, standard);
    expect(verdict).toMatchObject({
      status: "ESCALATE",
      riskTier: 3,
      requiresApproval: true,
      violations: [],
    });
    expect(highRiskSteps(plan.content?.steps ?? [], verdict.risks)).toMatchObject([
      { step_index: 1, action: "dns.create_zone", risk_tier: 2 },
      { step_index: 2, action: "infra.destroy", risk_tier: 3 },
    ]);
  });

  test("given a violation: REJECT as the worst tier, whatever else holds, and no approval helps", () => {
    const plan = read(step("course.create", { budget_cents: -1 }));
    expect(decideValidation(plan, { approvalTier: 0, alwaysApprove: true })).toMatchObject({
      status: "REJECT",
      riskTier: 3,
      requiresApproval: false,
      violations: [{ code: "NEGATIVE_BUDGET" }],
    });
  });

  test.each([
    ["the caller demands a person", { approvalTier: 2, alwaysApprove: true }],
    ["the settings demand one from tier 0 on", { approvalTier: 0, alwaysApprove: false }],
  ])("given a harmless plan where %s: ESCALATE at tier 2, and says why", (_name, demand) => {
    expect(decideValidation(read(step("course.create")), demand)).toMatchObject({
      status: "ESCALATE",
      riskTier: 2,
      requiresApproval: true,
      violations: [{ step_index: null, code: "APPROVAL_DEMANDED", severity: "WARNING" }],
    });
  });

  test("given a lower approval tier that the plan does not reach: PASS", () => {
    const demand = { approvalTier: 1, alwaysApprove: false };
    expect(decideValidation(read(step("course.create")), demand).status).toBe("PASS");
    expect(decideValidation(read(step("course.deploy_staging")), demand).status).toBe("ESCALATE");
  });
});

const expiresAt = new Date("2026-11-21T11:00:00.000Z");
const before = new Date("2026-11-21T10:30:00.000Z");
const after = new Date("2026-11-21T11:00:00.001Z");
const approval: ApprovalState = {
  tenantId: "tenant_a",
  irHash: "a".repeat(64),
  hashScheme: "v2",
  status: "pending",
  expiresAt,
  createdBy: "approver",
};
const use: UseRequest = {
  tenantId: "tenant_a",
  hashIn: (scheme) => (scheme === "v2" ? "a".repeat(64) : null),
  users: ["runner"],
  now: before,
};

describe("the use of an approval", () => {
  test("given the right tenant and plan in time, by another person: usable, up to its last millisecond", () => {
    expect(decideUse(approval, use)).toBe("usable");
    expect(decideUse(approval, { ...use, now: expiresAt })).toBe("usable");
    expect(decideUse({ ...approval, createdBy: null }, use)).toBe("usable");
    expect(decideUse(approval, { ...use, users: [] })).toBe("usable");
  });

  test.each<[string, ApprovalState | null, Partial<UseRequest>, string]>([
    ["no such token", null, {}, "token_not_found"],
    ["another tenant", approval, { tenantId: "tenant_b" }, "tenant_mismatch"],
    ["another plan", approval, { hashIn: () => "b".repeat(64) }, "ir_hash_mismatch"],
    ["no hash in its scheme", { ...approval, hashScheme: "v1" }, {}, "ir_hash_mismatch"],
    ["used before", { ...approval, status: "consumed" }, {}, "already_consumed"],
    ["its time over", approval, { now: after }, "expired"],
    ["written down as expired", { ...approval, status: "expired" }, {}, "expired"],
    ["the approver himself", approval, { users: ["runner", "approver"] }, "own_approval"],
    ["whoever named nobody, twice", { ...approval, createdBy: null }, { users: [] }, "own_approval"],
  ])("given %s: refused", (_name, stored, changes, outcome) => {
    expect(decideUse(stored, { ...use, ...changes })).toBe(outcome);
  });

  test.each<[string, ApprovalState, Partial<UseRequest>, string]>([
    ["tenant before plan", approval, { tenantId: "b", hashIn: () => null }, "tenant_mismatch"],
    ["plan before use", { ...approval, status: "consumed" }, { hashIn: () => null }, "ir_hash_mismatch"],
    ["use before time", { ...approval, status: "consumed" }, { now: after }, "already_consumed"],
    ["time before person", approval, { now: after, users: ["approver"] }, "expired"],
  ])("tells the first of several reasons: %s", (_name, stored, changes, outcome) => {
    expect(decideUse(stored, { ...use, ...changes })).toBe(outcome);
  });

  test("given a plan whose hash of the first scheme was approved: usable by that hash", () => {
    const old: ApprovalState = { ...approval, hashScheme: "v1", irHash: "c".repeat(64) };
    expect(decideUse(old, { ...use, hashIn: (scheme) => (scheme === "v1" ? "c" : "a").repeat(64) })).toBe(
      "usable",
    );
  });
});

describe("the status of an approval", () => {
  test("is expired once its time is over, whether that was written down or not", () => {
    expect(statusAt(approval, expiresAt)).toBe("pending");
    expect(statusAt(approval, after)).toBe("expired");
    expect(statusAt({ ...approval, status: "consumed" }, after)).toBe("consumed");
  });
});

describe("an approval that was used before", () => {
  const used: ApprovalState = { ...approval, status: "consumed" };

  test("allows its plan, also after its time", () => {
    expect(refuseConsumed(used, { ...use, now: after })).toBeNull();
  });

  test.each<[string, ApprovalState | null, Partial<UseRequest>]>([
    ["unknown", null, {}],
    ["not used", approval, {}],
    ["expired", { ...approval, status: "expired" }, {}],
    ["another tenant's", used, { tenantId: "tenant_b" }],
    ["for another plan", used, { hashIn: () => "b".repeat(64) }],
    ["for a plan without a hash", used, { hashIn: () => null }],
    ["the actor's own", used, { users: ["approver"] }],
  ])("is refused when it is %s", (_name, stored, changes) => {
    expect(refuseConsumed(stored, { ...use, ...changes })).toEqual(expect.any(String));
  });
});

describe("the gate", () => {
  const settings = (changes: Partial<IrGovernanceSettings> = {}): IrGovernanceSettings => ({
    mode: "opt_in",
    approvalTier: 2,
    maxBudgetCents: null,
    ...changes,
  });
  const ask = (given: IrGovernanceSettings, plan: ReturnType<typeof read>, alwaysApprove = false) => {
    const verdict = decideValidation(plan, { approvalTier: given.approvalTier, alwaysApprove });
    return decideGate(given, { verdict, content: plan.content, alwaysApprove }).kind;
  };
  const harmless = read(step("course.create"));
  const risky = read(step("dns.create_zone"));
  const broken = read(step("course.explode"));

  test.each<[IrGovernanceSettings["mode"], string, string, string]>([
    ["off", "allow", "allow", "allow"],
    ["opt_in", "allow", "ask", "block"],
    ["required", "allow", "ask", "block"],
  ])("in mode %s: PASS %s, ESCALATE %s, REJECT %s", (mode, pass, escalate, reject) => {
    expect([
      ask(settings({ mode }), harmless),
      ask(settings({ mode }), risky),
      ask(settings({ mode }), broken),
    ]).toEqual([pass, escalate, reject]);
  });

  test("asks for a harmless plan when the caller or the settings demand it", () => {
    expect(ask(settings(), harmless, true)).toBe("ask");
    expect(ask(settings({ approvalTier: 0 }), harmless)).toBe("ask");
    expect(ask(settings({ approvalTier: 1 }), harmless)).toBe("allow");
  });

  test("lets tier 2 through when approval begins at 3, but not what the caller demands a person for", () => {
    expect(ask(settings({ approvalTier: 3 }), risky)).toBe("allow");
    expect(ask(settings({ approvalTier: 3 }), risky, true)).toBe("ask");
    expect(ask(settings({ approvalTier: 3 }), read(step("infra.destroy")))).toBe("ask");
  });

  test("blocks a plan over the budget, of any tier, and allows one that just meets it", () => {
    const costly = read(
      step("course.create", { budget_cents: 600 }),
      step("course.generate_quiz", { budget_cents: 401 }),
      step("course.generate_outline"),
    );
    expect(costly.content === null ? 0 : budgetOf(costly.content)).toBe(1_001);
    expect(ask(settings({ maxBudgetCents: 1_000 }), costly)).toBe("block");
    expect(ask(settings({ maxBudgetCents: 1_001 }), costly)).toBe("allow");
    expect(ask(settings({ maxBudgetCents: 0 }), harmless)).toBe("allow");
  });

  test("without a plan: blocks only where one is required", () => {
    expect(decideWithoutPlan("off").kind).toBe("allow");
    expect(decideWithoutPlan("opt_in").kind).toBe("allow");
    expect(decideWithoutPlan("required")).toMatchObject({
      kind: "block",
      reason: expect.stringContaining("required"),
    });
  });
});
