import type { AlertKind } from "@brain/engine";
import {
  type Envelope,
  type EventDefinition,
  irApprovalExpired,
  irApprovalInvalid,
  irDagDiffFailed,
  irValidatedEscalate,
  irValidatedReject,
} from "@brain/schemas";
import { textOfTenant } from "../of-tenant.ts";

/*
 * The rules, as pure functions: what an event is a sign of, and how many signs within which time are an alert. Times are
 * those at which the events happened, so the same events give the same alerts whenever they are handled.
 */

/** Severity as the charter's documents say it, beside the word of the alert. */
export const severityOf = {
  critical: "CRITICAL",
  high: "HIGH",
  warning: "MEDIUM",
} as const;

export interface Rule {
  readonly severity: keyof typeof severityOf;
  /** Signs about one subject that are an alert. */
  readonly threshold: number;
  /** Within which they lie, minutes. */
  readonly minutes: number;
  /** What was seen and what to do; `%1$s` is the subject, `%2$s` the number of signs. */
  readonly message: string;
}

export const rules = {
  dag_diff_failed: {
    severity: "critical",
    threshold: 1,
    minutes: 1,
    message:
      "The execution graph of %1$s differs from its IR, and its execution was blocked: somebody may have tampered with it. Look at mismatch_details of its ir.dag_diff_failed event, and who could write the graph.",
  },
  approval_tenant_mismatch: {
    severity: "high",
    threshold: 1,
    minutes: 10,
    message:
      "%1$s tried to use an approval of another tenant (%2$s times). Look how it came to the token, and revoke its credential if nobody knows.",
  },
  approvals_refused: {
    severity: "high",
    threshold: 5,
    minutes: 10,
    message:
      "%2$s uses of approvals by %1$s were refused within ten minutes: somebody may be guessing tokens. The reasons stand in its ir.approval_invalid events.",
  },
  plans_rejected: {
    severity: "warning",
    threshold: 10,
    minutes: 60,
    message:
      "%2$s plans of %1$s were rejected within an hour. Their violations stand in ir.validated_reject.",
  },
  plans_escalated: {
    severity: "warning",
    threshold: 50,
    minutes: 60,
    message: "%2$s plans of %1$s needed an approval within an hour, which is unusual. Look who sends them.",
  },
  approvals_expired: {
    severity: "warning",
    threshold: 10,
    minutes: 60,
    message: "%2$s approvals of %1$s were used too late within an hour. Are approvals kept for later?",
  },
} as const satisfies Partial<Record<AlertKind, Rule>>;

export type RuleName = keyof typeof rules;
export const ruleNames = Object.keys(rules) as readonly RuleName[];

/** What one event is a sign of. */
export interface Sign {
  readonly rule: RuleName;
  /** About whom or what: signs of one subject are counted together. */
  readonly subject: string;
  /**
   * Of whatever tenants: its alert is the system's. A tenant names whomever it likes, and the alert of the one that came
   * first would hide what others tell of the same, and show it.
   */
  readonly isOverTenants?: true;
}

/** The types that are looked at. */
export const watchedEvents = [
  irDagDiffFailed,
  irApprovalInvalid,
  irValidatedReject,
  irValidatedEscalate,
  irApprovalExpired,
] as const satisfies readonly EventDefinition[];

/** Text of a payload; older programs may have left it out. */
const textOf = (payload: Readonly<Record<string, unknown>>, name: string): string => {
  const value = payload[name];
  return typeof value === "string" && value !== "" ? value : "unknown";
};

/** What the event is a sign of; of an event that no rule knows, nothing. */
export function signsOf({ type, payload, tenant_id }: Envelope): readonly Sign[] {
  const tenant = tenant_id ?? textOf(payload, "tenant_id");
  const ofTenant = `tenant:${tenant}`;
  switch (type) {
    case irDagDiffFailed.type:
      return [{ rule: "dag_diff_failed", subject: textOfTenant(tenant, textOf(payload, "request_id")) }];
    case irApprovalInvalid.type: {
      const who = textOf(payload, "attempted_by");
      const refused: Sign[] = [{ rule: "approvals_refused", subject: ofTenant }];
      if (who !== "unknown")
        refused.push({ rule: "approvals_refused", subject: `actor:${who}`, isOverTenants: true });
      if (payload.reason === "tenant_mismatch")
        refused.push({ rule: "approval_tenant_mismatch", subject: textOfTenant(tenant, who) });
      return refused;
    }
    case irValidatedReject.type:
      return [{ rule: "plans_rejected", subject: ofTenant }];
    case irValidatedEscalate.type:
      return [{ rule: "plans_escalated", subject: ofTenant }];
    case irApprovalExpired.type:
      return [{ rule: "approvals_expired", subject: ofTenant }];
    default:
      return [];
  }
}
