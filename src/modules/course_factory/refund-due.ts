import { alertsInTransaction, type HandlerContext } from "@brain/engine";
import {
  coursePaymentFailed,
  type Envelope,
  type PayloadOf,
  type paymentRefundCompleted,
  type paymentTransactionCompleted,
} from "@brain/schemas";
import { and, eq, isNull, sql } from "drizzle-orm";
import { refundsDue } from "./tables.ts";

/** Payments for what cannot be delivered: told once, and shown to operators until they are paid back. */

type Context = Pick<HandlerContext, "tx" | "publish" | "log" | "now">;
type Payment = PayloadOf<typeof paymentTransactionCompleted>;

/** What is known of a payment; all but its id and course may be null. */
export type Due = Pick<Payment, "payment_id" | "intent_id" | "amount_cents" | "currency" | "tenant_id"> & {
  readonly course_id: string;
};

/** A payment as its own event tells it. */
export function dueFor({ payload, tenant_id }: Envelope<Payment>, courseId: string): Due {
  return { ...payload, course_id: courseId, tenant_id: payload.tenant_id ?? tenant_id };
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

/**
 * Raises an alert that a payment is to be paid back, once per payment.
 *
 * @returns false when it was known already
 */
async function noteRefundDue(
  due: Due,
  reason: string,
  { tx, log, now }: Pick<Context, "tx" | "log" | "now">,
): Promise<boolean> {
  const inserted = await tx
    .insert(refundsDue)
    .values({
      paymentId: due.payment_id,
      courseId: due.course_id,
      amountCents: due.amount_cents,
      reason,
      noticedAt: now().toISOString(),
    })
    .onConflictDoNothing()
    .returning({ paymentId: refundsDue.paymentId });
  if (inserted.length === 0) return false;
  const sum = due.amount_cents === null ? "" : ` of ${due.amount_cents} ${due.currency ?? ""}`.trimEnd();
  await alertsInTransaction.raise(tx, log, {
    kind: "refund_due",
    subject: due.payment_id,
    severity: "critical",
    message: `The payment ${due.payment_id}${sum} for the course "${due.course_id}" was received, and cannot be delivered: ${reason} ${howToRefund(due)} This alert ends when payment.refund.completed tells of it.`,
  });
  return true;
}

/** Tells, once per payment, that it has to be paid back: as `course.payment.failed`, and operators by an alert. */
export async function failPayment(due: Due, reason: string, context: Context): Promise<void> {
  if (!(await noteRefundDue(due, reason, context))) return;
  const { course_id, payment_id, intent_id, amount_cents, currency, tenant_id } = due;
  await context.publish(
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
export async function settleRefund(
  event: Envelope<PayloadOf<typeof paymentRefundCompleted>>,
  { tx, log, now }: Context,
): Promise<void> {
  const { payment_id: paymentId, amount_cents: cents } = event.payload;
  const refunded = sql`${refundsDue.refundedCents} + ${cents ?? 0}::bigint`;
  // Without an amount, all was paid back.
  const isSettled = sql`${cents === null} OR coalesce(${refunded} >= ${refundsDue.amountCents}, true)`;
  const rows = await tx
    .update(refundsDue)
    .set({
      refundedCents: refunded,
      settledAt: sql`CASE WHEN ${isSettled} THEN ${now().toISOString()}::timestamptz END`,
    })
    .where(and(eq(refundsDue.paymentId, paymentId), isNull(refundsDue.settledAt)))
    .returning({ settledAt: refundsDue.settledAt });
  if (rows.some(({ settledAt }) => settledAt !== null)) {
    await alertsInTransaction.resolve(tx, log, "refund_due", paymentId);
  }
}
