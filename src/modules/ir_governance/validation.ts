import type { Publish, PublishOptions, Tx } from "@brain/engine";
import { irValidatedEscalate, irValidatedPass, irValidatedReject } from "@brain/schemas";
import type { IrValidation } from "../ports/ir-gate.ts";
import { hashContent, hashRejected, hashRequestV1, hashStep } from "./plan/canonical.ts";
import { readIr } from "./plan/model.ts";
import { type PlanContent, type PlanSummary, type ReadIr, stepIdOf } from "./plan/plan.ts";
import { kindOf } from "./plan/plan-diff.ts";
import type { StepRisk } from "./plan/risk.ts";
import { budgetOf, decideValidation, highRiskSteps, type Verdict } from "./state.ts";
import { saveValidation } from "./store.ts";
import type { HashScheme } from "./tables.ts";

/** Producer of all events of this module. */
export const source = "ir_governance";

/** A plan that was looked at, before anything is recorded of it. */
export interface CheckedPlan {
  readonly read: ReadIr;
  readonly verdict: Verdict;
  readonly hash: string;
  /** Null for a rejected plan, and for a request without its own id or time. */
  readonly hashV1: string | null;
}

/**
 * Reads, rates and hashes a plan. Does no I/O.
 *
 * @throws {ValidationError} it cannot be a plan at all
 */
export async function checkPlan(
  input: unknown,
  demand: { readonly approvalTier: number; readonly alwaysApprove: boolean },
): Promise<CheckedPlan> {
  const read = readIr(input);
  const verdict = decideValidation(read, demand);
  const hash = read.content === null ? await hashRejected(read.raw) : await hashContent(read.content);
  const hashV1 = read.v1 === null ? null : await hashRequestV1(read.v1);
  return { read, verdict, hash, hashV1 };
}

/** Hash of a plan in a scheme; null when it has none in that scheme. A rejected plan has none in either. */
export function hashIn(plan: CheckedPlan, scheme: HashScheme): string | null {
  if (scheme === "v1") return plan.hashV1;
  return plan.read.content === null ? null : plan.hash;
}

/** The answer to a validation. */
export function validationOf(plan: CheckedPlan, validatedAt: Date): IrValidation {
  const { read, verdict, hash } = plan;
  return {
    status: verdict.status,
    violations: verdict.violations,
    risk_tier: verdict.riskTier,
    requires_approval: verdict.requiresApproval,
    ir_hash: hash,
    tenant_id: read.tenantId,
    request_id: read.requestId,
    validated_at: validatedAt.toISOString(),
  };
}

/** The steps as an execution graph must carry them; empty for a rejected plan. */
export async function hashedSteps({ read, verdict }: CheckedPlan) {
  const steps = read.content?.steps ?? [];
  return Promise.all(
    steps.map(async (step, index) => ({
      ir_step_id: stepIdOf(step, index),
      ir_step_hash: await hashStep(step),
      risk_tier: verdict.risks[index]?.tier ?? 0,
      reason: verdict.risks[index]?.reason ?? "",
    })),
  );
}

const summarySteps = 10;

function summaryOf(content: PlanContent, risks: readonly StepRisk[]): PlanSummary {
  return {
    intent_summary: content.intent_summary?.slice(0, 300) ?? null,
    step_count: content.steps.length,
    budget_cents: budgetOf(content),
    steps: content.steps.slice(0, summarySteps).map((step, index) => ({
      step_index: index,
      action: step.action,
      provider: step.provider,
      resource: step.resource.slice(0, 120),
      risk_tier: risks[index]?.tier ?? 0,
      reason: risks[index]?.reason ?? "",
    })),
  };
}

/** Correlation and cause that a validation continues; empty: those of the caller. */
export type Story = Pick<PublishOptions, "correlation_id" | "causation_id">;

export interface RecordedValidation {
  readonly validation: IrValidation;
  readonly eventId: string;
}

/** Stores the validation as the latest of its plan and publishes it, in the caller's transaction. */
export async function recordValidation(
  tx: Tx,
  publish: Publish,
  plan: CheckedPlan,
  now: Date,
  story: Story = {},
): Promise<RecordedValidation> {
  const validation = validationOf(plan, now);
  const event = await publishValidation(publish, plan, validation, story);
  const { read, verdict } = plan;
  await saveValidation(tx, {
    tenantId: read.tenantId,
    irHash: plan.hash,
    irHashV1: plan.hashV1,
    status: verdict.status,
    riskTier: verdict.riskTier,
    violations: verdict.violations,
    summary: read.content === null ? null : summaryOf(read.content, verdict.risks),
    ir: read.content,
    requestId: read.requestId,
    correlationId: event.correlation_id ?? event.id,
    eventId: event.id,
    validatedAt: now,
    kind: read.content === null ? null : await kindOf(read.content),
  });
  return { validation, eventId: event.id };
}

function publishValidation(
  publish: Publish,
  { read, verdict }: CheckedPlan,
  validation: IrValidation,
  story: Story,
) {
  const { tenant_id, request_id, ir_hash, validated_at, risk_tier } = validation;
  const common = { tenant_id, request_id, ir_hash, validated_at, risk_tier, step_count: read.stepCount };
  const options = { source, tenant_id, ...story };
  const violations = [...validation.violations];
  switch (verdict.status) {
    case "PASS":
      return publish(irValidatedPass, { ...common, requires_approval: false, violations: [] }, options);
    case "ESCALATE":
      return publish(
        irValidatedEscalate,
        {
          ...common,
          requires_approval: true,
          violations,
          high_risk_steps: highRiskSteps(read.content?.steps ?? [], verdict.risks),
        },
        options,
      );
    case "REJECT":
      return publish(irValidatedReject, { ...common, requires_approval: false, violations }, options);
  }
}
