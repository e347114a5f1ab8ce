import { ForbiddenError, type Publish, type Tx } from "@brain/engine";
import type { GateDecision, GateRequest, Ir, IrGate, IrValidation } from "../../ports/ir-gate.ts";
import { type Claim, claimApproval, markUsed, releaseApproval } from "./approvals.ts";

/** An action that the gate is asked about. */
export interface GateQuestion {
  readonly ir: Ir;
  /** The approval token of the request; null: an approval that was consumed before may do. */
  readonly token: string | null;
  readonly actorId: string | null;
  /** What an approval is used for, e.g. `course:{course_id}`. */
  readonly usedFor: string;
  /** A person must allow it whatever the risk. */
  readonly alwaysApprove: boolean;
}

export type GateAnswer =
  | Extract<GateDecision, { allowed: true }>
  /** Blocked; the transaction is to be committed, because it holds what the gate found. */
  | { readonly allowed: false; readonly reason: string; readonly validation: IrValidation };

/**
 * Asks the gate, with the token of the request, or with an approval that was consumed elsewhere and that we learnt of by
 * its event. Whatever allows the action is used up in this transaction.
 */
export async function askGate(
  gate: IrGate,
  tx: Tx,
  publish: Publish,
  question: GateQuestion,
  now: Date,
): Promise<GateAnswer> {
  const { ir, token, actorId, alwaysApprove, usedFor } = question;
  const asked = { ir, actorId, alwaysApprove };
  const proof = token === null ? null : ({ kind: "token", token } as const);
  const decision = await gate.check(tx, publish, { ...asked, proof });
  const plan = { tenantId: ir.tenant_id, irHash: decision.validation.ir_hash, usedFor, now };
  if (decision.allowed) {
    if (decision.approval !== null) {
      await markUsed(tx, { ...plan, approvalId: decision.approval.approval_id, consumedBy: actorId });
    }
    return decision;
  }
  // A token that was refused stays refused: whoever sends one means that one.
  if (token !== null || decision.validation.status === "REJECT") return decision;
  const recorded = await askWithRecorded(gate, tx, publish, asked, plan);
  return recorded ?? decision;
}

/** Recorded approvals that one request tries. */
const maxTries = 3;

/**
 * Tries the recorded approvals of the plan, oldest first: one may be the caller's own, or unknown to the gate. Those that
 * were refused are free again afterwards. Null when there is none.
 */
async function askWithRecorded(
  gate: IrGate,
  tx: Tx,
  publish: Publish,
  asked: Omit<GateRequest, "proof">,
  plan: Claim,
): Promise<GateDecision | null> {
  const refused: string[] = [];
  let decision: GateDecision | null = null;
  while (refused.length < maxTries) {
    const approvalId = await claimApproval(tx, plan);
    if (approvalId === null) break;
    decision = await gate.check(tx, publish, {
      ...asked,
      proof: { kind: "consumed", approval_id: approvalId },
    });
    if (decision.allowed) break;
    refused.push(approvalId);
  }
  for (const approvalId of refused) await releaseApproval(tx, approvalId);
  return decision;
}

/** What the caller of a blocked action gets: why, and the hash for which approval can be asked. */
export function blockedError(what: string, answer: Extract<GateAnswer, { allowed: false }>): ForbiddenError {
  const { reason, validation } = answer;
  const how =
    validation.status === "REJECT"
      ? "Mend what validation_result.violations names, then send the request again."
      : "Have a person approve ir_hash (POST /api/ir/approvals), then send the same request with approval_token.";
  return new ForbiddenError(`${what} was blocked: ${reason}. ${how}`, {
    extra: { reason, ir_hash: validation.ir_hash, validation_result: validation },
  });
}

/** True when nobody was asked because the gate is off: a gate that is on tells of each validation. */
export function isGateOff(answer: Extract<GateAnswer, { allowed: true }>): boolean {
  return answer.approval === null && answer.validated_event_id === null;
}
