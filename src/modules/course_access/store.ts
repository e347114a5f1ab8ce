import { type Database, type Tx, translated } from "@brain/engine";
import { and, desc, eq, inArray, isNull, lt, type SQL, sql } from "drizzle-orm";
import type { Access, Decision, PaidBack, Payment } from "./state.ts";
import {
  courseAccess,
  courseAccessNotifications,
  courseAccessPayments,
  courseAccessRefunds,
} from "./tables.ts";

/**
 * The statements of this module, one a function. Whoever changes something locks the row of the access first and those
 * of its payments after it, always in this order, so that nobody waits in a circle.
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

/** Locks the access of a holder until the commit; null when there is none. */
export async function lockAccess(tx: Tx, holder: Holder): Promise<Access | null> {
  const [row] = await tx.select().from(access).where(sameHolder(access, holder)).for("update");
  return row ?? null;
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

/** What is known of a payment, without a lock. */
export async function findPayment(tx: Tx, paymentId: string): Promise<Payment | null> {
  const [row] = await tx.select().from(payments).where(eq(payments.paymentId, paymentId));
  return row ?? null;
}

export async function lockPayment(tx: Tx, paymentId: string): Promise<Payment | null> {
  const [row] = await tx.select().from(payments).where(eq(payments.paymentId, paymentId)).for("update");
  return row ?? null;
}

/** @returns false when the payment is known; nothing was stored then */
export async function insertPayment(tx: Tx, payment: Payment, now: Date): Promise<boolean> {
  const rows = await tx
    .insert(payments)
    .values({ ...payment, updatedAt: now })
    .onConflictDoNothing()
    .returning({ paymentId: payments.paymentId });
  return rows.length > 0;
}

export async function updatePayment(tx: Tx, payment: Payment, now: Date): Promise<void> {
  const { paymentId, ...columns } = payment;
  await tx
    .update(payments)
    .set({ ...columns, updatedAt: now })
    .where(eq(payments.paymentId, paymentId));
}

/** A payment of the holder that is not paid back, `preferred` if it is one; null when there is none. */
export async function findPaid(tx: Tx, holder: Holder, preferred: string | null): Promise<string | null> {
  const [row] = await tx
    .select({ paymentId: payments.paymentId })
    .from(payments)
    .where(and(sameHolder(payments, holder), eq(payments.status, "paid")))
    .orderBy(sql`${payments.paymentId} = ${preferred} DESC NULLS LAST`, payments.paymentId)
    .limit(1);
  return row?.paymentId ?? null;
}

/** Payments of the holder give no access any more, also when one that was paid back comes back to us. */
export async function voidPayments(tx: Tx, holder: Holder, now: Date): Promise<void> {
  await tx
    .update(payments)
    .set({ status: "voided", updatedAt: now })
    .where(and(sameHolder(payments, holder), inArray(payments.status, ["paid", "refunded"])));
}

/** @returns false when this refund was told before */
export async function insertRefund(
  tx: Tx,
  refund: { readonly paymentId: string; readonly refundId: string; readonly amountCents: number | null },
  now: Date,
): Promise<boolean> {
  const rows = await tx
    .insert(courseAccessRefunds)
    .values({ ...refund, countedAt: now })
    .onConflictDoNothing()
    .returning({ refundId: courseAccessRefunds.refundId });
  return rows.length > 0;
}

/**
 * Notes that a refund was not paid in the end, for good: one that is told later counts no more.
 *
 * @returns false when that was noted before
 */
export async function reverseRefund(
  tx: Tx,
  refund: { readonly paymentId: string; readonly refundId: string; readonly amountCents: number | null },
  now: Date,
): Promise<boolean> {
  const table = courseAccessRefunds;
  const rows = await tx
    .insert(table)
    .values({ ...refund, countedAt: now, reversedAt: now })
    .onConflictDoUpdate({
      target: [table.paymentId, table.refundId],
      set: { reversedAt: now },
      setWhere: isNull(table.reversedAt),
    })
    .returning({ refundId: table.refundId });
  return rows.length > 0;
}

/** What the refunds of a payment come to. Its row is locked by the caller, so that it stays so. */
export async function sumRefunds(tx: Tx, paymentId: string): Promise<PaidBack> {
  const table = courseAccessRefunds;
  const [row] = await tx
    .select({
      count: sql<number>`count(*)::int`,
      isAll: sql<boolean | null>`bool_or(${table.amountCents} IS NULL)`,
      cents: sql<string>`LEAST(COALESCE(sum(${table.amountCents}), 0), ${Number.MAX_SAFE_INTEGER})`,
    })
    .from(table)
    .where(and(eq(table.paymentId, paymentId), isNull(table.reversedAt)));
  return { count: row?.count ?? 0, cents: row?.isAll === true ? null : Number(row?.cents ?? 0) };
}

/** @returns false when a notification with this external id was sent before */
export async function noteNotification(
  tx: Tx,
  row: typeof courseAccessNotifications.$inferInsert,
): Promise<boolean> {
  const rows = await tx
    .insert(courseAccessNotifications)
    .values(row)
    .onConflictDoNothing()
    .returning({ externalId: courseAccessNotifications.externalId });
  return rows.length > 0;
}
