import { NotFoundError, recordAction } from "@brain/engine";
import type { Principal } from "../../../http/kit/access.ts";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { visibleTenant } from "../../../http/kit/tenants.ts";
import { hashSecret, newSecret } from "../api-key.ts";
import { forgetSession } from "../kept-rows.ts";
import type { SessionOrigin, SessionRow } from "../tables.ts";
import { insertSession, listSessions, revokeSession } from "./store.ts";
import { firstToken, hashFamily } from "./token.ts";

/** A session that was just opened. */
export interface OpenedSession {
  /** For the cookie, and for nothing else. */
  readonly token: string;
  readonly session: SessionRow;
  /** Seconds until it is over. */
  readonly lifeS: number;
}

/** Signs an identity in, for as long as its credential goes on, if that says so, and no longer than the settings say. */
export async function openSession(
  services: RequestServices,
  { id, name, tenantId, scopes, endsAt }: Principal,
  origin: SessionOrigin,
  maxS: number,
): Promise<OpenedSession> {
  const now = services.now();
  const token = firstToken();
  const maxMs = maxS * 1_000;
  const lifeMs = Math.min(maxMs, endsAt === undefined ? maxMs : endsAt.getTime() - now.getTime());
  const session: SessionRow = {
    id: crypto.randomUUID(),
    tokenHash: await hashSecret(token),
    familyHash: await hashFamily(token),
    previousHash: null,
    previousUntil: null,
    rotatedAt: now,
    csrfToken: newSecret(),
    identityId: id,
    name,
    tenantId,
    scopes,
    origin,
    createdAt: now,
    expiresAt: new Date(now.getTime() + lifeMs),
    revokedAt: null,
  };
  await services.db.transaction(async (tx) => {
    await insertSession(tx, session);
    await recordAction(tx, {
      action: "identity.signed_in",
      actorId: id,
      requestId: services.requestId,
      filter: { session: session.id, with: origin.kind, tenant_id: tenantId },
    });
  });
  return { token, session, lifeS: Math.ceil(lifeMs / 1_000) };
}

/** A session as it is shown. */
export function sessionView({
  id,
  identityId,
  name,
  tenantId,
  scopes,
  origin,
  createdAt,
  expiresAt,
}: SessionRow) {
  return {
    id,
    identity: identityId,
    name,
    tenant_id: tenantId,
    scopes,
    signed_in_with: origin.kind,
    created_at: createdAt.toISOString(),
    expires_at: expiresAt.toISOString(),
  };
}

const maxListed = 500;

/** Sessions that go on, of everybody visible, the newest first; at most 500. */
export async function listSessionViews(services: RequestServices) {
  const rows = await listSessions(services.db, {
    tenantId: visibleTenant(services),
    limit: maxListed,
    now: services.now(),
  });
  return rows.map(sessionView);
}

/** @throws {NotFoundError} */
export async function endSessionById(services: RequestServices, id: string): Promise<void> {
  const { actorId, requestId } = services;
  await services.db.transaction(async (tx) => {
    const row = await revokeSession(tx, id, visibleTenant(services), services.now());
    if (row === null) throw new NotFoundError(`There is no session with the id "${id}".`);
    const filter = { session: id, identity: row.identityId };
    await recordAction(tx, { action: "identity.session_ended", actorId, requestId, filter });
  });
  forgetSession(id);
}
