import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { irGovernanceGate } from "../../../src/modules/ir_governance/gate.ts";
import type { IrGovernanceSettings } from "../../../src/modules/ir_governance/settings.ts";
import type { GateDecision, GateRequest } from "../../../src/modules/ports/ir-gate.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import {
  approve,
  base,
  consume,
  harmless,
  harmlessStep,
  letExpire,
  planOf,
  recorded,
  recordedTypes,
  risky,
  validate,
} from "./fixtures.ts";

let engine: TestEngine;
beforeEach(async () => {
  engine = await createTestEngine();
});
afterEach(() => engine?.cleanup());

/** Asks the gate as another module does: in its own transaction, under its own name and story. */
function check(
  request: Partial<GateRequest>,
  settings: Partial<IrGovernanceSettings> = {},
): Promise<GateDecision> {
  const gate = irGovernanceGate({ mode: "opt_in", approvalTier: 2, maxBudgetCents: null, ...settings });
  const context = {
    source: "course_factory_service",
    tenant_id: "tenant_a",
    correlation_id: "story-of-the-caller",
  };
  return engine.publish(context, (publish, tx) =>
    gate.check(tx, publish, { ir: risky, proof: null, actorId: "runner", ...request }),
  );
}

const token = (text: string) => ({ proof: { kind: "token", token: text } }) as const;
const used = (approvalId: string) => ({ proof: { kind: "consumed", approval_id: approvalId } }) as const;
const reasonOf = (decision: GateDecision) => (decision.allowed ? null : decision.reason);

