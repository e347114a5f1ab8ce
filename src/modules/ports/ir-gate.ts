import { definePort, type Publish, type Tx } from "@brain/engine";
import type { JsonObject } from "@brain/schemas";

/*
 * The gate before actions with consequences, as a port: modules that plan actions ask it, the composition root plugs in
 * who answers. So neither side knows the other.
 */

/** One planned action. */
export interface IrStep {
  readonly action: string;
  readonly provider: string;
  /** What it acts on, 1-500 characters. */
  readonly resource: string;
  readonly params: JsonObject;
  /** 1-200 characters. */
  readonly idempotency_key: string;
  readonly constraints: JsonObject;
  readonly budget_cents?: number | null;
  readonly step_id?: string | null;
  readonly description?: string | null;
}

/** Intermediate representation: what is planned, before anything is done. */
export interface Ir {
  readonly tenant_id: string;
  readonly steps: readonly IrStep[];
  readonly intent_summary?: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** Answer of a validation, also over HTTP. */
export interface IrValidation {
  readonly status: "PASS" | "ESCALATE" | "REJECT";
  readonly violations: readonly {
    /** Null: of the IR as a whole. */
    readonly step_index: number | null;
    readonly code: string;
    readonly message: string;
    readonly severity: "ERROR" | "WARNING";
  }[];
  /** 0 safe, 1 development or staging, 2 and 3 need approval. */
  readonly risk_tier: number;
  readonly requires_approval: boolean;
  /** SHA-256 of the content, 64 hex digits. The same plan has the same hash at every request. */
  readonly ir_hash: string;
  readonly tenant_id: string;
  readonly request_id: string;
  readonly validated_at: string;
}

/** How a plan that needs approval got it. */
export type ApprovalProof =
  /** The token that was given to a person; it is used up. */
  | { readonly kind: "token"; readonly token: string }
  /** Consumed before; the caller knows it from `ir.approval_consumed` and makes sure that it is used once. */
  | { readonly kind: "consumed"; readonly approval_id: string };

export interface GateRequest {
  /** As it came; what it lacks is a violation, not an error. */
  readonly ir: unknown;
  readonly proof: ApprovalProof | null;
  /** Who wants to act; must not be who created the approval. */
  readonly actorId: string | null;
  /** Ask for approval whatever the risk, because a rule of the caller demands a person. */
  readonly alwaysApprove?: boolean;
}

export type GateDecision = {
  readonly validation: IrValidation;
  /** Id of the event that told of the validation; cause of what follows. Null when the gate is off. */
  readonly validated_event_id: string | null;
} & (
  | {
      readonly allowed: true;
      /** Null when none was needed. `correlation_id` is that of the story in which approval was asked for. */
      readonly approval: {
        readonly approval_id: string;
        readonly approved_by: string | null;
        readonly correlation_id: string | null;
      } | null;
    }
  | { readonly allowed: false; readonly reason: string }
);

/** Both functions publish what they find in the caller's transaction: commit it also when the plan is blocked. */
export interface IrGate {
  /** Validates a plan, and records it so that approval can be asked for. */
  validate(tx: Tx, publish: Publish, ir: unknown): Promise<IrValidation>;
  /** Validates, uses the proof up if one is needed, and says whether the plan may run. Fails closed. */
  check(tx: Tx, publish: Publish, request: GateRequest): Promise<GateDecision>;
}

export const irGatePort = definePort<IrGate>("ir_gate");
