import type { Tx } from "@brain/engine";
import { eq, sql } from "drizzle-orm";
import { fromJsonRow, type JsonRow } from "../json-rows.ts";
import type { Access, KnownRefunds, Payment } from "./state.ts";
import { courseAccess, courseAccessPayments, courseAccessRefunds } from "./tables.ts";

/*
 * What an event of a payment needs: one statement that locks and reads, one that writes.
 *
 * A statement sees what was committed when it began. One that waits for a lock gets the locked row as it is then, but all
 * else as it was before; see https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED. So a look
 * says whether a row that it has locked was written while it waited (`isStale`: its xmin is another); whoever looks once
 * more sees all of it, and nobody can change it any more. For this to hold, whoever changes which payments give an
 * access writes the row of the access, too, and whoever counts a refund that of its payment.
 */

/** A payment, and its row. */
export interface StoredPayment extends Payment {
  readonly row: number;
}

/** What is known of a payment, with the locks that a change of it needs. */
export interface Known {
  /** Null: it was unknown, and somebody else told of it at this very moment; `isStale` then. */
  readonly payment: StoredPayment | null;
  readonly access: Access | null;
  readonly refunds: KnownRefunds;
  /** It was not known before, and is stored now. */
  readonly isNew: boolean;
  /** Something changed while this look waited: look once more. */
  readonly isStale: boolean;
}

interface LookRow extends Record<string, unknown> {
  readonly payment: JsonRow | null;
  readonly access: JsonRow | null;
  readonly refunds: { readonly count: number; readonly cents: number | null };
  readonly is_new: boolean;
  readonly is_stale: boolean;
}

function toKnown(row: LookRow): Omit<Known, "refunds"> {
  return {
    payment: row.payment === null ? null : fromJsonRow(courseAccessPayments, row.payment),
    access: row.access === null ? null : fromJsonRow(courseAccess, row.access),
    isNew: row.is_new,
    isStale: row.is_stale,
  };
}

/** What refunds of the told payment come to that count, apart from `refundId`; null: all of them. */
const refundsOf = (refundId: string | null) => sql`(
    SELECT jsonb_build_object('count', count(*), 'cents', CASE WHEN bool_or(amount_cents IS NULL) THEN NULL
      ELSE least(coalesce(sum(amount_cents), 0), ${Number.MAX_SAFE_INTEGER}) END)
    FROM course_access_refunds
    WHERE payment_row = (SELECT id FROM told) AND refund_id IS DISTINCT FROM ${refundId} AND reversed_at IS NULL)`;

/**
 * The payment as it was when the statement began: that of the tenant, or of none. An event without a tenant may mean
 * any: one of none goes first, then one of the same user and course.
 */
const told = ({ paymentId, tenantId, userId, courseId }: Payment) => sql`
    told AS (
      SELECT *, xmin AS writer FROM course_access_payments
      WHERE payment = ${paymentId}
        AND (${tenantId}::varchar IS NULL OR tenant_id IS NULL OR tenant_id = ${tenantId})
      ORDER BY tenant_id IS NOT DISTINCT FROM ${tenantId}::varchar DESC,
        user_id = ${userId} AND course_id IS NOT DISTINCT FROM ${courseId}::varchar DESC, id
      LIMIT 1
    )`;

const columnsOf = (payment: Payment, now: Date) => sql`
    ${payment.paymentId}, ${payment.tenantId}, ${payment.userId}, ${payment.courseId},
    ${payment.amountCents}::bigint, ${payment.refundedCents}::bigint, ${payment.status}, ${payment.sourceEventId},
    ${now.toISOString()}::timestamptz`;

/**
 * Looks at a payment that an event says is completed. One that is new is stored. Unless it was completed before, the
 * access of its holder is locked; if there is none, it is made, of version 0 and revoked.
 */