describe("the gate, asked by another module", () => {
  test("allows a harmless plan, and tells of it as its own module in the caller's story", async () => {
    const decision = await check({ ir: harmless });
    expect(decision).toMatchObject({ allowed: true, approval: null, validation: { status: "PASS" } });
    const [event] = await recorded(engine);
    expect(event).toMatchObject({
      id: decision.validated_event_id,
      type: "ir.validated_pass",
      source: "ir_governance",
      tenant_id: "tenant_a",
      correlation_id: "story-of-the-caller",
      meta: { producer: "ir_governance", source_module: "ir_governance" },
    });
  });

  test("blocks a risky plan without approval, and the block is recorded so that approval can be asked for", async () => {
    const decision = await check({});
    expect(decision).toMatchObject({ allowed: false, reason: "approval required" });
    const { ir_hash } = decision.validation;
    await approve(engine, ir_hash);
    const created = await recorded(engine, "ir.approval_created");
    expect(created).toMatchObject([
      { correlation_id: "story-of-the-caller", causation_id: decision.validated_event_id },
    ]);
  });

  test("allows it with a token, uses that up, and all of it is one story", async () => {
    const first = await check({});
    const { ir_hash } = first.validation;
    const approval = await approve(engine, ir_hash);
    const context = { source: "x", tenant_id: "tenant_a", correlation_id: "the-retry" };
    const gate = irGovernanceGate({ mode: "opt_in", approvalTier: 2, maxBudgetCents: null });
    const second = await engine.publish(context, (publish, tx) =>
      gate.check(tx, publish, { ir: risky, ...token(approval.token), actorId: "runner" }),
    );
    expect(second).toMatchObject({
      allowed: true,
      approval: {
        approval_id: approval.approval_id,
        approved_by: "approver",
        correlation_id: "story-of-the-caller",
      },
    });
    const events = await recorded(engine);
    expect(events.map(({ type }) => type)).toEqual([
      "ir.validated_escalate",
      "ir.approval_created",
      "ir.validated_escalate",
      "ir.approval_consumed",
    ]);
    expect(new Set(events.map((event) => event.correlation_id))).toEqual(new Set(["story-of-the-caller"]));
    const [, created, validated, consumed] = events;
    expect([validated?.causation_id, consumed?.causation_id]).toEqual([created?.id, created?.id]);
    expect(consumed?.payload).toMatchObject({ consumed_by: "runner", was_expired: false });
    expect(await check(token(approval.token))).toMatchObject({ allowed: false });
    expect((await recorded(engine, "ir.approval_invalid"))[0]?.payload.reason).toBe("already_consumed");
  });

  test("leaves a token alone when none is needed", async () => {
    const { ir_hash } = await validate(engine, harmless);
    const approval = await approve(engine, ir_hash);
    expect(await check({ ir: harmless, ...token(approval.token) })).toMatchObject({
      allowed: true,
      approval: null,
    });
    expect(await consume(engine, { token: approval.token, ir_hash })).toMatchObject({ success: true });
  });

  test("gives the token back when the caller's transaction fails", async () => {
    const { ir_hash } = await validate(engine);
    const approval = await approve(engine, ir_hash);
    const gate = irGovernanceGate({ mode: "opt_in", approvalTier: 2, maxBudgetCents: null });
    const failing = engine.publish({ source: "x" }, async (publish, tx) => {
      const decision = await gate.check(tx, publish, {
        ir: risky,
        ...token(approval.token),
        actorId: "runner",
      });
      expect(decision.allowed).toBe(true);
      throw new Error("the caller fails");
    });
    await expect(failing).rejects.toThrow("the caller fails");
    expect(await recorded(engine, "ir.approval_consumed")).toEqual([]);
    expect(await check(token(approval.token))).toMatchObject({ allowed: true });
  });

  test("blocks with a token that is unknown, over, of another plan, of another tenant, or the actor's own", async () => {
    const { ir_hash } = await validate(engine);
    const over = await approve(engine, ir_hash);
    await letExpire(engine, over.approval_id);
    const [otherPlan, otherTenant, own] = [
      await approve(engine, "b".repeat(64)),
      await approve(engine, ir_hash, { tenant_id: "tenant_b" }),
      await approve(engine, ir_hash, { created_by: "runner" }),
    ];
    for (const text of ["x", over.token, otherPlan.token, otherTenant.token, own.token]) {
      const decision = await check(token(text));
      expect(decision.allowed).toBe(false);
      expect(reasonOf(decision)).not.toBe("approval required");
    }
    const reasons = (await recorded(engine, "ir.approval_invalid")).map(({ payload }) => payload.reason);
    expect(reasons).toEqual(["token_not_found", "ir_hash_mismatch", "tenant_mismatch"]);
    expect(await recorded(engine, "ir.approval_expired")).toHaveLength(1);
    expect(await recorded(engine, "ir.approval_consumed")).toEqual([]);
    // The story of a foreign tenant is not continued.
    const stories = (await recorded(engine, "ir.validated_escalate"))
      .slice(1)
      .map((event) => event.correlation_id);
    expect(stories[3]).toBe("story-of-the-caller");
  });

  test("allows with an approval that was consumed before, for the same plan only", async () => {
    const { ir_hash } = await validate(engine);
    const approval = await approve(engine, ir_hash);
    expect(await check(used(approval.approval_id))).toMatchObject({ allowed: false });
    await consume(engine, { token: approval.token, ir_hash });
    const decision = await check(used(approval.approval_id));
    expect(decision).toMatchObject({ allowed: true, approval: { approval_id: approval.approval_id } });
    const [consumedEvent] = await recorded(engine, "ir.approval_consumed");
    expect((await recorded(engine, "ir.validated_escalate")).at(-1)).toMatchObject({
      causation_id: consumedEvent?.id,
      correlation_id: consumedEvent?.correlation_id,
    });
    const refused = [
      await check({
        ...used(approval.approval_id),
        ir: planOf({ ...harmlessStep, action: "infra.destroy" }),
      }),
      await check({ ...used(approval.approval_id), ir: { ...risky, tenant_id: "tenant_b" } }),
      await check({ ...used(approval.approval_id), actorId: "approver" }),
      await check(used(crypto.randomUUID())),
      await check(used("no id'; --")),
    ];
    expect(refused.map(({ allowed }) => allowed)).toEqual([false, false, false, false, false]);
  });

  test("takes an approval of the first hash scheme for the very same request", async () => {
    const request = { ...risky, request_id: crypto.randomUUID(), created_at: "2026-11-21T10:00:00Z" };
    await validate(engine, request);
    const [stored] = await engine.sql<{ ir_hash_v1: string }>(
      "SELECT ir_hash_v1 FROM ir_governance_validations",
    );
    const hash = stored?.ir_hash_v1 ?? "";
    const approval = await approve(engine, hash, { hash_scheme: "v1" });
    expect(await check(token(approval.token))).toMatchObject({ allowed: false });
    expect(await check({ ...token(approval.token), ir: request })).toMatchObject({ allowed: true });
    const shown = await engine.request("GET", `${base}/approvals/${approval.approval_id}`);
    expect(shown.body.plan.intent_summary).toBe("Try it");
  });

  test("asks for a person when the caller demands one, and tells it as an escalation", async () => {
    const first = await check({ ir: harmless, alwaysApprove: true });
    expect(first).toMatchObject({
      allowed: false,
      reason: "approval required",
      validation: { status: "ESCALATE", requires_approval: true, risk_tier: 2 },
    });
    expect(await recorded(engine, "ir.validated_escalate")).toMatchObject([
      { payload: { requires_approval: true, risk_tier: 2, high_risk_steps: [] } },
    ]);
    const approval = await approve(engine, first.validation.ir_hash);
    expect(await check({ ir: harmless, alwaysApprove: true, ...token(approval.token) })).toMatchObject({
      allowed: true,
      approval: { approved_by: "approver" },
    });
  });

  test("blocks what breaks a rule, what is over the budget, and what is no plan", async () => {
    expect(await check({ ir: planOf({ ...harmlessStep, action: "no" }) })).toMatchObject({
      allowed: false,
      validation: { status: "REJECT" },
    });
    const costly = await check({ ir: risky }, { maxBudgetCents: 499, approvalTier: 3 });
    expect(reasonOf(costly)).toContain("500 cents");
    for (const ir of [null, undefined, "text", {}, { tenant_id: "" }]) {
      expect(await check({ ir })).toMatchObject({
        allowed: false,
        validated_event_id: null,
        validation: { status: "REJECT", violations: [{ code: "INVALID_IR" }] },
      });
    }
    expect(await recordedTypes(engine)).toEqual(["ir.validated_reject", "ir.validated_escalate"]);
  });

  test("that is off allows everything and publishes nothing", async () => {
    for (const ir of [harmless, risky, planOf({}), null]) {
      expect(await check({ ir, alwaysApprove: true }, { mode: "off" })).toMatchObject({
        allowed: true,
        approval: null,
        validated_event_id: null,
      });
    }
    expect(await recorded(engine)).toEqual([]);
  });

  test("records a validation for others without deciding", async () => {
    const gate = irGovernanceGate({ mode: "opt_in", approvalTier: 2, maxBudgetCents: null });
    const validation = await engine.publish({ source: "x" }, (publish, tx) =>
      gate.validate(tx, publish, risky),
    );
    expect(validation).toMatchObject({ status: "ESCALATE", tenant_id: "tenant_a" });
    expect(await recordedTypes(engine)).toEqual(["ir.validated_escalate"]);
    expect((await validate(engine)).ir_hash).toBe(validation.ir_hash);
  });
});

