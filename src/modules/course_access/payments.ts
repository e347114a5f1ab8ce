import { type HandlerContext, TransientError } from "@brain/engine";
import type {
  Envelope,
  PayloadOf,
  paymentRefundCompleted,
  paymentRefundFailed,
  paymentTransactionCompleted,
} from "@brain/schemas";
import { publishChange } from "./announce.ts";
import {
  type Access,
  awaitedPayment,
  completePayment,
  decideAccess,
  type Grounds,
  groundsWith,
  isKnownPayment,
  newPayment,
  type Payment,
  type PaymentFact,
  type RefundFact,
  refundPayment,
  refundReason,
} from "./state.ts";
import {
  changeAccess,
  findPaid,
  findPayment,
  type Holder,
  insertPayment,
  insertRefund,
  lockAccess,
  lockOrCreateAccess,
  lockPayment,
  reverseRefund,
  sumRefunds,
  updatePayment,
} from "./store.ts";

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
    tenantId: payload.tenant_id ?? event.tenant_id,
    userId: payload.user_id,
    courseId: payload.course_id,
    amountCents: payload.amount_cents,
    eventId: event.id,
  };
  const known = await findPayment(tx, fact.paymentId);
  if (known !== null && isKnownPayment(known, fact)) {
    log.debug({ payment_id: fact.paymentId }, "the payment is known already");
    return;
  }
  const now = context.now();
  const access = await lockOrCreateAccess(tx, fact, now);
  const payment = await storePayment(context, fact, now);
  await settle(context, access, groundsWith(access, payment), {
    eventId: event.id,
    paymentId: fact.paymentId,
  });
}

async function storePayment({ tx }: HandlerContext, fact: PaymentFact, now: Date): Promise<Payment> {
  const fresh = newPayment(fact);
  if (await insertPayment(tx, fresh, now)) return fresh;
  const known = await lockPayment(tx, fact.paymentId);
  if (known === null || isKnownPayment(known, fact)) throw changedMeanwhile(fact.paymentId);
  const completed = completePayment(fact, await sumRefunds(tx, fact.paymentId));
  await updatePayment(tx, completed, now);
  return completed;
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
  return recount(event, context, insertRefund);
}

/**
 * A refund that was paid and failed afterwards: the money came back to us, so it counts no more, and access is given
 * again unless an operator took it away. Whatever else failed was never counted.
 */
export async function grantAfterReversal(
  event: Envelope<PayloadOf<typeof paymentRefundFailed>>,
  context: HandlerContext,
): Promise<void> {
  if (event.payload.was_completed === true) await recount(event, context, reverseRefund);
}

/** @param note notes what is told of the refund; false when that was noted before */
async function recount(
  event: RefundEvent,
  context: HandlerContext,
  note: typeof insertRefund,
): Promise<void> {
  const { payload } = event;
  const fact: RefundFact = {
    paymentId: payload.payment_id,
    tenantId: payload.tenant_id ?? event.tenant_id,
    userId: payload.user_id,
    courseId: payload.course_id,
    amountCents: payload.amount_cents,
  };
  const refund = {
    paymentId: fact.paymentId,
    refundId: payload.refund_id ?? event.id,
    amountCents: fact.amountCents,
  };
  const { tx, log } = context;
  const now = context.now();
  const known = await findPayment(tx, fact.paymentId);
  const holder = known === null ? null : holderOf(known);
  const access = holder === null ? null : await lockAccess(tx, holder);

  if (known === null && (await insertPayment(tx, awaitedPayment(fact), now))) {
    log.info({ payment_id: fact.paymentId }, "a refund came before its payment; it is remembered");
  }
  const before = await lockPayment(tx, fact.paymentId);
  if (before === null || (before.status === "awaited") !== (holder === null)) {
    throw changedMeanwhile(fact.paymentId);
  }
  if (!(await note(tx, refund, now))) {
    log.debug(
      { payment_id: fact.paymentId, refund_id: refund.refundId },
      "this was told of the refund already",
    );
    return;
  }
  const payment = refundPayment(before, await sumRefunds(tx, fact.paymentId));
  await updatePayment(tx, payment, now);
  if (access === null || holder === null || payment.status === before.status) return;
  const paidPayment = await findPaid(tx, holder, access.paymentId);
  await settle(
    context,
    access,
    { operatorGranted: access.operatorGranted, paidPayment },
    { eventId: event.id, paymentId: fact.paymentId },
  );
}

/** Null for a payment that is awaited: no access rests on it. */
function holderOf({ status, courseId, userId, tenantId }: Payment): Holder | null {
  return status === "awaited" || courseId === null ? null : { courseId, userId, tenantId };
}

async function settle(
  { tx, publish, now }: HandlerContext,
  access: Access,
  grounds: Grounds,
  cause: { readonly eventId: string; readonly paymentId: string },
): Promise<void> {
  const decision = decideAccess(access, grounds, {
    now: now(),
    eventId: cause.eventId,
    revokeReason: refundReason,
  });
  if (decision === null) return;
  const row = await changeAccess(tx, access.accessId, decision.changes);
  if (row !== null) await publishChange(publish, row, decision.change, cause.paymentId);
}
