import { alertsInTransaction, type HandlerContext, type StatementContext } from "@brain/engine";
import {
  coursePaymentFailed,
  type Envelope,
  type PayloadOf,
  type paymentRefundCompleted,
  type paymentRefundFailed,
  type paymentTransactionCompleted,
} from "@brain/schemas";
import { and, eq, isNotNull, isNull, type SQL, sql } from "drizzle-orm";
import { toldTenant } from "../../told-tenant.ts";
import { refundsDue } from "../tables.ts";

/** Payments for what cannot be delivered: told once, and shown to operators until they are paid back. */

type Context = Pick<HandlerContext, "tx" | "publish" | "log" | "now">;
type Payment = PayloadOf<typeof paymentTransactionCompleted>;

/** What is known of a payment; all but its id and course may be null. */
export type Due = Pick<Payment, "payment_id" | "intent_id" | "amount_cents" | "currency" | "tenant_id"> & {
  readonly course_id: string;
};

/** A payment as its own event tells it. @throws {PermanentError} one tenant tells of another's */
export function dueFor(event: Envelope<Payment>, courseId: string): Due {
  return { ...event.payload, course_id: courseId, tenant_id: toldTenant(event) };
}

/** The request that pays it back, in words. */
function howToRefund({ payment_id: paymentId, intent_id: intentId, amount_cents: amount }: Due): string {
  if (intentId === null) return `Pay the payment ${paymentId} back where it was made.`;
  const body = JSON.stringify({ intent_id: intentId, amount_cents: amount ?? 0, reason: "not delivered" });
  const request =
    amount === null
      ? `POST /api/paycore/refunds with intent_id ${intentId} and its amount`
      : `POST /api/paycore/refunds ${body}`;
  return `Pay it back: ${request}, or, if this service did not take it, where it was made.`;
}

/** Statements that go before the notes, in the same one. */
export interface Before {
  /** CTEs of the caller's own. */
  readonly statements: SQL;
  /** When the payments are to be noted at all. */
  readonly condition: SQL;
}

/**
 * Tells, once per payment, that it has to be paid back: as `course.payment.failed`, and operators by an alert. One
 * statement for all of them.
 */
export async function failPayments(
  dues: readonly Due[],
  reason: string,
  { tx, publish, log, now }: Context,
  before: Before | null = null,
): Promise<void> {
  if (dues.length === 0) return;
  const alerts = dues.map((due) => alertOf(due, reason));
  const given = dues.map((due, place) => ({ ...due, message: alerts[place]?.message }));
  const { rows } = await tx.execute<{ payment_id: string; is_new_alert: boolean | null }>(sql`
    WITH ${before === null ? sql`` : sql`${before.statements},`} given AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(given)}::jsonb)
        AS g(payment_id text, course_id text, amount_cents bigint, message text, tenant_id text)
      ${before === null ? sql`` : sql`WHERE ${before.condition}`}
    ), fresh AS (
      INSERT INTO course_factory_refunds_due (payment_id, course_id, amount_cents, reason, noticed_at)
      SELECT payment_id, course_id, amount_cents, ${reason}, ${now().toISOString()}::timestamptz FROM given
      ON CONFLICT DO NOTHING
      RETURNING payment_id
    ), alerted AS (${alertsInTransaction.raising(sql`
      SELECT 'refund_due', payment_id, 'critical', message, tenant_id, '{}'::text[] FROM given JOIN fresh USING (payment_id)`)}
    )
    SELECT payment_id, is_new AS is_new_alert FROM fresh LEFT JOIN alerted ON alerted.subject = fresh.payment_id`);
  const noted = new Map(rows.map((row) => [row.payment_id, row.is_new_alert === true]));
  for (const [place, due] of dues.entries()) {
    const alert = alerts[place];
    const isNewAlert = noted.get(due.payment_id);
    if (alert === undefined || isNewAlert === undefined) continue;
    if (isNewAlert) alertsInTransaction.logRaised(log, alert);
    await publishFailed(publish, due, reason);
  }
}