describe("one token and many at once", () => {
  const rivals = 12;

  test("one of them gets it, the others are told that it is used, and each refusal is recorded", async () => {
    const { ir_hash } = await validate(engine);
    const { token: text, approval_id } = await approve(engine, ir_hash);
    const answers = await Promise.all(
      Array.from({ length: rivals }, (_, index) =>
        consume(engine, { token: text, ir_hash }, `runner-${index}`),
      ),
    );
    expect(answers.filter(({ success }) => success)).toHaveLength(1);
    expect(answers.every(({ status }) => status === "consumed")).toBe(true);
    const [consumed, ...others] = await recorded(engine, "ir.approval_consumed");
    expect(others).toEqual([]);
    const [row] = await engine.sql("SELECT consumed_by, consumed_event_id FROM ir_governance_approvals");
    expect(row).toEqual({ consumed_by: consumed?.payload.consumed_by, consumed_event_id: consumed?.id });
    const refusals = await recorded(engine, "ir.approval_invalid");
    expect(refusals).toHaveLength(rivals - 1);
    for (const { payload } of refusals)
      expect(payload).toMatchObject({ reason: "already_consumed", approval_id });
  });

  test("whether they come over HTTP or through the gate", async () => {
    const { ir_hash } = await validate(engine);
    const { token: text } = await approve(engine, ir_hash);
    const results = await Promise.all(
      Array.from({ length: rivals }, async (_, index) =>
        index % 2 === 0
          ? (await consume(engine, { token: text, ir_hash })).success
          : (await check(token(text))).allowed,
      ),
    );
    expect(results.filter(Boolean)).toHaveLength(1);
  });

  test("control: where the row is read first and written without a condition, several get it", async () => {
    const { ir_hash } = await validate(engine);
    const { approval_id } = await approve(engine, ir_hash);
    let readers = 0;
    let open: () => void = () => undefined;
    const allHaveRead = new Promise<void>((resolve) => {
      open = resolve;
    });
    const readThenWrite = async () => {
      const [row] = await engine.sql<{ status: string }>(
        "SELECT status FROM ir_governance_approvals WHERE approval_id = $1",
        [approval_id],
      );
      readers += 1;
      if (readers === 3) open();
      await allHaveRead;
      if (row?.status !== "pending") return false;
      await engine.sql(
        `UPDATE ir_governance_approvals SET status = 'consumed', consumed_at = now(), consumed_event_id = 'x'
         WHERE approval_id = $1`,
        [approval_id],
      );
      return true;
    };
    const won = await Promise.all([readThenWrite(), readThenWrite(), readThenWrite()]);
    expect(won).toEqual([true, true, true]);
  });

  test("many who notice at once that its time is over publish that once", async () => {
    const { ir_hash } = await validate(engine);
    const { token: text, approval_id } = await approve(engine, ir_hash);
    await letExpire(engine, approval_id);
    const [answers] = await Promise.all([
      Promise.all(Array.from({ length: rivals }, () => consume(engine, { token: text, ir_hash }))),
      engine.cron(),
      engine.cron(),
    ]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(["expired"]));
    expect(await recorded(engine, "ir.approval_expired")).toHaveLength(1);
  });
});