export async function lookAtPayment(tx: Tx, fresh: Payment, now: Date): Promise<Known> {
  const { tenantId, userId, courseId } = fresh;
  const { rows } = await tx.execute<LookRow>(sql`
    WITH ${told(fresh)}, held_access AS (
      INSERT INTO course_access AS a (tenant_id, user_id, course_id, status, revoked_at)
      SELECT ${tenantId}, ${userId}, ${courseId}, 'revoked', ${now.toISOString()}::timestamptz
      WHERE NOT EXISTS (SELECT FROM told WHERE status <> 'awaited')
      -- An update of nothing: DO NOTHING would neither lock nor return the row.
      ON CONFLICT (course_id, user_id, tenant_id) DO UPDATE SET version = a.version
      RETURNING *
    ), new_payment AS (
      INSERT INTO course_access_payments (payment, tenant_id, user_id, course_id, amount_cents, refunded_cents,
        status, source_event_id, updated_at)
      SELECT ${columnsOf(fresh, now)} FROM held_access WHERE NOT EXISTS (SELECT FROM told)
      ON CONFLICT DO NOTHING
      RETURNING *
    ), awaited AS (
      SELECT p.*, p.xmin AS writer FROM held_access, course_access_payments p
      WHERE p.id = (SELECT id FROM told) FOR UPDATE OF p
    )
    SELECT coalesce(
        (SELECT to_jsonb(p) FROM awaited p), (SELECT to_jsonb(p) FROM told p), (SELECT to_jsonb(p) FROM new_payment p)
      ) AS payment,
      (SELECT to_jsonb(a) FROM held_access a) AS access, ${refundsOf(null)} AS refunds,
      EXISTS (SELECT FROM new_payment) AS is_new,
      CASE WHEN EXISTS (SELECT FROM told) THEN EXISTS (SELECT FROM told JOIN awaited p ON p.writer <> told.writer)
        ELSE NOT EXISTS (SELECT FROM new_payment) END AS is_stale`);
  const [row] = rows;
  if (row === undefined) throw new Error("a look at a payment returned no row");
  return { ...toKnown(row), refunds: { others: row.refunds, own: null } };
}

/** A refund, as an event tells it. */
export interface Refund {
  readonly refundId: string;
  /** Null: not told, so all of the payment. */
  readonly amountCents: number | null;
}

/** A payment of which a refund is told, as it is looked at. */
export interface RefundedPayment extends Known {
  /**
   * Payments of the holder that give access, and this one whatever it is, the first two in the order in which access
   * rests on them.
   */
  readonly candidates: readonly string[];
}

/**
 * Looks at a payment of which a refund is told, and locks it and the access of its holder, if there is one. One that is
 * not known yet is stored as `awaited`.
 */
