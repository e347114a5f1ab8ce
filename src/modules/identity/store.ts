import type { Database, Tx } from "@brain/engine";
import { and, desc, eq, isNull, lt, or, sql } from "drizzle-orm";
import { ofTenant } from "../of-tenant.ts";
import { identityKeys, type KeyRow } from "./tables.ts";

/** @param tenantId only of this one; null: of all, also those for all tenants */
const visible = (tenantId: string | null) => ofTenant(identityKeys.tenantId, tenantId);

/** The key that authenticates; whose it is, it says itself. */
export async function readKey(db: Database, id: string): Promise<KeyRow | null> {
  const [row] = await db.statements.select().from(identityKeys).where(eq(identityKeys.id, id));
  return row ?? null;
}

export async function findKey(db: Database, id: string, tenantId: string | null): Promise<KeyRow | null> {
  const [row] = await db.statements
    .select()
    .from(identityKeys)
    .where(and(eq(identityKeys.id, id), visible(tenantId)));
  return row ?? null;
}

/** The same in a transaction, which holds the row until its end. */
export async function lockKey(tx: Tx, id: string, tenantId: string | null): Promise<KeyRow | null> {
  const [row] = await tx
    .select()
    .from(identityKeys)
    .where(and(eq(identityKeys.id, id), visible(tenantId)))
    .for("update");
  return row ?? null;
}

/** The newest first. @param before the last one of the page before */
export async function listKeys(
  db: Database,
  {
    tenantId,
    limit,
    before,
  }: { readonly tenantId: string | null; readonly limit: number; readonly before?: string | undefined },
): Promise<KeyRow[]> {
  const behind =
    before === undefined
      ? undefined
      : sql`(created_at, id) < (SELECT created_at, id FROM identity_keys WHERE ${and(eq(identityKeys.id, before), visible(tenantId))})`;
  return db.statements
    .select()
    .from(identityKeys)
    .where(and(visible(tenantId), behind))
    .orderBy(desc(identityKeys.createdAt), desc(identityKeys.id))
    .limit(limit);
}

export async function insertKey(tx: Tx, row: typeof identityKeys.$inferInsert): Promise<void> {
  await tx.insert(identityKeys).values(row);
}

export async function updateKey(tx: Tx, id: string, change: Partial<KeyRow>): Promise<KeyRow> {
  const [row] = await tx.update(identityKeys).set(change).where(eq(identityKeys.id, id)).returning();
  if (row === undefined) throw new Error(`The key ${id} was there a moment ago.`);
  return row;
}

const maxTidied = 1_000;
/** Days for which a key that is over is still shown: it tells why somebody is refused. */
const shownDays = 30;

/**
 * Takes away some of the keys that have expired or were revoked a month ago. Who made and ended them stays in the audit.
 *
 * @returns false: there are no more
 */
export async function deleteOldKeys(tx: Tx, now: Date): Promise<boolean> {
  const before = new Date(now.getTime() - shownDays * 86_400_000);
  const old = tx
    .select({ id: identityKeys.id })
    .from(identityKeys)
    .where(or(lt(identityKeys.expiresAt, before), lt(identityKeys.revokedAt, before)))
    .limit(maxTidied);
  const rows = await tx
    .delete(identityKeys)
    .where(sql`${identityKeys.id} IN ${old}`)
    .returning({ id: identityKeys.id });
  return rows.length === maxTidied;
}

/** @param hour the beginning of the running hour */
export async function noteUse(db: Database, id: string, hour: Date): Promise<void> {
  await db.statements
    .update(identityKeys)
    .set({ lastUsedAt: hour })
    .where(
      and(eq(identityKeys.id, id), or(isNull(identityKeys.lastUsedAt), lt(identityKeys.lastUsedAt, hour))),
    );
}
