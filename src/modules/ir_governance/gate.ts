import { isUuid, type Publish, sha256Hex, systemClock, type Tx, ValidationError } from "@brain/engine";
import type { ApprovalProof, GateDecision, GateRequest, IrGate, IrValidation } from "../ports/ir-gate.ts";
import { hashToken } from "./approvals/token.ts";
import { findTokenHolder, messageOf, useApproval } from "./approvals/use-approval.ts";
import type { IrGovernanceSettings } from "./settings.ts";
import { decideGate, refuseConsumed, type UseRequest } from "./state.ts";
import { type Approval, findById } from "./store.ts";
import {
  type CheckedPlan,
  checkPlan,
  hashIn,
  type RecordedValidation,
  recordValidation,
  type Story,
  validationOf,
} from "./validation.ts";

const approvalRequired = "approval required";

/** The gate, for the modules that plan actions. Blocks whatever it is not sure of; errors of Postgres are thrown. */
export function irGovernanceGate(
  settings: IrGovernanceSettings,
  now: () => Date = () => new Date(systemClock()),
): IrGate {
  return {
    async validate(tx, publish, ir) {
      const plan = await checkPlan(ir, { approvalTier: settings.approvalTier, alwaysApprove: false });
      return (await recordValidation(tx, publish, plan, now())).validation;
    },
    async check(tx, publish, request) {
      const alwaysApprove = request.alwaysApprove ?? false;
      let plan: CheckedPlan;
      try {
        plan = await checkPlan(request.ir, { approvalTier: settings.approvalTier, alwaysApprove });
      } catch (error) {
        if (!(error instanceof ValidationError)) throw error;
        return withoutPlan(settings, error, now());
      }
      if (settings.mode === "off") {
        return {
          allowed: true,
          approval: null,
          validation: validationOf(plan, now()),
          validated_event_id: null,
        };
      }
      return checkReadable(settings, { tx, publish, now: now() }, plan, request);
    },
  };
}

interface Work {
  readonly tx: Tx;
  readonly publish: Publish;
  readonly now: Date;
}

async function checkReadable(
  settings: IrGovernanceSettings,
  work: Work,
  plan: CheckedPlan,
  { proof, actorId, alwaysApprove = false }: GateRequest,
): Promise<GateDecision> {
  const use: UseRequest = {
    tenantId: plan.read.tenantId,
    hashIn: (scheme) => hashIn(plan, scheme),
    users: actorId === null ? [] : [actorId],
    now: work.now,
  };
  const claimed = proof === null ? null : await findClaimed(work.tx, proof);
  const story = claimed === null || proof === null ? {} : storyOf(claimed, proof, use);
  const recorded = await recordValidation(work.tx, work.publish, plan, work.now, story);
  const verdict = decideGate(settings, { verdict: plan.verdict, content: plan.read.content, alwaysApprove });
  switch (verdict.kind) {
    case "block":
      return blocked(recorded, verdict.reason);
    case "allow":
      return allowed(recorded, null);
    case "ask":
      return proof === null
        ? blocked(recorded, approvalRequired)
        : askProof(work, { plan, recorded, use, proof, claimed, actorId });
  }
}

async function askProof(
  { tx, publish }: Work,
  ask: {
    readonly plan: CheckedPlan;
    readonly recorded: RecordedValidation;
    readonly use: UseRequest;
    readonly proof: ApprovalProof;
    readonly claimed: Approval | null;
    readonly actorId: string | null;
  },
): Promise<GateDecision> {
  const { recorded, use, proof, claimed } = ask;
  if (proof.kind === "consumed") {
    const refusal = refuseConsumed(claimed, use);
    return refusal === null ? allowed(recorded, claimed) : blocked(recorded, refusal);
  }
  const { outcome, approval } = await useApproval(tx, publish, {
    ...use,
    tokenHash: await hashToken(proof.token),
    visibleTenant: null,
    irHash: ask.plan.hash,
    consumedBy: ask.actorId,
  });
  return outcome === "usable" ? allowed(recorded, approval) : blocked(recorded, messageOf(outcome));
}

/** The approval that a proof names, whether it holds or not; null when there is none. */
async function findClaimed(tx: Tx, proof: ApprovalProof): Promise<Approval | null> {
  if (proof.kind === "token") return findTokenHolder(tx, await hashToken(proof.token), null);
  return isUuid(proof.approval_id) ? findById(tx, proof.approval_id) : null;
}

/** An approval of this very plan makes the validation part of its story. */
function storyOf(approval: Approval, proof: ApprovalProof, use: UseRequest): Story {
  const isOfPlan = approval.tenantId === use.tenantId && approval.irHash === use.hashIn(approval.hashScheme);
  if (!isOfPlan) return {};
  const { correlationId, createdEventId, consumedEventId } = approval;
  return {
    correlation_id: correlationId,
    causation_id: proof.kind === "consumed" ? (consumedEventId ?? createdEventId) : createdEventId,
  };
}

function blocked({ validation, eventId }: RecordedValidation, reason: string): GateDecision {
  // Callers put the reason into a sentence of theirs.
  return { allowed: false, reason: reason.replace(/\.$/, ""), validation, validated_event_id: eventId };
}

function allowed({ validation, eventId }: RecordedValidation, approval: Approval | null): GateDecision {
  return {
    allowed: true,
    validation,
    validated_event_id: eventId,
    approval:
      approval === null
        ? null
        : {
            approval_id: approval.approvalId,
            approved_by: approval.createdBy,
            correlation_id: approval.correlationId,
          },
  };
}

/** What is no plan has no tenant either, so there is nobody to tell an event to. */
async function withoutPlan(
  { mode }: IrGovernanceSettings,
  error: ValidationError,
  now: Date,
): Promise<GateDecision> {
  const validation: IrValidation = {
    status: "REJECT",
    violations: error.issues.map(({ path, message }) => ({
      step_index: null,
      code: "INVALID_IR",
      message: path === "" ? message : `${path}: ${message}`,
      severity: "ERROR",
    })),
    risk_tier: 3,
    requires_approval: false,
    ir_hash: await sha256Hex("no plan"),
    tenant_id: "",
    request_id: crypto.randomUUID(),
    validated_at: now.toISOString(),
  };
  const common = { validation, validated_event_id: null };
  if (mode === "off") return { ...common, allowed: true, approval: null };
  return { ...common, allowed: false, reason: error.message.replace(/\.$/, "") };
}