export async function lookAtRefunded(
  tx: Tx,
  awaited: Payment,
  refundId: string,
  now: Date,
): Promise<RefundedPayment> {
  const { paymentId } = awaited;
  const { rows } = await tx.execute<
    LookRow & { own: { readonly is_reversed: boolean } | null; candidates: readonly string[] }
  >(sql`
    WITH ${told(awaited)}, told_access AS (
      SELECT a.access_id, a.xmin AS writer
      FROM told JOIN course_access a ON a.course_id = told.course_id AND a.user_id = told.user_id
        AND a.tenant_id IS NOT DISTINCT FROM told.tenant_id
      WHERE told.status <> 'awaited'
    ), held_access AS (
      SELECT a.*, a.xmin AS writer FROM told_access JOIN course_access a USING (access_id) FOR UPDATE OF a
    ), held_payment AS (
      -- The count has the access locked first.
      SELECT p.*, p.xmin AS writer FROM course_access_payments p
      WHERE p.id = (SELECT id FROM told) AND (SELECT count(*) FROM held_access) >= 0 FOR UPDATE
    ), new_payment AS (
      INSERT INTO course_access_payments (payment, tenant_id, user_id, course_id, amount_cents, refunded_cents,
        status, source_event_id, updated_at)
      SELECT ${columnsOf(awaited, now)} WHERE NOT EXISTS (SELECT FROM told)
      ON CONFLICT DO NOTHING
      RETURNING *
    )
    SELECT coalesce((SELECT to_jsonb(p) FROM held_payment p), (SELECT to_jsonb(p) FROM new_payment p)) AS payment,
      (SELECT to_jsonb(a) FROM held_access a) AS access, ${refundsOf(refundId)} AS refunds,
      (SELECT jsonb_build_object('is_reversed', reversed_at IS NOT NULL) FROM course_access_refunds
        WHERE payment_row = (SELECT id FROM told) AND refund_id = ${refundId}) AS own,
      ARRAY(
        SELECT p.payment FROM held_access a JOIN course_access_payments p ON p.course_id = a.course_id
          AND p.user_id = a.user_id AND p.tenant_id IS NOT DISTINCT FROM a.tenant_id
        WHERE p.status = 'paid' OR p.payment = ${paymentId}
        ORDER BY p.payment = a.payment_id DESC NULLS LAST, p.payment LIMIT 2
      )::text[] AS candidates,
      EXISTS (SELECT FROM new_payment) AS is_new,
      CASE WHEN EXISTS (SELECT FROM told) THEN
          EXISTS (SELECT FROM told JOIN held_payment p ON p.writer <> told.writer)
          OR EXISTS (SELECT FROM told_access JOIN held_access a USING (access_id) WHERE a.writer <> told_access.writer)
        ELSE NOT EXISTS (SELECT FROM new_payment) END AS is_stale`);
  const [row] = rows;
  if (row === undefined) throw new Error("a look at a refunded payment returned no row");
  const own = row.own === null ? null : { isReversed: row.own.is_reversed };
  return { ...toKnown(row), refunds: { others: row.refunds, own }, candidates: row.candidates };
}

/** What an event of a payment changes. */
interface PaymentChange {
  /** The row of the payment. */
  readonly row: number;
  /** Null: no refund is told. `isReversed`: it was not paid in the end, for good. */
  readonly refund: (Refund & { readonly isReversed: boolean }) | null;
  /** Null: it is stored as it is. */
  readonly payment: Payment | null;
  /**
   * Null: there is none, or it has nothing to do with it. Its row is written also when nothing of it changes: who waits
   * for it has to see that something has.
   */
  readonly access: Access | null;
}

/** Writes it in one statement. The caller has locked what is there. */
export async function savePaymentChange(
  tx: Tx,
  { row: paymentRow, refund, payment, access }: PaymentChange,
  now: Date,
): Promise<void> {
  const refunds = courseAccessRefunds;
  const payments = courseAccessPayments;
  const writes = [];
  if (refund !== null) {
    const { isReversed, ...told } = refund;
    const reversedAt = isReversed ? now : null;
    const noted = tx
      .insert(refunds)
      .values({ ...told, paymentRow, countedAt: now, reversedAt })
      .onConflictDoUpdate({ target: [refunds.paymentRow, refunds.refundId], set: { reversedAt } });
    writes.push(sql`noted_refund AS ${noted}`);
  }
  if (payment !== null) {
    const { tenantId, userId, courseId, amountCents, refundedCents, status, sourceEventId } = payment;
    const columns = { tenantId, userId, courseId, amountCents, refundedCents, status, sourceEventId };
    const kept = tx
      .update(payments)
      .set({ ...columns, updatedAt: now })
      .where(eq(payments.row, paymentRow));
    writes.push(sql`kept_payment AS ${kept}`);
  }
  if (access !== null) {
    const { accessId, ...columns } = access;
    const kept = tx.update(courseAccess).set(columns).where(eq(courseAccess.accessId, accessId));
    writes.push(sql`kept_access AS ${kept}`);
  }
  if (writes.length > 0) await tx.execute(sql`WITH ${sql.join(writes, sql`, `)} SELECT`);
}
