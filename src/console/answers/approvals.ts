/** Answers about what waits for a person, as the pages read them. Only what is shown is named. */

export interface PlanViolation {
  readonly step_index: number | null;
  readonly code: string;
  readonly message: string;
  readonly severity: string;
}

/** A plan in a list. */
export interface PlanItem {
  readonly tenant_id: string;
  readonly ir_hash: string;
  readonly risk_tier: number;
  readonly intent_summary: string | null;
  readonly step_count: number;
  readonly budget_cents: number;
  readonly violations: readonly PlanViolation[];
  readonly validated_at: string;
  readonly refused_at: string | null;
  readonly refused_by: string | null;
  readonly refused_reason: string | null;
}

export interface PlanList {
  readonly plans: readonly PlanItem[];
  readonly next_cursor: string | null;
}

export type ApprovalStatus = "pending" | "consumed" | "expired" | "withdrawn";

export interface ApprovalFacts {
  readonly approval_id: string;
  readonly status: ApprovalStatus;
  readonly tenant_id: string;
  readonly created_at: string;
  readonly created_by: string | null;
  readonly expires_at: string;
  readonly consumed_at: string | null;
  readonly consumed_by: string | null;
  readonly acknowledged_at: string | null;
  readonly acknowledged_by: string | null;
  readonly withdrawn_at: string | null;
  readonly withdrawn_by: string | null;
  readonly withdrawn_reason: string | null;
}

export interface ApprovalItem extends ApprovalFacts {
  readonly ir_hash: string;
  /** Null when nothing validated the plan here. */
  readonly plan: {
    readonly ir_hash: string;
    readonly risk_tier: number;
    readonly intent_summary: string | null;
    readonly step_count: number;
  } | null;
}

export interface ApprovalList {
  readonly approvals: readonly ApprovalItem[];
  readonly next_cursor: string | null;
}

export interface ApprovalDetails extends ApprovalItem {
  readonly correlation_id: string;
}

export interface PlanStepDetails {
  readonly step_id: string;
  readonly action: string;
  readonly provider: string;
  readonly resource: string;
  readonly params: unknown;
  readonly constraints: unknown;
  readonly budget_cents: number | null;
  readonly description: string | null;
  readonly risk_tier: number;
  readonly reason: string;
}

export interface PlanChange {
  readonly step: string | null;
  readonly field: string;
  readonly before: unknown;
  readonly now: unknown;
}

export interface PlanDetails {
  readonly tenant_id: string;
  readonly ir_hash: string;
  readonly status: "PASS" | "ESCALATE" | "REJECT";
  readonly risk_tier: number;
  readonly violations: readonly PlanViolation[];
  readonly intent_summary: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly budget_cents: number;
  readonly steps: readonly PlanStepDetails[];
  readonly correlation_id: string;
  readonly validated_at: string;
  readonly refused_at: string | null;
  readonly refused_by: string | null;
  readonly refused_reason: string | null;
  readonly approvals: readonly ApprovalFacts[];
  readonly previous: {
    readonly ir_hash: string;
    readonly approval_id: string;
    readonly approved_by: string | null;
    readonly approved_at: string;
  } | null;
  readonly changes: readonly PlanChange[] | null;
  readonly change_count: number | null;
}

export interface NewApproval {
  readonly approval_id: string;
  readonly token: string;
  readonly expires_at: string;
}

export interface RefundDetails {
  readonly refund_id: string;
  readonly intent_id: string;
  readonly tenant_id: string;
  readonly status: string;
  readonly amount_cents: number;
  readonly reason: string | null;
  readonly requested_by: string;
  readonly approved_by: string | null;
  readonly declined_by: string | null;
  readonly declined_reason: string | null;
  readonly failure_reason: string | null;
  readonly created_at: string;
}

export interface RefundItem extends RefundDetails {
  readonly currency: string;
  readonly course_id: string | null;
  readonly paid_cents: number;
}

export interface RefundList {
  readonly refunds: readonly RefundItem[];
  readonly next_cursor: string | null;
}
