import { type HandlerContext, TransientError } from "@brain/engine";
import type {
  Envelope,
  PayloadOf,
  paymentRefundCompleted,
  paymentRefundFailed,
  paymentTransactionCompleted,
} from "@brain/schemas";
import { requireTeller, toldTenant } from "../told-tenant.ts";
import { publishChange } from "./announce.ts";
import { type Known, lookAtPayment, lookAtRefunded, savePaymentChange } from "./payment-store.ts";
import {
  type Access,
  awaitedPayment,
  completePayment,
  countRefund,
  type Decision,
  decideAccess,
  type Grounds,
  groundsWith,
  isKnownPayment,
  newPayment,
  type PaymentFact,
  type RefundFact,
  refundPayment,
  refundReason,
} from "./state.ts";

/** What payments and refunds do to access. */

/**
 * Notes a payment for a course and grants access, unless the payment is known or its refunds came first. A payment for
 * anything else is none of this module's business.
 */
export async function grantForPayment(
  event: Envelope<PayloadOf<typeof paymentTransactionCompleted>>,
  context: HandlerContext,
): Promise<void> {
  const { payload } = event;
  if (payload.course_id === null) return;
  const { tx, log } = context;
  const fact: PaymentFact = {
    paymentId: payload.payment_id,
    tenantId: toldTenant(event),
    userId: payload.user_id,
    courseId: payload.course_id,
    amountCents: payload.amount_cents,
    eventId: event.id,
  };
  const now = context.now();
  const seen = await lookAgainIfStale(() => lookAtPayment(tx, newPayment(fact), now));
  const { payment: known, access } = seen;
  if (known === null || seen.isStale) throw changedMeanwhile(fact.paymentId);
  requireTeller(event, known.tenantId);
  if (!seen.isNew && isKnownPayment(known, fact)) {
    // Found at the second look only: what the first one has made for it may be the wrong thing.
    if (seen.looks > 1) throw changedMeanwhile(fact.paymentId);
    log.debug({ payment_id: fact.paymentId }, "the payment is known already");
    return;
  }
  if (access === null) throw changedMeanwhile(fact.paymentId);
  const payment = seen.isNew ? known : completePayment(fact, seen.refunds.others);
  const decision = decide(context, access, groundsWith(access, payment), event.id);
  const changed = decision === null ? access : { ...access, ...decision.changes };
  await savePaymentChange(
    tx,
    {
      row: known.row,
      refund: null,
      payment: seen.isNew ? null : payment,
      access: decision === null ? null : changed,
    },
    now,
  );
  if (decision !== null) await publishChange(context.publish, changed, decision.change, fact.paymentId);
}

/**
 * Looks once more when something changed while the first look waited; then nothing can change any more.
 *
 * @throws {TransientError} the payment has got an access meanwhile: it would be locked behind the payment, which nobody
 *   does
 */
async function lookAgainIfStale<T extends Known>(
  look: () => Promise<T>,
): Promise<T & { readonly looks: number }> {
  const first = await look();
  if (!first.isStale) return { ...first, looks: 1 };
  const { payment, access } = first;
  if (payment !== null && access === null && payment.status !== "awaited") {
    throw changedMeanwhile(payment.paymentId);
  }
  return { ...(await look()), looks: 2 };
}

/** Somebody else told of the same payment since it was looked up; what was locked for it may be the wrong thing. */
function changedMeanwhile(paymentId: string): TransientError {
  return new TransientError(`The payment "${paymentId}" changed while it was handled. It is tried again.`);
}

type RefundEvent = Envelope<PayloadOf<typeof paymentRefundCompleted>>;

/**
 * Counts a refund and revokes access when nothing else gives it. A refund of a payment that is not known yet is
 * remembered, so that the payment grants nothing when it comes.
 */
export function revokeForRefund(event: RefundEvent, context: HandlerContext): Promise<void> {
  return recount(event, context, "paid_back");
}

/**
 * A refund that was paid and failed afterwards: the money came back to us, so it counts no more, and access is given
 * again unless an operator took it away. Whatever else failed was never counted.
 */
export async function grantAfterReversal(
  event: Envelope<PayloadOf<typeof paymentRefundFailed>>,
  context: HandlerContext,
): Promise<void> {
  if (event.payload.was_completed === true) await recount(event, context, "reversed");
}

async function recount(
  event: RefundEvent,
  context: HandlerContext,
  told: "paid_back" | "reversed",
): Promise<void> {
  const { payload } = event;
  const fact: RefundFact = {
    paymentId: payload.payment_id,
    tenantId: toldTenant(event),
    userId: payload.user_id,
    courseId: payload.course_id,
    amountCents: payload.amount_cents,
  };
  const { paymentId, amountCents } = fact;
  const refundId = payload.refund_id ?? event.id;
  const { tx, log, publish } = context;
  const now = context.now();
  const seen = await lookAgainIfStale(() => lookAtRefunded(tx, awaitedPayment(fact), refundId, now));
  const { payment: before, access } = seen;
  if (before === null || seen.isStale) throw changedMeanwhile(paymentId);
  requireTeller(event, before.tenantId);
  const back = countRefund(seen.refunds, amountCents, told);
  if (back === null) {
    log.debug({ payment_id: paymentId, refund_id: refundId }, "this was told of the refund already");
    return;
  }
  if (seen.isNew) {
    log.info({ payment_id: paymentId }, "a refund came before its payment; it is remembered");
  }
  const refund = { refundId, amountCents, isReversed: told === "reversed" };
  const { row } = before;
  const payment = refundPayment(before, back);
  if (access === null || payment.status === before.status) {
    await savePaymentChange(tx, { row, refund, payment, access: null }, now);
    return;
  }
  const paidPayment = seen.candidates.find((id) => id !== paymentId || payment.status === "paid") ?? null;
  const grounds = { operatorGranted: access.operatorGranted, paidPayment };
  const decision = decide(context, access, grounds, event.id);
  const changed = { ...access, ...decision?.changes };
  await savePaymentChange(tx, { row, refund, payment, access: changed }, now);
  if (decision !== null) await publishChange(publish, changed, decision.change, paymentId);
}

function decide({ now }: HandlerContext, access: Access, grounds: Grounds, eventId: string): Decision | null {
  return decideAccess(access, grounds, { now: now(), eventId, revokeReason: refundReason });
}
