import { ValidationError } from "@brain/engine";
import { irDagDiffFailed, irDagDiffOk } from "@brain/schemas";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { publishContext } from "../../http/kit/publish-context.ts";
import { withTenantOf } from "../../http/kit/tenants.ts";
import type { IrValidation } from "../ports/ir-gate.ts";
import { limitUses } from "./approvals/approvals.ts";
import { irGovernanceGate } from "./gate.ts";
import { type DagNode, hashDag, hashRejected, hashStepV1 } from "./plan/canonical.ts";
import { type DagDiff, diffDag, type HashedStep, mismatchDetails, readNode } from "./plan/dag-diff.ts";
import { maxSteps } from "./plan/model.ts";
import { stepIdOf } from "./plan/plan.ts";
import type { DagDiffRequest, GateQuestion } from "./requests.ts";
import type { IrGovernanceSettings } from "./settings.ts";
import { decideWithoutPlan } from "./state.ts";
import { findValidation } from "./store.ts";
import { type CheckedPlan, checkPlan, hashedSteps, recordValidation, source } from "./validation.ts";

/** What programs do with plans over HTTP. Each change and its events commit together. */

/**
 * Validates a plan, records it and publishes the verdict.
 *
 * @throws {ValidationError} it cannot be a plan at all; what is merely wrong with it is in the answer
 */
export async function validatePlan(
  services: RequestServices,
  settings: IrGovernanceSettings,
  input: unknown,
) {
  const plan = await checkPlan(withTenantOf(services, input), {
    approvalTier: settings.approvalTier,
    alwaysApprove: false,
  });
  const { validation } = await services.transact(
    publishContext(services, source, plan.read.tenantId),
    (tx, publish) => recordValidation(tx, publish, plan, services.now()),
  );
  return { ...validation, steps: await hashedSteps(plan) };
}

/** What the gate answers over HTTP. */
export interface GateAnswer {
  readonly allowed: boolean;
  /** Null when it is allowed. */
  readonly reason: string | null;
  /** Null when no plan was sent. */
  readonly ir_hash: string | null;
  readonly validation_result: IrValidation | null;
}

/**
 * Asks the gate for an execution engine: whether the plan may run, and with a token that is used up if one is needed.
 *
 * @throws {TooManyRequestsError} too many tokens of one tenant
 */
export async function passGate(
  services: RequestServices,
  settings: IrGovernanceSettings,
  { ir: sent, approval_token: token }: GateQuestion,
): Promise<GateAnswer> {
  const ir = withTenantOf(services, sent);
  if (ir === undefined || ir === null) {
    const verdict = decideWithoutPlan(settings.mode);
    const reason = verdict.kind === "block" ? verdict.reason : null;
    return { allowed: reason === null, reason, ir_hash: null, validation_result: null };
  }
  const gate = irGovernanceGate(settings, services.now);
  const proof = token == null ? null : ({ kind: "token", token } as const);
  if (proof !== null) await limitUses(services, tenantNamed(ir));
  const decision = await services.transact(publishContext(services, source), (tx, publish) =>
    gate.check(tx, publish, { ir, proof, actorId: services.actorId }),
  );
  return {
    allowed: decision.allowed,
    reason: decision.allowed ? null : decision.reason,
    ir_hash: decision.validation.ir_hash,
    validation_result: decision.validation,
  };
}

/** The tenant of a plan that nobody has read yet, for the limit only. */
function tenantNamed(ir: unknown): string {
  const { tenant_id: tenant } = ir as { readonly tenant_id?: unknown };
  return typeof tenant === "string" ? tenant.slice(0, 100) : "";
}

export interface DagAudit extends DagDiff {
  readonly ir_hash: string;
  readonly dag_hash: string;
  readonly tenant_id: string;
  readonly request_id: string;
  readonly audited_at: string;
  /** What is wrong with the plan itself; none of its steps can be verified then. */
  readonly violations: IrValidation["violations"];
}

/**
 * Compares an execution graph with its plan and publishes the result; any difference must block the execution.
 *
 * @throws {ValidationError} the plan cannot be one at all, or lacks what the first hash scheme needs
 */
export async function auditDag(services: RequestServices, request: DagDiffRequest): Promise<DagAudit> {
  const plan = await checkPlan(withTenantOf(services, request.ir), { approvalTier: 2, alwaysApprove: false });
  const { tenantId, requestId } = plan.read;
  const irHash = requireHash(plan, request.hash_scheme);
  const nodes = request.dag_nodes.map(readNode);
  const complete = nodes.filter((node): node is DagNode => node !== null);
  const dagHash =
    complete.length === nodes.length ? await hashDag(complete) : await hashRejected(request.dag_nodes);
  const steps = await stepsToFind(plan, request);
  const diff = diffDag(steps, nodes);
  const auditedAt = services.now().toISOString();
  const payload = {
    tenant_id: tenantId,
    request_id: requestId,
    ir_hash: irHash,
    dag_hash: dagHash,
    step_count: plan.read.stepCount,
    dag_node_count: nodes.length,
    verified_at: auditedAt,
  };
  await services.transact(publishContext(services, source, tenantId), async (tx, publish) => {
    const validation = await findValidation(tx, tenantId, request.hash_scheme, irHash);
    const story =
      validation === null
        ? {}
        : { correlation_id: validation.correlationId, causation_id: validation.eventId };
    if (diff.success) await publish(irDagDiffOk, { ...payload, all_hashes_match: true }, story);
    else {
      const mismatch_details = mismatchDetails(diff);
      await publish(irDagDiffFailed, { ...payload, all_hashes_match: false, mismatch_details }, story);
    }
  });
  return {
    ...diff,
    ir_hash: irHash,
    dag_hash: dagHash,
    tenant_id: tenantId,
    request_id: requestId,
    audited_at: auditedAt,
    violations: plan.read.violations,
  };
}

function requireHash(plan: CheckedPlan, scheme: DagDiffRequest["hash_scheme"]): string {
  if (scheme === "v2" || plan.read.content === null) return plan.hash;
  if (plan.hashV1 !== null) return plan.hashV1;
  throw new ValidationError("The plan has no hash of the scheme v1.", {
    issues: [{ path: "ir", message: "expected a request_id and a created_at in UTC, which v1 hashes" }],
  });
}

async function stepsToFind(
  plan: CheckedPlan,
  { hash_scheme: scheme }: DagDiffRequest,
): Promise<HashedStep[]> {
  const { content, v1, stepCount } = plan.read;
  if (content === null) {
    const positions = Array.from({ length: Math.min(stepCount, maxSteps) }, (_, index) => index);
    return positions.map((index) => ({ id: String(index), hash: null }));
  }
  if (scheme === "v1" && v1 !== null) {
    return Promise.all(
      v1.steps.map(async (step, index) => ({ id: stepIdOf(step, index), hash: await hashStepV1(step) })),
    );
  }
  return (await hashedSteps(plan)).map(({ ir_step_id, ir_step_hash }) => ({
    id: ir_step_id,
    hash: ir_step_hash,
  }));
}
