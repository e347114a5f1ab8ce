import { isoOrNull } from "../iso-or-null.ts";
import { messageOf, type UseResult } from "./approvals/use-approval.ts";
import type { PlanToDecide } from "./decisions.ts";
import { expiryJobName } from "./jobs.ts";
import { cutHash } from "./plan/dag-diff.ts";
import { stepIdOf } from "./plan/plan.ts";
import { riskOf } from "./plan/risk.ts";
import type { PlanRow } from "./plan-store.ts";
import type { IrGovernanceSettings } from "./settings.ts";
import { budgetOf, statusAt } from "./state.ts";
import type { Approval, ApprovalWithPlan, StatusCounts, StoredValidation } from "./store.ts";

/** What the routes answer. No answer but the first holds a token, and none its hash. */

export function createdView(approval: Approval, token: string) {
  return {
    approval_id: approval.approvalId,
    token,
    expires_at: approval.expiresAt.toISOString(),
    tenant_id: approval.tenantId,
    ir_hash: cutHash(approval.irHash),
    message: "The approval was created. Its token is shown only now; keep it, it can be used once.",
  };
}

export function consumedView({ outcome, approval }: UseResult) {
  const isKnown = !["token_not_found", "tenant_mismatch", "ir_hash_mismatch"].includes(outcome);
  return {
    success: outcome === "usable",
    status: !isKnown
      ? "invalid"
      : outcome === "own_approval"
        ? "pending"
        : outcome === "expired" || outcome === "withdrawn"
          ? outcome
          : "consumed",
    message: messageOf(outcome),
    ...(isKnown && approval !== null ? { approval_id: approval.approvalId } : {}),
  };
}

export function statusView(approval: Approval) {
  return {
    approval_id: approval.approvalId,
    status: statusAt(approval, approval.readAt),
    tenant_id: approval.tenantId,
    ir_hash: cutHash(approval.irHash),
    created_at: approval.createdAt.toISOString(),
    expires_at: approval.expiresAt.toISOString(),
    consumed_at: isoOrNull(approval.consumedAt),
    created_by: approval.createdBy,
    consumed_by: approval.consumedBy,
  };
}

/** Everything but the token's hash, and the plan as it was validated. */
export function fullView(approval: Approval, validation: StoredValidation | null) {
  return {
    ...statusView(approval),
    ir_hash: approval.irHash,
    hash_scheme: approval.hashScheme,
    ttl_seconds: approval.ttlSeconds,
    acknowledged_at: isoOrNull(approval.acknowledgedAt),
    acknowledged_by: approval.acknowledgedBy,
    ...withdrawnView(approval),
    correlation_id: approval.correlationId,
    plan: validation === null ? null : { ...planView(validation), ir: validation.ir },
  };
}

const withdrawnView = ({ withdrawnAt, withdrawnBy, withdrawnReason }: Approval) => ({
  withdrawn_at: isoOrNull(withdrawnAt),
  withdrawn_by: withdrawnBy,
  withdrawn_reason: withdrawnReason,
});

/** Of a list of one status. */
export function approvalItem(found: ApprovalWithPlan) {
  return {
    ...pendingItem(found),
    ir_hash: found.approval.irHash,
    hash_scheme: found.approval.hashScheme,
    ...withdrawnView(found.approval),
  };
}

const noSummary = { intent_summary: null, step_count: 0, budget_cents: 0, steps: [] };
const timeOf = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

/** Of a list of plans. */
export function planItem({ summary, validated_ms, refused_ms, ...row }: PlanRow) {
  return {
    ...row,
    ...(summary ?? noSummary),
    validated_at: new Date(validated_ms).toISOString(),
    refused_at: timeOf(refused_ms),
  };
}

/** A plan with each step and its risk, what was decided on it, and what differs from the one approved before. */
export function planDetails({ plan, approvals, previous, diff }: PlanToDecide) {
  return {
    tenant_id: plan.tenantId,
    ir_hash: plan.irHash,
    status: plan.status,
    risk_tier: plan.riskTier,
    violations: plan.violations,
    intent_summary: plan.ir?.intent_summary ?? null,
    labels: plan.ir?.labels ?? {},
    budget_cents: plan.ir === null ? 0 : budgetOf(plan.ir),
    steps: (plan.ir?.steps ?? []).map((step, index) => {
      const { tier, reason } = riskOf(step);
      return { ...step, step_id: stepIdOf(step, index), risk_tier: tier, reason };
    }),
    request_id: plan.requestId,
    correlation_id: plan.correlationId,
    validated_at: plan.validatedAt.toISOString(),
    refused_at: isoOrNull(plan.refusedAt),
    refused_by: plan.refusedBy,
    refused_reason: plan.refusedReason,
    approvals: approvals.map((approval) => ({
      ...statusView(approval),
      acknowledged_at: isoOrNull(approval.acknowledgedAt),
      acknowledged_by: approval.acknowledgedBy,
      ...withdrawnView(approval),
    })),
    previous:
      previous === null
        ? null
        : {
            ir_hash: previous.ir_hash,
            approval_id: previous.approval_id,
            approved_by: previous.approved_by,
            approved_at: new Date(previous.approved_ms).toISOString(),
          },
    changes: diff?.changes ?? null,
    change_count: diff?.count ?? null,
  };
}

type Plan = NonNullable<ApprovalWithPlan["plan"]>;

function planView(plan: Plan) {
  return {
    ir_hash: plan.irHash,
    status: plan.status,
    risk_tier: plan.riskTier,
    violations: plan.violations,
    ...(plan.summary ?? noSummary),
    request_id: plan.requestId,
    validated_at: plan.validatedAt.toISOString(),
  };
}

export function pendingItem({ approval, plan }: ApprovalWithPlan) {
  return {
    ...statusView(approval),
    acknowledged_at: isoOrNull(approval.acknowledgedAt),
    acknowledged_by: approval.acknowledgedBy,
    plan: plan === null ? null : planView(plan),
  };
}

/** The job runs in time; when it was forgotten, within the hour. So twice that means that it does not run. */
const staleMs = 2 * 3_600_000;

export function cleanupView(counts: StatusCounts, now: Date) {
  const { overdue, next_expiry } = counts;
  const isStale = next_expiry !== null && now.getTime() - Date.parse(next_expiry) > staleMs;
  return { job: expiryJobName, is_stale: isStale, overdue, next_expiry };
}

export function statsView(counts: StatusCounts, now: Date) {
  const { pending, consumed, expired, withdrawn } = counts;
  return {
    total: pending + consumed + expired + withdrawn,
    by_status: { pending, consumed, expired, withdrawn },
    cleanup_worker: cleanupView(counts, now),
  };
}

/** @param endpoints as `endpointsOf` gives them */
export function infoView(
  { mode, approvalTier, maxBudgetCents }: IrGovernanceSettings,
  endpoints: readonly string[],
) {
  return {
    name: "ir_governance",
    version: "1.0.0",
    mode,
    approval_tier: approvalTier,
    max_budget_cents: maxBudgetCents,
    hash_schemes: ["v2", "v1"],
    features: [
      "validation by fixed rules, without a language model",
      "risk tiers 0 to 3",
      "approvals with tokens that can be used once, by another person than who approved",
      "comparison of an execution graph with its plan",
      "live events of approvals",
    ],
    endpoints,
  };
}
