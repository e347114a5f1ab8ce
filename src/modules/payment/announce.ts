import type { Publish, PublishContext, PublishOptions } from "@brain/engine";
import {
  type EventDefinition,
  type PayloadInputOf,
  paymentIntentCreated,
  paymentRefundCompleted,
  paymentRefundFailed,
  paymentRefundRequested,
  paymentTransactionCancelled,
  paymentTransactionCompleted,
  paymentTransactionFailed,
} from "@brain/schemas";
import { safeReason } from "../../http/kit/free-text.ts";
import type { Intent, Refund } from "./model.ts";
import type { IntentStep, RefundStep } from "./state.ts";

/** The events of payments: ids and amounts, no provider's id, and of the metadata only what is a field of its own. */

/** Producer of all events of this module. */
export const source = "payment";

type Payer = Pick<
  Intent,
  "id" | "userId" | "tenantId" | "courseId" | "amountCents" | "currency" | "provider" | "paidTransactionId"
>;

function factsOf(intent: Payer, now: Date): PayloadInputOf<typeof paymentTransactionCompleted> {
  return {
    // The ledger entry of the money received is the payment; before there is one, the intent stands for it.
    payment_id: intent.paidTransactionId ?? intent.id,
    intent_id: intent.id,
    user_id: intent.userId,
    tenant_id: intent.tenantId,
    course_id: intent.courseId,
    amount_cents: intent.amountCents,
    currency: intent.currency,
    provider: intent.provider,
    occurred_at: now.toISOString(),
  };
}

/** Of work that no request of a user caused: the story goes on where the payment's last event left it. */
export function storyOf(intent: Pick<Intent, "tenantId" | "correlationId" | "lastEventId">): PublishContext {
  return {
    source,
    tenant_id: intent.tenantId,
    actor_id: null,
    correlation_id: intent.correlationId,
    causation_id: intent.lastEventId,
  };
}

/** Records `payment.intent.created`. */
export async function publishCreated(
  publish: Publish,
  intent: Payer,
  now: Date,
  options: PublishOptions,
): Promise<void> {
  await publish(paymentIntentCreated, factsOf(intent, now), { ...options, tenant_id: intent.tenantId });
}

/** Records what became of a payment. @returns the event's id */
export async function publishOutcome(
  publish: Publish,
  intent: Intent,
  entry: IntentStep["entry"],
  now: Date,
): Promise<string> {
  const facts = factsOf(intent, now);
  const send = (definition: EventDefinition) => publish(definition, facts, storyOf(intent));
  switch (entry) {
    case "payment_succeeded":
      return (await send(paymentTransactionCompleted)).id;
    case "payment_failed":
      return (await send(paymentTransactionFailed)).id;
    case "payment_cancelled":
      return (await send(paymentTransactionCancelled)).id;
  }
}

/** What each step of a refund tells; one that fails after it was paid says so, because the payer's right is back. */
const refundEvents = {
  refund_requested: { definition: paymentRefundRequested, more: {} },
  refund_succeeded: { definition: paymentRefundCompleted, more: {} },
  refund_failed: { definition: paymentRefundFailed, more: { was_completed: false } },
  refund_reversed: { definition: paymentRefundFailed, more: { was_completed: true } },
} as const satisfies Record<"refund_requested" | NonNullable<RefundStep["entry"]>, object>;

/** What became of a refund. */
export interface RefundNews {
  readonly step: keyof typeof refundEvents;
  readonly now: Date;
  /** Who asked for it; null: the provider told of it. */
  readonly actorId: string | null;
}

/**
 * Records what became of a refund; `amount_cents` and `reason` are the refund's.
 *
 * @returns the event's id
 */
export async function publishRefund(
  publish: Publish,
  intent: Intent,
  refund: Pick<Refund, "id" | "amountCents" | "reason">,
  { step, now, actorId }: RefundNews,
): Promise<string> {
  const { more, ...told } = refundEvents[step];
  const definition: EventDefinition = told.definition;
  const payload = {
    ...factsOf(intent, now),
    amount_cents: refund.amountCents,
    refund_id: refund.id,
    ...(refund.reason === null ? {} : { reason: safeReason(refund.reason) }),
    ...more,
  };
  const event = await publish(definition, payload, { ...storyOf(intent), actor_id: actorId });
  return event.id;
}
