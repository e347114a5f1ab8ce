import type { IrValidation } from "../ports/ir-gate.ts";
import type { PlanContent, PlanStep, Violation } from "./plan/plan.ts";
import { riskOf, type StepRisk } from "./plan/risk.ts";
import type { IrGovernanceSettings } from "./settings.ts";
import type { ApprovalStatus, HashScheme } from "./tables.ts";

/** Decisions about plans and approvals. Pure: time and ids are arguments. */

/** A validation without its hash, id and time. */
export interface Verdict {
  readonly status: IrValidation["status"];
  readonly riskTier: number;
  readonly requiresApproval: boolean;
  readonly violations: readonly Violation[];
  /** Of each step, in order; empty for a rejected plan. */
  readonly risks: readonly StepRisk[];
}

/** From this tier on a plan is escalated, whatever the settings. */
const escalationTier = 2;

/** What the validation of a plan comes to. A rejected plan counts as the worst, and no approval helps it. */
export function decideValidation(
  plan: { readonly violations: readonly Violation[]; readonly content: PlanContent | null },
  demand: { readonly approvalTier: number; readonly alwaysApprove: boolean },
): Verdict {
  if (plan.content === null) {
    return { status: "REJECT", riskTier: 3, requiresApproval: false, violations: plan.violations, risks: [] };
  }
  const risks = plan.content.steps.map(riskOf);
  const tier = Math.max(0, ...risks.map((risk) => risk.tier));
  if (tier >= escalationTier) {
    return { status: "ESCALATE", riskTier: tier, requiresApproval: true, violations: [], risks };
  }
  const reason = demand.alwaysApprove
    ? "A rule of the caller demands a person's approval."
    : tier >= demand.approvalTier
      ? `The settings demand a person's approval from tier ${demand.approvalTier} on.`
      : null;
  if (reason === null) {
    return { status: "PASS", riskTier: tier, requiresApproval: false, violations: [], risks };
  }
  // Who reads "tier 0 or 1" may run a plan without asking; so one that may not is at least tier 2.
  const violation = {
    step_index: null,
    code: "APPROVAL_DEMANDED",
    message: reason,
    severity: "WARNING",
  } as const;
  return {
    status: "ESCALATE",
    riskTier: escalationTier,
    requiresApproval: true,
    violations: [violation],
    risks,
  };
}

/** The steps that made a plan escalate. */
export function highRiskSteps(steps: readonly PlanStep[], risks: readonly StepRisk[]) {
  return steps.flatMap(({ action, provider }, step_index) => {
    const risk = risks[step_index];
    if (risk === undefined || risk.tier < escalationTier) return [];
    return [{ step_index, action, provider, risk_tier: risk.tier as number, reason: risk.reason }];
  });
}

/** What a stored approval says, as far as its use is concerned. */
export interface ApprovalState {
  readonly tenantId: string;
  readonly irHash: string;
  readonly hashScheme: HashScheme;
  readonly status: ApprovalStatus;
  readonly expiresAt: Date;
  readonly createdBy: string | null;
}

/** Who wants to use an approval, and for what. */
export interface UseRequest {
  readonly tenantId: string;
  /** Hash of the plan in a scheme; null when it has none in that scheme. */
  readonly hashIn: (scheme: HashScheme) => string | null;
  /** Ids under which the user acts; empty: the holder of the bootstrap key, who named nobody. */
  readonly users: readonly string[];
  readonly now: Date;
}

/** Whoever names nobody is the same one each time: the holder of the bootstrap key. */
const nameless = "bootstrap";

/** Four eyes: whether who gave the approval is who acts. */
function isOwn({ createdBy }: ApprovalState, { users }: UseRequest): boolean {
  return (users.length === 0 ? [nameless] : users).includes(createdBy ?? nameless);
}

export type UseOutcome =
  | "usable"
  | "token_not_found"
  | "tenant_mismatch"
  | "ir_hash_mismatch"
  | "already_consumed"
  /** A person took it back, or refused its plan. */
  | "withdrawn"
  | "expired"
  /** Four eyes: who approved may not be who acts. */
  | "own_approval";

/** Whether its time is over, also when nobody has written that down yet. Usable up to and including `expiresAt`. */
function isOver(expiresAt: Date, now: Date): boolean {
  return now.getTime() > expiresAt.getTime();
}

/** The status as of now. */
export function statusAt(approval: Pick<ApprovalState, "status" | "expiresAt">, now: Date): ApprovalStatus {
  return approval.status === "pending" && isOver(approval.expiresAt, now) ? "expired" : approval.status;
}

/**
 * Whether a found approval may be used. A used one stays used, also when its time is over since; and whoever may not use
 * it leaves it as it is. @param approval null: no approval has this token
 */
export function decideUse(approval: ApprovalState | null, request: UseRequest): UseOutcome {
  if (approval === null) return "token_not_found";
  if (approval.tenantId !== request.tenantId) return "tenant_mismatch";
  if (approval.irHash !== request.hashIn(approval.hashScheme)) return "ir_hash_mismatch";
  if (approval.status === "consumed") return "already_consumed";
  if (approval.status === "withdrawn") return "withdrawn";
  if (statusAt(approval, request.now) === "expired") return "expired";
  if (isOwn(approval, request)) return "own_approval";
  return "usable";
}

/** Whether an approval that was used before allows a plan now; null when it does, otherwise why not. */
export function refuseConsumed(approval: ApprovalState | null, request: UseRequest): string | null {
  const unknown = "The approval is not one that was used for this plan.";
  if (approval === null || approval.tenantId !== request.tenantId) return unknown;
  if (approval.irHash !== request.hashIn(approval.hashScheme)) return unknown;
  if (approval.status !== "consumed") return unknown;
  if (isOwn(approval, request)) return ownApproval;
  return null;
}

export const ownApproval =
  "Whoever gave an approval cannot use it. Another person must act; the approval is still pending.";

/** What the gate says of a plan before approvals are looked at. */
export type GateVerdict =
  | { readonly kind: "allow" }
  | { readonly kind: "block"; readonly reason: string }
  | { readonly kind: "ask" };

/** Sum of the budgets that the steps name, cents. */
export function budgetOf(content: PlanContent): number {
  return content.steps.reduce((sum, step) => sum + (step.budget_cents ?? 0), 0);
}

export function decideGate(
  settings: IrGovernanceSettings,
  plan: { readonly verdict: Verdict; readonly content: PlanContent | null; readonly alwaysApprove: boolean },
): GateVerdict {
  if (settings.mode === "off") return { kind: "allow" };
  const { verdict, content, alwaysApprove } = plan;
  if (verdict.status === "REJECT" || content === null) {
    return { kind: "block", reason: "The plan breaks a rule; see its violations." };
  }
  const { maxBudgetCents } = settings;
  if (maxBudgetCents !== null && budgetOf(content) > maxBudgetCents) {
    return {
      kind: "block",
      reason: `The plan's budget is ${budgetOf(content)} cents, at most ${maxBudgetCents} are allowed.`,
    };
  }
  if (alwaysApprove || verdict.riskTier >= settings.approvalTier) return { kind: "ask" };
  return { kind: "allow" };
}

/** What the gate says when there is no plan at all. */
export function decideWithoutPlan(mode: IrGovernanceSettings["mode"]): Exclude<GateVerdict, { kind: "ask" }> {
  if (mode !== "required") return { kind: "allow" };
  return { kind: "block", reason: "A plan is required here and none was sent." };
}
