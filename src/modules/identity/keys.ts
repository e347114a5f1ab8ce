import {
  ConflictError,
  ForbiddenError,
  NotFoundError,
  recordAction,
  type Tx,
  ValidationError,
  type Vault,
} from "@brain/engine";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { tenantOf, visibleTenant } from "../../http/kit/tenants.ts";
import { unknownCursor } from "../../http/kit/unknown-cursor.ts";
import { type ApiKey, hashSecret, type KeyKind, keyText, newKeyId, newSecret } from "./api-key.ts";
import { forgetKey } from "./kept-rows.ts";
import { type CreateKeyRequest, keyView, kindOf, scopesOf } from "./model.ts";
import { sealAsPrevious, sealSecret } from "./signing/secrets.ts";
import { findKey, insertKey, listKeys, lockKey, updateKey } from "./store.ts";
import type { KeyRow } from "./tables.ts";

/*
 * What is done with API keys. Each change is in the audit of operators, and the isolate that makes it knows of it at once;
 * others within the time that they keep a key.
 */

/** A key with its text, which is shown this once. */
export interface IssuedKey extends ReturnType<typeof keyView> {
  readonly key: string;
}

/**
 * @throws {ForbiddenError} a credential of one tenant, and the key would be for another or for all
 * @throws {ValidationError} it would have expired
 */
export async function createKey(
  services: RequestServices,
  request: CreateKeyRequest,
  vault: Vault,
): Promise<IssuedKey> {
  const now = services.now();
  if (request.expires_at !== null && request.expires_at <= now) {
    throw new ValidationError("The key would have expired before it was made.", {
      issues: [{ path: "expires_at", message: "expected a time to come, or null" }],
    });
  }
  const [id, secret] = [newKeyId(), newSecret()];
  const row: KeyRow = {
    id,
    name: request.name,
    tenantId: tenantOfKey(services, request.tenant_id),
    scopes: scopesOf(request),
    ...(await storedSecret(request.kind, { id, secret }, vault)),
    previousHash: null,
    previousSealed: null,
    previousUntil: null,
    expiresAt: request.expires_at,
    revokedAt: null,
    createdAt: now,
    createdBy: services.actorId,
    rotatedAt: null,
    lastUsedAt: null,
  };
  await services.db.transaction(async (tx) => {
    await insertKey(tx, row);
    await note(services, tx, "identity.key_created", row);
  });
  return { key: keyText(request.kind, { id, secret }), ...keyView(row, now) };
}

/**
 * Null is asked for by name here, so it is no other way to leave the tenant out: a narrower key than was asked for would
 * go unnoticed until it is used.
 */
function tenantOfKey(services: RequestServices, named: string | null | undefined): string | null {
  const tenantId = tenantOf(services, named);
  if (named !== null || tenantId === null) return tenantId;
  throw new ForbiddenError(
    `The key would be for all tenants (tenant_id is null), and the credential is for "${tenantId}". Leave tenant_id out, or use a credential for all tenants.`,
  );
}

/** @throws {VaultKeyError} a key that signs, and nothing to seal its secret with */
async function storedSecret(kind: KeyKind, { id, secret }: ApiKey, vault: Vault) {
  return kind === "signing"
    ? { secretHash: null, sealedSecret: await sealSecret(vault, id, secret) }
    : { secretHash: await hashSecret(secret), sealedSecret: null };
}

/** @throws {NotFoundError} */
export async function readKeyView(services: RequestServices, id: string) {
  const row = await findKey(services.db, id, visibleTenant(services));
  if (row === null) throw noKey(id);
  return keyView(row, services.now());
}

/** @throws {ValidationError} the cursor is no key that may be seen */
export async function listKeyViews(
  services: RequestServices,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
) {
  const tenantId = visibleTenant(services);
  const rows = await listKeys(services.db, { tenantId, limit: limit + 1, before: cursor });
  if (rows.length === 0 && cursor !== undefined && (await findKey(services.db, cursor, tenantId)) === null) {
    throw unknownCursor("a key");
  }
  const page = rows.slice(0, limit);
  const now = services.now();
  return {
    keys: page.map((row) => keyView(row, now)),
    next_cursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
  };
}

/**
 * Gives the key another secret; the one before stays good for a while, so that programs can change over.
 *
 * @throws {NotFoundError | ConflictError} it is revoked
 */
export async function rotateKey(
  services: RequestServices,
  id: string,
  overlapSeconds: number,
  vault: Vault,
): Promise<IssuedKey> {
  const now = services.now();
  const secret = newSecret();
  const row = await services.db.transaction(async (tx) => {
    const before = await requireKey(services, tx, id);
    if (before.revokedAt !== null) throw new ConflictError("The key is revoked. Make a new one.");
    const { sealedSecret } = before;
    const overlaps = overlapSeconds > 0;
    const change = {
      ...(await storedSecret(kindOf(before), { id, secret }, vault)),
      previousHash: overlaps ? before.secretHash : null,
      previousSealed:
        overlaps && sealedSecret !== null ? await sealAsPrevious(vault, id, sealedSecret) : null,
      previousUntil: overlaps ? new Date(now.getTime() + overlapSeconds * 1_000) : null,
      rotatedAt: now,
    };
    await note(services, tx, "identity.key_rotated", before);
    return updateKey(tx, id, change);
  });
  forgetKey(id);
  return { key: keyText(kindOf(row), { id, secret }), ...keyView(row, now) };
}

/** Ends the key; repeating it is harmless. @throws {NotFoundError} */
export async function revokeKey(services: RequestServices, id: string) {
  const now = services.now();
  const row = await services.db.transaction(async (tx) => {
    const before = await requireKey(services, tx, id);
    if (before.revokedAt !== null) return before;
    await note(services, tx, "identity.key_revoked", before);
    return updateKey(tx, id, {
      revokedAt: now,
      previousHash: null,
      previousSealed: null,
      previousUntil: null,
    });
  });
  forgetKey(id);
  return keyView(row, now);
}

async function requireKey(services: RequestServices, tx: Tx, id: string): Promise<KeyRow> {
  const row = await lockKey(tx, id, visibleTenant(services));
  if (row === null) throw noKey(id);
  return row;
}

function noKey(id: string): NotFoundError {
  return new NotFoundError(`There is no key with the id "${id}".`);
}

function note({ actorId, requestId }: RequestServices, tx: Tx, action: string, row: KeyRow): Promise<void> {
  const { id, name, tenantId, scopes } = row;
  return recordAction(tx, {
    action,
    actorId,
    requestId,
    filter: { key: id, name, tenant_id: tenantId, scopes },
  });
}