/** @param left what is still to be paid back of it, if that is less than all */
function alertOf(due: Due, reason: string, left: Due = due) {
  const sum = due.amount_cents === null ? "" : ` of ${due.amount_cents} ${due.currency ?? ""}`.trimEnd();
  return {
    kind: "refund_due" as const,
    subject: due.payment_id,
    severity: "critical" as const,
    message: `The payment ${due.payment_id}${sum} for the course "${due.course_id}" was received, and cannot be delivered: ${reason} ${howToRefund(left)} This alert ends when payment.refund.completed tells of it.`,
  };
}

async function publishFailed(publish: Context["publish"], due: Due, reason: string): Promise<void> {
  const { course_id, payment_id, intent_id, amount_cents, currency, tenant_id } = due;
  await publish(
    coursePaymentFailed,
    {
      course_id,
      transaction_id: payment_id,
      reason: `${reason} ${howToRefund(due)}`.slice(0, 2000).toWellFormed(),
      refund_due: true,
      ...(intent_id === null ? {} : { intent_id }),
      ...(amount_cents === null ? {} : { amount_cents }),
      ...(currency === null ? {} : { currency }),
    },
    { tenant_id },
  );
}

/** Ends the alert of a payment that is paid back in full; of one that was not due, nothing is known. */
export function settleRefund({ event, build, now }: StatementContext<typeof paymentRefundCompleted>) {
  const { payment_id: paymentId, amount_cents: cents } = event.payload;
  const refunded = sql`${refundsDue.refundedCents} + ${cents ?? 0}::bigint`;
  // Without an amount, all was paid back.
  const isSettled = sql`${cents === null} OR coalesce(${refunded} >= ${refundsDue.amountCents}, true)`;
  const settle = build
    .update(refundsDue)
    .set({
      refundedCents: refunded,
      settledAt: sql`CASE WHEN ${isSettled} THEN ${now().toISOString()}::timestamptz END`,
    })
    .where(and(eq(refundsDue.paymentId, paymentId), isNull(refundsDue.settledAt)));
  const settled = build
    .select({ paymentId: refundsDue.paymentId })
    .from(refundsDue)
    .where(and(eq(refundsDue.paymentId, paymentId), isNotNull(refundsDue.settledAt)));
  return [settle, alertsInTransaction.resolvingIf("refund_due", paymentId, sql`EXISTS ${settled}`)];
}

interface Reopened {
  readonly course_id: string;
  readonly reason: string;
  /** Null: nobody said how much was paid. */
  readonly amount_cents: number | null;
  readonly refunded_cents: number;
}

/**
 * A refund that was paid and failed afterwards: the money came back to us, so it is owed again, and operators are told.
 * Of one that failed before it was paid nothing was counted, and of a payment that was not due nothing is known.
 */
export async function reopenRefund(
  event: Envelope<PayloadOf<typeof paymentRefundFailed>>,
  { tx, log }: Pick<HandlerContext, "tx" | "log">,
): Promise<void> {
  const { payment_id: paymentId, amount_cents: cents, was_completed: wasCompleted } = event.payload;
  if (wasCompleted !== true) return;
  const refunded = sql`CASE WHEN ${cents}::bigint IS NULL THEN 0 ELSE greatest(0, refunded_cents - ${cents}::bigint) END`;
  const { rows } = await tx.execute<Reopened & Record<string, unknown>>(sql`
    UPDATE course_factory_refunds_due SET refunded_cents = ${refunded}, settled_at = NULL
    WHERE payment_id = ${paymentId}
    RETURNING course_id, reason, amount_cents::float8 AS amount_cents, refunded_cents::float8 AS refunded_cents`);
  const [row] = rows;
  if (row === undefined) return;
  const { course_id, reason, amount_cents, refunded_cents } = row;
  const due = { ...event.payload, course_id, amount_cents, tenant_id: toldTenant(event) };
  const left = { ...due, amount_cents: amount_cents === null ? cents : amount_cents - refunded_cents };
  const alert = alertOf(due, `${reason} It was paid back, and the money came back to us.`, left);
  const { rows: raised } = await tx.execute<{ is_new: boolean }>(
    alertsInTransaction.raising(sql`
      SELECT ${alert.kind}::text, ${alert.subject}::text, ${alert.severity}::text, ${alert.message}::text, ${due.tenant_id}::text,
        ARRAY[${event.id}::text]`),
  );
  if (raised[0]?.is_new === true) alertsInTransaction.logRaised(log, alert);
}
