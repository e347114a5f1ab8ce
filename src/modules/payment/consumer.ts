import { coursePaymentRequired } from "@brain/schemas";
import { defineConsumer } from "../../consume/consumer.ts";
import { type Consumer, on } from "../../consume/define-consumer.ts";
import { PermanentError } from "../../core/errors.ts";
import { publishCreated, source } from "./announce.ts";
import { newIntent } from "./intents.ts";
import type { PaymentSettings } from "./settings.ts";
import { insertIntent } from "./store.ts";

/** Of a payment that an event without a tenant asks for, as in a request that names none. */
const defaultTenant = "default";

/**
 * The subscriber `payment`: a course that has to be paid for gets a payment. Stripe is not called here, so that no
 * transaction waits for it; the job opens the page. One event makes one payment, also when it is handled twice.
 */
export function paymentConsumer(settings: PaymentSettings): Consumer {
  return defineConsumer({
    subscriber: "payment",
    source,
    handlers: [
      on(coursePaymentRequired, async (event, { tx, publish, log, now }) => {
        const { course_id: courseId, amount_cents: amountCents, currency } = event.payload;
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
        const at = now();
        const row = newIntent(
          {
            tenantId: event.tenant_id ?? defaultTenant,
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
          log.debug({ course_id: courseId }, "this event has its payment already");
          return;
        }
        await publishCreated(publish, intent, at, { id: intent.lastEventId });
      }),
    ],
  });
}
