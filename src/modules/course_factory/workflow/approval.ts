import { BadRequestError, type Publish, type Tx } from "@brain/engine";
import type { IrGate } from "../../ports/ir-gate.ts";
import { askGate, type GateAnswer, isGateOff } from "../governance/gate.ts";
import { buildWorkflowIr, type WorkflowChange, workflowResource } from "../governance/ir.ts";

/** What there is to show for an approval of a workflow change. */
export interface ApprovalQuestion {
  readonly change: WorkflowChange;
  readonly token: string | null;
  /** True when the caller says that a person has approved; believed only while the gate is off. */
  readonly isTold: boolean;
  /** Who makes the change; must not be who approved it. */
  readonly actor: string;
  /** On whose behalf the request came; null when not told. */
  readonly callerId: string | null;
  readonly now: Date;
}

export type ChangeApproval =
  | {
      readonly blocked: null;
      readonly approval_id: string;
      readonly approved_by: string | null;
      /** Of the story in which approval was asked for; null when it has none. */
      readonly correlation_id: string | null;
      /** Id of the event that told of the validation; null while the gate is off. */
      readonly caused_by: string | null;
    }
  | { readonly blocked: Extract<GateAnswer, { allowed: false }> };

/**
 * A person's approval of one change of one course in one round.
 *
 * @throws {BadRequestError} the gate is off and the caller does not say that a person has approved
 */
export async function approveChange(
  gate: IrGate,
  tx: Tx,
  publish: Publish,
  question: ApprovalQuestion,
): Promise<ChangeApproval> {
  const { change, token, isTold, actor, callerId, now } = question;
  const asked = {
    ir: buildWorkflowIr(change),
    token,
    actorId: callerId ?? actor,
    usedFor: workflowResource(change),
    alwaysApprove: true,
  };
  const answer = await askGate(gate, tx, publish, asked, now);
  const approval = judgeApproval(answer, { isTold, actor }, crypto.randomUUID());
  if (approval !== null) return approval;
  throw new BadRequestError(
    `The change from ${change.from_state} to ${change.to_state} needs a human approval; repeat it with hitl_approval=true when a person has given it.`,
  );
}

/**
 * What the gate's answer means for a change that needs a person. Null: the gate is off and nobody says that a person
 * has approved.
 *
 * @param newId of an approval that nobody but the caller knows of
 */
export function judgeApproval(
  answer: GateAnswer,
  facts: { readonly isTold: boolean; readonly actor: string },
  newId: string,
): ChangeApproval | null {
  if (!answer.allowed) return { blocked: answer };
  const { approval, validated_event_id: causedBy } = answer;
  if (approval !== null) {
    if (approval.approved_by === facts.actor) {
      return { blocked: refused(answer, "who makes a change must not be who approved it") };
    }
    return { blocked: null, ...approval, caused_by: causedBy };
  }
  // A gate that is on and asked for no person has not understood the question: fail closed.
  if (!isGateOff(answer)) return { blocked: refused(answer, "approval required") };
  if (!facts.isTold) return null;
  return {
    blocked: null,
    approval_id: newId,
    approved_by: facts.actor,
    correlation_id: null,
    caused_by: null,
  };
}

function refused(
  answer: Extract<GateAnswer, { allowed: true }>,
  reason: string,
): Extract<GateAnswer, { allowed: false }> {
  return { allowed: false, reason, validation: answer.validation };
}
