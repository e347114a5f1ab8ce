import { type Consumer, defineConsumer, type HandlerContext, on, PermanentError } from "@brain/engine";
import { coursePaymentRequired, type Envelope, type PayloadOf } from "@brain/schemas";
import { publishCreated, source } from "./announce.ts";
import { defaultTenant, newIntent } from "./new-intent.ts";
import { refusalOfPurchase } from "./purchase.ts";
import type { PaymentSettings } from "./settings.ts";
import { insertIntent, lookAtPurchase } from "./store.ts";

/**
 * The subscriber `payment`: a course that has to be paid for gets a payment. Stripe is not called here, so that no
 * transaction waits for it; the job opens the page. One event makes one payment, also when a forced replay brings it again.
 */
export function paymentConsumer(settings: PaymentSettings): Consumer {
  return defineConsumer({
    subscriber: "payment",
    source,
    handlers: [on(coursePaymentRequired, (event, context) => beginRequired(event, context, settings))],
  });
}

/** @throws {PermanentError} nobody can be asked for this money: the message says why, and what to do */
async function beginRequired(
  event: Envelope<PayloadOf<typeof coursePaymentRequired>>,
  { tx, publish, log, now }: HandlerContext,
  settings: PaymentSettings,
): Promise<void> {
  const { course_id: courseId, amount_cents: amountCents, currency } = event.payload;
  const { hasIntent, course } = await lookAtPurchase(
    tx,
    event.id,
    { courseId, tenantId: event.tenant_id },
    settings.catalogue,
  );
  if (hasIntent) {
    log.debug({ course_id: courseId }, "this event has its payment already");
    return;
  }
  if (event.actor_id === null) {
    throw new PermanentError(
      `The course "${courseId}" has to be paid for, but the event does not say by whom. Publish it with the payer's id as actor_id, or create the payment with POST /api/paycore/intents.`,
    );
  }
  if (settings.stripe === null) {
    throw new PermanentError(
      "No payment is possible: Stripe is not configured. Set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET, then retry this dead letter.",
    );
  }
  if (course !== undefined) {
    const offer = { amount_cents: amountCents, currency };
    // Whether another tenant has a course of this id is nothing that who publishes learns.
    const known = course?.state === "foreign" ? null : course;
    const refusal = refusalOfPurchase(courseId, known, offer);
    if (refusal !== null) {
      throw new PermanentError(`No payment was begun. ${refusal.message}`, { cause: refusal });
    }
  }
  const at = now();
  const row = newIntent(
    {
      tenantId: event.tenant_id ?? course?.tenantId ?? defaultTenant,
      userId: event.actor_id,
      courseId,
      amountCents,
      currency,
      paymentMetadata: { course_id: courseId },
      sourceEventId: event.id,
      correlationId: event.correlation_id ?? event.id,
      nextAttemptAt: at,
    },
    settings,
    null,
    at,
  );
  const intent = await insertIntent(tx, row);
  if (intent === null) {
    log.debug({ course_id: courseId }, "somebody else has made the payment of this event");
    return;
  }
  await publishCreated(publish, intent, at, { id: intent.lastEventId });
}
