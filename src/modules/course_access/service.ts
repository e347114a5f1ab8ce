import { NotFoundError, type Publish, type Tx } from "@brain/engine";
import { safeReason } from "../../http/kit/free-text.ts";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { publishContext } from "../../http/kit/publish-context.ts";
import { tenantOf } from "../../http/kit/tenants.ts";
import { publishChange, source } from "./announce.ts";
import {
  type AccessQuery,
  accessView,
  type GrantRequest,
  type ListQuery,
  noAccessView,
  type RevokeRequest,
} from "./model.ts";
import { type Access, type Cause, decideAccess, type Grounds } from "./state.ts";
import {
  changeAccess,
  findAccess,
  type Holder,
  listAccess,
  lockAccessesOf,
  lockOrCreateAccess,
  probe,
  voidPayments,
} from "./store.ts";

/** Reading accesses, and what operators do with them. Each change and its event commit together. */

/** Whether a user may open a course; a user who never had access gets `status: "none"`, not an error. */
export async function readAccess(services: RequestServices, courseId: string, query: AccessQuery) {
  const tenantId = tenantOf(services, query.tenant_id) ?? undefined;
  const row = await findAccess(services.db, courseId, query.user_id, tenantId);
  return row === null ? noAccessView(courseId, query.user_id, tenantId) : accessView(row);
}

/** The accesses of a user, the newest first; `next_cursor` null at the end. */
export async function listAccesses(services: RequestServices, query: ListQuery) {
  const rows = await listAccess(services.db, {
    userId: query.user_id,
    tenantId: tenantOf(services, query.tenant_id) ?? undefined,
    status: query.status,
    limit: query.limit,
    cursor: query.cursor,
  });
  const page = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? page.at(-1) : undefined;
  return { access: page.map(accessView), next_cursor: last?.accessId.toString() ?? null };
}

/** An answer to an operator: what is so now, and whether it was otherwise before. */
interface Changed {
  readonly row: Access;
  readonly hasChanged: boolean;
}

/**
 * Gives a user access, whatever was paid. It stays when payments are paid back, until an operator takes it away.
 * Granting again changes nothing.
 */
export async function grantAccess(services: RequestServices, courseId: string, request: GrantRequest) {
  const tenantId = tenantOf(services, request.tenant_id);
  const holder: Holder = { courseId, userId: request.user_id, tenantId };
  const { row, hasChanged } = await services.transact(
    publishContext(services, source, tenantId),
    async (tx, publish) => {
      const now = services.now();
      const access = await lockOrCreateAccess(tx, holder, now);
      const grounds = {
        operatorGranted: true,
        paidPayment: access.status === "active" ? access.paymentId : null,
      };
      const grantReason = access.operatorGranted ? access.grantReason : safeReason(request.reason);
      const cause = {
        now,
        eventId: null,
        revokeReason: "",
        ...(grantReason === null ? {} : { grantReason }),
      };
      return apply(tx, publish, access, grounds, cause);
    },
  );
  return { ...accessView(row), changed: hasChanged };
}

/**
 * Takes access away, and what it rests on: earlier payments no longer give access, a later one does. Revoking again
 * changes nothing.
 *
 * @throws {NotFoundError} the user never had access
 */
export async function revokeAccess(services: RequestServices, courseId: string, request: RevokeRequest) {
  const tenantId = tenantOf(services, request.tenant_id) ?? undefined;
  const rows = await services.transact(
    publishContext(services, source, tenantId ?? null),
    async (tx, publish) => {
      const now = services.now();
      const accesses = await lockAccessesOf(tx, courseId, request.user_id, tenantId);
      const changed: Changed[] = [];
      for (const access of accesses) {
        await voidPayments(tx, access, now);
        const cause = { now, eventId: null, revokeReason: safeReason(request.reason) };
        changed.push(await apply(tx, publish, access, { operatorGranted: false, paidPayment: null }, cause));
      }
      return changed;
    },
  );
  if (rows.length === 0) {
    throw new NotFoundError(
      "This user never had access to this course, so there is none to revoke. Check user_id and tenant_id; GET /api/course-access?user_id= lists what a user has.",
    );
  }
  return {
    course_id: courseId,
    user_id: request.user_id,
    has_access: false,
    changed: rows.some(({ hasChanged }) => hasChanged),
    access: rows.map(({ row }) => accessView(row)),
  };
}

async function apply(
  tx: Tx,
  publish: Publish,
  access: Access,
  grounds: Grounds,
  cause: Cause,
): Promise<Changed> {
  const decision = decideAccess(access, grounds, cause);
  const row = decision === null ? null : await changeAccess(tx, access.accessId, decision.changes);
  if (decision === null || row === null) return { row: access, hasChanged: false };
  await publishChange(publish, row, decision.change, null);
  return { row, hasChanged: true };
}

/** Whether accesses can be read. Never throws: an unreachable database is what it reports. */
export async function readHealth(services: RequestServices, notifications: "log" | "webhook") {
  const base = { name: "course_access", version: "1.0.0", notifications };
  try {
    await probe(services.db);
    return { ...base, status: "healthy" };
  } catch (error) {
    const reason = error instanceof Error ? error.name : "unknown";
    services.log.warn({ reason }, "accesses cannot be read; the health of the module is degraded");
    return { ...base, status: "degraded" };
  }
}
