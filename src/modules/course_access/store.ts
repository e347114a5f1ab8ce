import { type Database, type Tx, translated } from "@brain/engine";
import { and, desc, eq, inArray, lt, type SQL, sql } from "drizzle-orm";
import type { Access, Decision } from "./state.ts";
import { courseAccess, type courseAccessNotifications, courseAccessPayments } from "./tables.ts";

/**
 * The statements of this module, one a function; those of payments and refunds are in `payment-store.ts`. Whoever changes
 * something locks the row of the access first and those of its payments after it, always in this order, so that nobody
 * waits in a circle.
 */

const access = courseAccess;
const payments = courseAccessPayments;

/** Who has access to what. */
export interface Holder {
  readonly courseId: string;
  readonly userId: string;
  /** Null: without a tenant. */
  readonly tenantId: string | null;
}

const sameHolder = (table: typeof access | typeof payments, holder: Holder) =>
  and(
    eq(table.courseId, holder.courseId),
    eq(table.userId, holder.userId),
    sql`${table.tenantId} IS NOT DISTINCT FROM ${holder.tenantId}`,
  );

// Reads outside a transaction, one round trip each.

/**
 * The access of a user to a course.
 *
 * @param tenantId undefined: of any tenant, the one that is given before one that was revoked, the newest first
 */
export async function findAccess(
  db: Database,
  courseId: string,
  userId: string,
  tenantId: string | undefined,
): Promise<Access | null> {
  const conditions: SQL[] = [eq(access.courseId, courseId), eq(access.userId, userId)];
  if (tenantId !== undefined) conditions.push(eq(access.tenantId, tenantId));
  const [row] = await translated(
    db.statements
      .select()
      .from(access)
      .where(and(...conditions))
      .orderBy(sql`${access.status} = 'active' DESC`, desc(access.accessId))
      .limit(1),
  );
  return row ?? null;
}

export interface AccessFilter {
  readonly userId: string;
  readonly tenantId?: string | undefined;
  readonly status?: Access["status"] | undefined;
  readonly limit: number;
  /** Id of the last row of the page before. */
  readonly cursor?: string | undefined;
}

/** The accesses of a user, the newest first; one more than `limit` when there are more. */
export async function listAccess(db: Database, filter: AccessFilter): Promise<Access[]> {
  const conditions: SQL[] = [eq(access.userId, filter.userId)];
  if (filter.tenantId !== undefined) conditions.push(eq(access.tenantId, filter.tenantId));
  if (filter.status !== undefined) conditions.push(eq(access.status, filter.status));
  if (filter.cursor !== undefined) conditions.push(lt(access.accessId, BigInt(filter.cursor)));
  return translated(
    db.statements
      .select()
      .from(access)
      .where(and(...conditions))
      .orderBy(desc(access.accessId))
      .limit(filter.limit + 1),
  );
}

/** Fails when the table cannot be read. */
export async function probe(db: Database): Promise<void> {
  await db.rows(sql`SELECT access_id FROM course_access LIMIT 1`);
}

// Within the caller's transaction.

/**
 * Locks the access of a holder until the commit. One that there is not is made, of version 0 and revoked; the caller
 * decides what it becomes, in the same transaction.
 */
export async function lockOrCreateAccess(tx: Tx, holder: Holder, now: Date): Promise<Access> {
  const [row] = await tx
    .insert(access)
    .values({ ...holder, status: "revoked", revokedAt: now })
    // An update of nothing: DO NOTHING would neither lock nor return the row.
    .onConflictDoUpdate({
      target: [access.courseId, access.userId, access.tenantId],
      set: { version: access.version },
    })
    .returning();
  if (row === undefined) throw new Error("an upsert returned no row");
  return row;
}

/** Locks the accesses of a user to a course, in one order for all. `tenantId` undefined: of any tenant. */
export async function lockAccessesOf(
  tx: Tx,
  courseId: string,
  userId: string,
  tenantId: string | undefined,
): Promise<Access[]> {
  const conditions: SQL[] = [eq(access.courseId, courseId), eq(access.userId, userId)];
  if (tenantId !== undefined) conditions.push(eq(access.tenantId, tenantId));
  return tx
    .select()
    .from(access)
    .where(and(...conditions))
    .orderBy(access.accessId)
    .for("update");
}

export async function changeAccess(
  tx: Tx,
  accessId: bigint,
  changes: Decision["changes"],
): Promise<Access | null> {
  const [row] = await tx.update(access).set(changes).where(eq(access.accessId, accessId)).returning();
  return row ?? null;
}

/** Payments of the holder give no access any more, also when one that was paid back comes back to us. */
export async function voidPayments(tx: Tx, holder: Holder, now: Date): Promise<void> {
  await tx
    .update(payments)
    .set({ status: "voided", updatedAt: now })
    .where(and(sameHolder(payments, holder), inArray(payments.status, ["paid", "refunded"])));
}

/**
 * @param earlierId the id that releases up to 0036_payments_by_tenant gave it
 * @returns false when it was sent before
 */
export async function noteNotification(
  tx: Tx,
  { externalId, kind, sourceEventId, sentAt }: typeof courseAccessNotifications.$inferInsert,
  earlierId: string | null,
): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    INSERT INTO course_access_notifications (external_id, kind, source_event_id, sent_at)
    SELECT ${externalId}, ${kind}, ${sourceEventId}, ${sentAt.toISOString()}::timestamptz
    WHERE NOT EXISTS (SELECT FROM course_access_notifications
      WHERE external_id = ${earlierId}::varchar AND source_event_id = ${sourceEventId})
    ON CONFLICT DO NOTHING
    RETURNING external_id`);
  return rows.length > 0;
}