describe("POST /gate", () => {
  const ask = async (
    body: unknown,
    headers: Readonly<Record<string, string>> = { "x-actor-id": "runner" },
  ) => {
    const answer = await engine.request("POST", `${base}/gate`, body, headers);
    expect(answer.status, answer.text).toBe(200);
    return answer.body;
  };

  test("tells an execution engine whether a plan may run", async () => {
    expect(await ask({ ir: harmless })).toMatchObject({
      allowed: true,
      reason: null,
      validation_result: { status: "PASS" },
    });
    const blocked = await ask({ ir: risky });
    expect(blocked).toMatchObject({ allowed: false, reason: "approval required" });
    const { token: text } = await approve(engine, blocked.ir_hash);
    expect(await ask({ ir: risky, approval_token: text }, { "x-actor-id": "approver" })).toMatchObject({
      allowed: false,
    });
    expect(await ask({ ir: risky, approval_token: text })).toMatchObject({ allowed: true });
    expect(await ask({ ir: risky, approval_token: text })).toMatchObject({ allowed: false });
    expect(await ask({ ir: "no plan" })).toMatchObject({ allowed: false });
  });

  test("without a plan allows it, because plans are optional here", async () => {
    const nothing = { allowed: true, reason: null, ir_hash: null, validation_result: null };
    expect(await ask({})).toEqual(nothing);
    expect(await ask({ ir: null })).toEqual(nothing);
  });

  test("refuses unknown fields", async () => {
    expect((await engine.request("POST", `${base}/gate`, { ir: harmless, allow: true })).status).toBe(422);
  });
});

describe("the settings", () => {
  test.each([
    ["required", { allowed: false }, { allowed: false }],
    ["off", { allowed: true }, { allowed: true }],
  ])("mode %s decides on a missing plan and on a risky one", async (mode, missing, dangerous) => {
    const other = await createTestEngine({ WEBGENESIS_IR_MODE: mode });
    try {
      expect((await other.request("POST", `${base}/gate`, {})).body).toMatchObject(missing);
      expect((await other.request("POST", `${base}/gate`, { ir: risky })).body).toMatchObject(dangerous);
      expect((await recorded(other)).length).toBe(mode === "off" ? 0 : 1);
    } finally {
      await other.cleanup();
    }
  });

  test("a lower approval tier escalates, and a budget blocks", async () => {
    const other = await createTestEngine({
      WEBGENESIS_IR_APPROVAL_TIER: "0",
      WEBGENESIS_IR_MAX_BUDGET_CENTS: "100",
    });
    try {
      expect(await validate(other, harmless)).toMatchObject({ status: "ESCALATE", requires_approval: true });
      const { body } = await other.request("POST", `${base}/gate`, { ir: risky });
      expect(body).toMatchObject({ allowed: false, reason: expect.stringContaining("at most 100") });
      expect((await other.request("GET", `${base}/info`)).body).toMatchObject({
        approval_tier: 0,
        max_budget_cents: 100,
      });
    } finally {
      await other.cleanup();
    }
  });
});
