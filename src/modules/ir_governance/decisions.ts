import { ConflictError, NotFoundError } from "@brain/engine";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { publishContext } from "../../http/kit/publish-context.ts";
import { tenantOf } from "../../http/kit/tenants.ts";
import { noteDecision, unknownApproval } from "./approvals/approvals.ts";
import { diffPlans, type PlanDiff } from "./plan/plan-diff.ts";
import {
  type ApprovedPlan,
  findLastApproved,
  findPlan,
  listApprovalsOf,
  refusePlan,
  withdrawApproval,
  withdrawOf,
} from "./plan-store.ts";
import { statusAt } from "./state.ts";
import { type Approval, findApproval, type StoredValidation } from "./store.ts";
import { source } from "./validation.ts";

/*
 * How a person says no: to a plan that waits, or to an approval that was given. No event of the catalogue tells of either,
 * so both are state with who, when and why, and stand in the audit of operators.
 */

function unknownPlan(irHash: string): NotFoundError {
  return new NotFoundError(
    `No plan with the hash "${irHash.slice(0, 100)}" was validated. List those that wait with GET /api/ir/validations.`,
  );
}

/** A plan with all that somebody needs to decide on it. */
export interface PlanToDecide {
  readonly plan: StoredValidation;
  /** The newest first. */
  readonly approvals: readonly Approval[];
  /** Null: none of its kind was approved before. */
  readonly previous: ApprovedPlan | null;
  /** Against the previous one; null without one. */
  readonly diff: PlanDiff | null;
}

/**
 * @throws {NotFoundError} nothing validated it, or it is another tenant's
 */
export async function readPlan(
  services: RequestServices,
  irHash: string,
  named: string | undefined,
): Promise<PlanToDecide> {
  const plan = await findPlan(services.db, irHash, tenantOf(services, named) ?? undefined);
  if (plan === null) throw unknownPlan(irHash);
  const [approvals, previous] = await Promise.all([
    listApprovalsOf(services.db, plan),
    findLastApproved(services.db, plan),
  ]);
  const diff = previous === null || plan.ir === null ? null : diffPlans(previous.ir, plan.ir);
  return { plan, approvals, previous, diff };
}

/**
 * Refuses a plan for good: its hash cannot be approved any more, and what was given for it and not used is withdrawn.
 * Again changes nothing; the first refusal stays.
 *
 * @throws {NotFoundError} nothing validated it for this tenant
 * @throws {ConflictError} it waits for no person
 */
export async function refuse(
  services: RequestServices,
  irHash: string,
  { reason, tenant_id: named }: { readonly reason: string; readonly tenant_id?: string | undefined },
): Promise<{ readonly plan: StoredValidation; readonly withdrawn: number }> {
  const tenantId = tenantOf(services, named) ?? undefined;
  const ending = { by: services.actorId, reason };
  const done = await services.transact(publishContext(services, source, tenantId ?? null), async (tx) => {
    const plan = await refusePlan(tx, irHash, tenantId, ending);
    if (plan === null) return null;
    const withdrawn = await withdrawOf(tx, plan, ending);
    const filter = { ir_hash: irHash, tenant_id: plan.tenantId };
    await noteDecision(services, tx, "plan_refused", { reason, filter, affected: withdrawn });
    return { plan, withdrawn };
  });
  if (done !== null) return done;
  const plan = await findPlan(services.db, irHash, tenantId);
  if (plan === null) throw unknownPlan(irHash);
  if (plan.refusedAt !== null) return { plan, withdrawn: 0 };
  throw new ConflictError(
    `The plan waits for no person: its validation said ${plan.status}. Only a plan that was escalated can be refused.`,
  );
}

/**
 * Takes back an approval that was not used: its token is refused from now on. Again changes nothing.
 *
 * @throws {NotFoundError}
 * @throws {ConflictError} it was used, or its time is over
 */
export async function withdraw(
  services: RequestServices,
  id: string,
  { reason, tenant_id: named }: { readonly reason: string; readonly tenant_id?: string | undefined },
): Promise<Approval> {
  const tenantId = tenantOf(services, named) ?? undefined;
  const ending = { by: services.actorId, reason };
  const done = await services.transact(publishContext(services, source, tenantId ?? null), async (tx) => {
    const approval = await withdrawApproval(tx, id, tenantId, ending);
    if (approval === null) return null;
    const filter = { approval_id: id, ir_hash: approval.irHash, tenant_id: approval.tenantId };
    await noteDecision(services, tx, "approval_withdrawn", { reason, filter });
    return approval;
  });
  if (done !== null) return done;
  const found = await findApproval(services.db, id, tenantId);
  if (found === null) throw unknownApproval(id);
  const status = statusAt(found.approval, found.approval.readAt);
  if (status === "withdrawn") return found.approval;
  throw new ConflictError(`The approval is ${status}, so it cannot be withdrawn. Only a pending one can.`);
}
