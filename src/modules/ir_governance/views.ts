import { cutHash } from "./dag-diff.ts";
import { expiryJobName } from "./jobs.ts";
import type { IrGovernanceSettings } from "./settings.ts";
import { statusAt } from "./state.ts";
import type { Approval, ApprovalWithPlan, StatusCounts, StoredValidation } from "./store.ts";
import { messageOf, type UseResult } from "./use-approval.ts";

/** What the routes answer. No answer but the first holds a token, and none its hash. */

const iso = (time: Date | null): string | null => time?.toISOString() ?? null;

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
        : outcome === "expired"
          ? "expired"
          : "consumed",
    message: messageOf(outcome),
    ...(isKnown && approval !== null ? { approval_id: approval.approvalId } : {}),
  };
}

export function statusView(approval: Approval, now: Date) {
  return {
    approval_id: approval.approvalId,
    status: statusAt(approval, now),
    tenant_id: approval.tenantId,
    ir_hash: cutHash(approval.irHash),
    created_at: approval.createdAt.toISOString(),
    expires_at: approval.expiresAt.toISOString(),
    consumed_at: iso(approval.consumedAt),
    created_by: approval.createdBy,
    consumed_by: approval.consumedBy,
  };
}

/** Everything but the token's hash, and the plan as it was validated. */
export function fullView(approval: Approval, validation: StoredValidation | null, now: Date) {
  return {
    ...statusView(approval, now),
    ir_hash: approval.irHash,
    hash_scheme: approval.hashScheme,
    ttl_seconds: approval.ttlSeconds,
    acknowledged_at: iso(approval.acknowledgedAt),
    acknowledged_by: approval.acknowledgedBy,
    correlation_id: approval.correlationId,
    plan: validation === null ? null : { ...planView(validation), ir: validation.ir },
  };
}

type Plan = NonNullable<ApprovalWithPlan["plan"]>;

function planView(plan: Plan) {
  return {
    status: plan.status,
    risk_tier: plan.riskTier,
    violations: plan.violations,
    ...(plan.summary ?? { intent_summary: null, step_count: 0, budget_cents: 0, steps: [] }),
    request_id: plan.requestId,
    validated_at: plan.validatedAt.toISOString(),
  };
}

export function pendingItem({ approval, plan }: ApprovalWithPlan, now: Date) {
  return {
    ...statusView(approval, now),
    acknowledged_at: iso(approval.acknowledgedAt),
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
  const { pending, consumed, expired } = counts;
  return {
    total: pending + consumed + expired,
    by_status: { pending, consumed, expired },
    cleanup_worker: cleanupView(counts, now),
  };
}

export function infoView({ mode, approvalTier, maxBudgetCents }: IrGovernanceSettings) {
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
    endpoints: [
      "GET /api/ir/info",
      "POST /api/ir/validate",
      "POST /api/ir/gate",
      "POST /api/ir/dag-diff",
      "POST /api/ir/approvals",
      "POST /api/ir/approvals/consume",
      "GET /api/ir/approvals/pending",
      "GET /api/ir/approvals/stats",
      "GET /api/ir/approvals/health",
      "GET /api/ir/approvals/stream",
      "GET /api/ir/approvals/{id}",
      "GET /api/ir/approvals/{id}/status",
      "POST /api/ir/approvals/{id}/acknowledge",
    ],
  };
}
