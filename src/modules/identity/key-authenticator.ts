import { UnauthorizedError } from "@brain/engine";
import type { Asking, Authenticator, Principal } from "../../http/kit/access.ts";
import { hashSecret, parseApiKey } from "./api-key.ts";
import { isolateKeys } from "./kept-rows.ts";
import type { IdentitySettings } from "./settings.ts";
import { noteUse, readKey } from "./store.ts";
import type { KeyRow } from "./tables.ts";

const bearer = /^Bearer +(brk_\S*) *$/i;
const hourMs = 3_600_000;

/** `Authorization: Bearer brk_…`, asked of Postgres once in a while and else of the cache. */
export function createKeyAuthenticator({
  credentialCacheMs,
}: Pick<IdentitySettings, "credentialCacheMs">): Authenticator {
  return {
    scheme: "Bearer",
    async authenticate(asking) {
      const token = bearer.exec(asking.request.headers.get("authorization") ?? "")?.[1];
      if (token === undefined) return null;
      const given = parseApiKey(token);
      // One message for all: it is nobody's business which part was right.
      if (given === null) throw refusal();
      const nowMs = asking.invocation.now();
      const row = await findKeyRow(asking, given.id, nowMs, credentialCacheMs);
      const hash = await hashSecret(given.secret);
      const principal = row === null || !isSecret(row, hash, nowMs) ? null : keyPrincipal(row, nowMs);
      if (row === null || principal === null) throw refusal();
      noteHour(asking, row, nowMs);
      return principal;
    },
  };
}

function refusal(): UnauthorizedError {
  return new UnauthorizedError(
    "The API key is not valid: it is wrong, expired or revoked. Ask whoever manages keys for another one.",
  );
}

/** The row of a key, asked of Postgres once in a while and else of the cache. */
export async function findKeyRow(
  { invocation }: Asking,
  id: string,
  nowMs: number,
  keepMs: number,
): Promise<KeyRow | null> {
  const kept = isolateKeys.find(id, nowMs);
  if (kept !== undefined) return kept;
  const row = await readKey(invocation.db, id);
  isolateKeys.keep(id, row, nowMs, keepMs);
  return row;
}

/** Hashes may be compared as they are: from how long it takes nobody learns a secret with a given hash. */
function isSecret(row: KeyRow, hash: string, nowMs: number): boolean {
  if (row.secretHash === hash) return true;
  return row.previousHash === hash && row.previousUntil !== null && row.previousUntil.getTime() > nowMs;
}

/** Notes the hour of the last use behind the answer, once an hour in each isolate. */
export function noteHour({ invocation, waitUntil }: Asking, row: KeyRow, nowMs: number): void {
  const hour = new Date(nowMs - (nowMs % hourMs));
  if (row.lastUsedAt !== null && row.lastUsedAt >= hour) return;
  isolateKeys.change(row.id, { ...row, lastUsedAt: hour });
  waitUntil(noteUse(invocation.db, row.id, hour));
}

function keyIdentity(id: string): string {
  return `key:${id}`;
}

/** What a key allows now; null: it has expired or is revoked. */
export function keyPrincipal(row: KeyRow, nowMs: number): Principal | null {
  const { id, name, tenantId, scopes, expiresAt, revokedAt } = row;
  if (revokedAt !== null || (expiresAt !== null && expiresAt.getTime() <= nowMs)) return null;
  return { kind: "api_key", id: keyIdentity(id), name, tenantId, scopes };
}
