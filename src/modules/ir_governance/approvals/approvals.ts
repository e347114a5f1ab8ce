import {
  ConflictError,
  NotFoundError,
  newEventId,
  recordAction,
  type Tx,
  ValidationError,
} from "@brain/engine";
import { irApprovalAcknowledged, irApprovalCreated } from "@brain/schemas";
import { actorNamed } from "../../../http/kit/acting.ts";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { publishContext } from "../../../http/kit/publish-context.ts";
import { requireTenantOf, tenantOf, visibleTenant } from "../../../http/kit/tenants.ts";
import { expiryJobName } from "../jobs.ts";
import { approvalsLimit, consumeLimit } from "../limits.ts";
import type { AcknowledgeRequest, ApprovalRequest, ConsumeRequest } from "../requests.ts";
import {
  type Approval,
  acknowledgeApproval,
  findApproval,
  findValidation,
  insertApproval,
} from "../store.ts";
import { source } from "../validation.ts";
import { hashToken, newToken } from "./token.ts";
import { ofApproval, type UseResult, useApproval } from "./use-approval.ts";

/** What people do with approvals over HTTP. Each change and its events commit together. */

/** @throws {TooManyRequestsError} */
export function limitUses(services: RequestServices, tenantId: string): Promise<void> {
  return services.limit(consumeLimit, tenantId);
}

/** Notes in the audit of operators who decided what, and why. */
export function noteDecision(
  { actorId, requestId }: RequestServices,
  tx: Tx,
  action: string,
  about: { readonly reason: string | null; readonly filter: object; readonly affected?: number },
): Promise<void> {
  return recordAction(tx, { action: `ir.${action}`, actorId, requestId, ...about });
}

/** An approval that nobody has is like one of another tenant. */
export function unknownApproval(id: string): NotFoundError {
  return new NotFoundError(
    `No approval has the id "${id.slice(0, 100)}". List them with GET /api/ir/approvals/pending.`,
  );
}

/**
 * Approves a plan by its hash. The token is in the answer and nowhere else.
 *
 * @throws {ForbiddenError} another tenant is named, or somebody else than who acts
 * @throws {ConflictError} the plan was rejected, or a person refused it
 * @throws {TooManyRequestsError}
 */
export async function createApproval(
  services: RequestServices,
  request: ApprovalRequest,
): Promise<{ readonly approval: Approval; readonly token: string }> {
  const { ir_hash: irHash, hash_scheme: hashScheme, ttl_seconds: ttlSeconds } = request;
  const tenantId = requireTenantOf(services, request.tenant_id);
  const createdBy = actorNamed(services, "created_by", request.created_by);
  await services.limit(approvalsLimit, tenantId);
  const token = newToken();
  const tokenHash = await hashToken(token);
  const approvalId = crypto.randomUUID();
  const eventId = newEventId(services.now().getTime());
  const context = publishContext(services, source, tenantId);
  const approval = await services.transact(context, async (tx, publish) => {
    const validation = await findValidation(tx, tenantId, hashScheme, irHash);
    requireApprovable(validation);
    const { reason = null } = request;
    const filter = { approval_id: approvalId, ir_hash: irHash, tenant_id: tenantId };
    await noteDecision(services, tx, "plan_approved", { reason, filter });
    const inserted = await insertApproval(tx, {
      approvalId,
      tenantId,
      irHash,
      hashScheme,
      tokenHash,
      ttlSeconds,
      createdBy,
      correlationId: validation?.correlationId ?? context.correlation_id ?? eventId,
      createdEventId: eventId,
    });
    await publish(
      irApprovalCreated,
      {
        approval_id: approvalId,
        tenant_id: tenantId,
        ir_hash: irHash,
        ttl_seconds: ttlSeconds,
        expires_at: inserted.expiresAt.toISOString(),
        created_by: createdBy,
        created_at: inserted.createdAt.toISOString(),
      },
      {
        id: eventId,
        ...(validation === null
          ? {}
          : { correlation_id: validation.correlationId, causation_id: validation.eventId }),
      },
    );
    return inserted;
  });
  services.schedule(expiryJobName, new Date(approval.expiresAt.getTime() + 1));
  return { approval, token };
}

/**
 * @param validation null: nothing validated the plan here, which is no reason against it
 * @throws {ConflictError} the plan was rejected, or a person refused it
 */
function requireApprovable(validation: Awaited<ReturnType<typeof findValidation>>): void {
  if (validation === null) return;
  if (validation.status === "REJECT") {
    throw new ConflictError(
      "The plan was rejected, so it cannot be approved. Mend it and validate it again.",
    );
  }
  if (validation.refusedAt === null) return;
  throw new ConflictError(
    "A person has refused the plan, so it cannot be approved any more. Change it and validate it again.",
  );
}

/**
 * Uses a token up. A refusal is an answer and not an error, and its event is recorded too.
 *
 * @param named who uses it; left out: who acts
 * @throws {ForbiddenError} another tenant is named, or somebody else than who acts
 * @throws {TooManyRequestsError}
 */
export async function consumeToken(
  services: RequestServices,
  request: ConsumeRequest,
  named: string | undefined,
): Promise<UseResult> {
  const { ir_hash: irHash } = request;
  const tenantId = requireTenantOf(services, request.tenant_id);
  const consumedBy = actorNamed(services, "consumed_by", named);
  await limitUses(services, tenantId);
  const tokenHash = await hashToken(request.token);
  const users = [consumedBy, services.actorId].filter((id) => id !== null);
  return services.transact(publishContext(services, source, tenantId), (tx, publish) =>
    useApproval(tx, publish, {
      tokenHash,
      visibleTenant: visibleTenant(services),
      tenantId,
      irHash,
      hashIn: () => irHash,
      users,
      consumedBy,
      now: services.now(),
    }),
  );
}

/**
 * Notes that a person has taken note. The first one counts; later ones change nothing.
 *
 * @throws {ForbiddenError} another tenant is named, or somebody else than who acts
 * @throws {NotFoundError}
 */
export async function acknowledge(
  services: RequestServices,
  id: string,
  request: AcknowledgeRequest,
): Promise<string> {
  const tenantId = tenantOf(services, request.tenant_id) ?? undefined;
  const by = actorNamed(services, "acknowledged_by", request.acknowledged_by);
  if (by === null) {
    throw new ValidationError("The request does not say who has taken note.", {
      issues: [{ path: "acknowledged_by", message: "expected an id, or the header x-actor-id" }],
    });
  }
  const noted = await services.transact(
    publishContext(services, source, tenantId ?? null),
    async (tx, publish) => {
      const approval = await acknowledgeApproval(tx, { id, tenantId, by });
      if (approval === null) return false;
      const filter = { approval_id: id, ir_hash: approval.irHash, tenant_id: approval.tenantId };
      await noteDecision(services, tx, "approval_acknowledged", { reason: request.reason ?? null, filter });
      await publish(
        irApprovalAcknowledged,
        {
          approval_id: approval.approvalId,
          tenant_id: approval.tenantId,
          ir_hash: approval.irHash,
          acknowledged_by: by,
          acknowledged_at: (approval.acknowledgedAt ?? approval.readAt).toISOString(),
        },
        ofApproval(approval),
      );
      return true;
    },
  );
  if (noted) return by;
  const found = await findApproval(services.db, id, tenantId);
  if (found?.approval.acknowledgedBy == null) throw unknownApproval(id);
  return found.approval.acknowledgedBy;
}
