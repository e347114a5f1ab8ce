import type { Envelope, PayloadOf, paymentTransactionCompleted } from "@brain/schemas";
import { toldTenant } from "../../told-tenant.ts";

/** What operators read of a payment that has to be paid back. How much is left of it stands in its row alone. */

type Payment = PayloadOf<typeof paymentTransactionCompleted>;

/** What is known of a payment; all but its id and course may be null. */
export type Due = Pick<Payment, "payment_id" | "intent_id" | "amount_cents" | "currency" | "tenant_id"> & {
  readonly course_id: string;
};

/** A payment as its own event tells it. @throws {PermanentError} one tenant tells of another's */
export function dueFor(event: Envelope<Payment>, courseId: string): Due {
  return { ...event.payload, course_id: courseId, tenant_id: toldTenant(event) };
}

/** A text around what is left. */
interface TextAround {
  readonly head: string;
  /** Null: the text does not say what is left, and `head` is all of it. */
  readonly tail: string | null;
}

/** @param left what is still to be paid back, in cents; null: nobody said how much was paid */
export function withLeft({ head, tail }: TextAround, left: number | null): string {
  return left === null || tail === null ? head : `${head}${left}${tail}`;
}

/** The request that pays it back. */
export function requestText({
  payment_id: paymentId,
  intent_id: intentId,
  amount_cents: amount,
}: Due): TextAround {
  if (intentId === null) return { head: `Pay the payment ${paymentId} back where it was made.`, tail: null };
  const request = "Pay it back: POST /api/paycore/refunds";
  const elsewhere = ", or, if this service did not take it, where it was made.";
  if (amount === null) {
    return { head: `${request} with intent_id ${intentId} and its amount${elsewhere}`, tail: null };
  }
  return {
    head: `${request} {"intent_id":${JSON.stringify(intentId)},"amount_cents":`,
    tail: `,"reason":"not delivered"}${elsewhere}`,
  };
}

/**
 * The message of its alert.
 *
 * @param asked the same with an amount, where only that is known which is to be paid back
 */
export function alertText(due: Due, reason: string, asked: Due = due): TextAround {
  const sum = due.amount_cents === null ? "" : ` of ${due.amount_cents} ${due.currency ?? ""}`.trimEnd();
  const what = `The payment ${due.payment_id}${sum} for the course "${due.course_id}" was received, and cannot be delivered: ${reason}`;
  const end = " This alert ends when payment.refund.completed tells of it.";
  const { head, tail } = requestText(asked);
  return tail === null
    ? { head: `${what} ${head}${end}`, tail }
    : { head: `${what} ${head}`, tail: `${tail}${end}` };
}

export function alertOf({ payment_id: subject }: Due, text: TextAround, left: number | null) {
  return { kind: "refund_due", subject, severity: "critical", message: withLeft(text, left) } as const;
}
