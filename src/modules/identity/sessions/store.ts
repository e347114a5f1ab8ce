import type { Database, Tx } from "@brain/engine";
import { and, desc, eq, isNull, lt, or, sql } from "drizzle-orm";
import { ofTenant } from "../../of-tenant.ts";
import { identityKeys, identitySessions, type KeyRow, type SessionRow } from "../tables.ts";

/** A session with the key that it was opened with. */
export interface FoundSession {
  readonly session: SessionRow;
  /** Null: it was opened with something else, or the key is gone. */
  readonly key: KeyRow | null;
}

/** By the hash of its token, of the one before, or of what all of its tokens have in common. */
export async function readSession(
  db: Database,
  hash: string,
  familyHash: string,
): Promise<FoundSession | null> {
  const [row] = await db.statements
    .select({ session: identitySessions, key: identityKeys })
    .from(identitySessions)
    .leftJoin(identityKeys, eq(identityKeys.id, sql`${identitySessions.origin} ->> 'keyId'`))
    .where(
      or(
        eq(identitySessions.tokenHash, hash),
        eq(identitySessions.previousHash, hash),
        eq(identitySessions.familyHash, familyHash),
      ),
    );
  return row ?? null;
}

export async function insertSession(tx: Tx, row: SessionRow): Promise<void> {
  await tx.insert(identitySessions).values(row);
}

/** Gives the session its next token. @returns false when another request has done so */
export async function rotateSession(
  db: Database,
  { id, tokenHash }: SessionRow,
  next: Pick<SessionRow, "tokenHash" | "familyHash" | "previousUntil" | "rotatedAt">,
): Promise<boolean> {
  const rows = await db.statements
    .update(identitySessions)
    .set({ ...next, previousHash: tokenHash })
    .where(and(eq(identitySessions.id, id), eq(identitySessions.tokenHash, tokenHash)))
    .returning({ id: identitySessions.id });
  return rows.length > 0;
}

/** @returns null: there is none that the tenant sees; null as `tenantId` sees all */
export async function revokeSession(
  tx: Tx,
  id: string,
  tenantId: string | null,
  now: Date,
): Promise<SessionRow | null> {
  const [row] = await tx
    .update(identitySessions)
    .set({ revokedAt: sql`coalesce(revoked_at, ${now.toISOString()}::timestamptz)` })
    .where(and(eq(identitySessions.id, id), ofTenant(identitySessions.tenantId, tenantId)))
    .returning();
  return row ?? null;
}

/** Ends a session one of whose earlier tokens came back. */
export async function endSession(db: Database, id: string, now: Date): Promise<void> {
  await db.statements
    .update(identitySessions)
    .set({ revokedAt: now })
    .where(and(eq(identitySessions.id, id), isNull(identitySessions.revokedAt)));
}

/** Those that are neither revoked nor over, the newest first. */
export function listSessions(
  db: Database,
  { tenantId, limit, now }: { readonly tenantId: string | null; readonly limit: number; readonly now: Date },
): Promise<SessionRow[]> {
  return db.statements
    .select()
    .from(identitySessions)
    .where(
      and(
        ofTenant(identitySessions.tenantId, tenantId),
        isNull(identitySessions.revokedAt),
        sql`expires_at > ${now.toISOString()}::timestamptz`,
      ),
    )
    .orderBy(desc(identitySessions.createdAt), desc(identitySessions.id))
    .limit(limit);
}

const maxTidied = 1_000;

/**
 * Takes away some of the sessions that have been over, or were ended, for a day.
 *
 * @returns false: there are no more
 */
export async function deleteOldSessions(tx: Tx, now: Date): Promise<boolean> {
  const dayBefore = new Date(now.getTime() - 86_400_000);
  const old = tx
    .select({ id: identitySessions.id })
    .from(identitySessions)
    .where(or(lt(identitySessions.expiresAt, dayBefore), lt(identitySessions.revokedAt, dayBefore)))
    .limit(maxTidied);
  const rows = await tx
    .delete(identitySessions)
    .where(sql`${identitySessions.id} IN ${old}`)
    .returning({ id: identitySessions.id });
  return rows.length === maxTidied;
}
