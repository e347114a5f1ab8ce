import { BadRequestError, issuesOf } from "@brain/engine";
import { decodeUtf8, readJson } from "@brain/schemas";
import * as z from "zod";
import type { PaymentFact, RefundFact } from "./state.ts";

/*
 * What Stripe's webhooks tell, in our words. Only the fields that we use are read; Stripe adds others at any time.
 * Source: https://docs.stripe.com/api/events/types
 */

/** By which ids a payment of ours can be found; null where Stripe did not tell. */
export interface PaymentRefs {
  /** Ours, as we gave it to Stripe. */
  readonly intentId: string | null;
  readonly sessionId: string | null;
  readonly paymentId: string | null;
}

export interface Money {
  readonly amountCents: number;
  /** Upper case. */
  readonly currency: string;
}

/** A refund as Stripe sees it. */
export interface ProviderRefund extends Money {
  readonly providerRefundId: string;
  /** Our id of it; null when it was made elsewhere, e.g. in Stripe's dashboard. */
  readonly refundId: string | null;
  readonly fact: RefundFact;
  readonly failureReason: string | null;
}

export type ProviderFact =
  | {
      readonly kind: "payment";
      readonly fact: PaymentFact;
      readonly refs: PaymentRefs;
      /** Null for failures. */
      readonly money: Money | null;
      readonly reason: string | null;
    }
  /** The payer has finished, but the money is still under way: another event will tell. */
  | { readonly kind: "waiting"; readonly refs: PaymentRefs }
  | { readonly kind: "refunds"; readonly refs: PaymentRefs; readonly refunds: readonly ProviderRefund[] }
  /** Refunds of this payment changed, and Stripe has to be asked which. */
  | { readonly kind: "ask_refunds"; readonly refs: PaymentRefs }
  | { readonly kind: "unknown" };

export interface ProviderEvent {
  readonly id: string;
  readonly type: string;
  readonly fact: ProviderFact;
}

const providerId = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\x21-\x7e]+$/);
/** An id, or the object with that id where the account expands it. */
const reference = z
  .union([providerId, z.object({ id: providerId }).transform(({ id }) => id)])
  .nullish()
  .transform((id) => id ?? null);
const cents = z.int().min(0).max(2_147_483_647);
const currency = z
  .string()
  .regex(/^[A-Za-z]{3}$/)
  .transform((text) => text.toUpperCase());
const metadata = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((given) => given ?? {});
const word = z
  .string()
  .max(200)
  .nullish()
  .catch(null)
  .transform((text) => text ?? null);

/** What every event has, of whatever type: Stripe adds types at any time, and some of them carry no object. */
const eventSchema = z.object({
  id: providerId,
  type: z
    .string()
    .min(1)
    .max(255)
    .regex(/^\P{Cc}+$/u, "expected no control characters"),
  data: z.unknown().optional(),
});
const dataSchema = z.object({ object: z.record(z.string(), z.unknown()) });

const sessionSchema = z.object({
  id: providerId,
  client_reference_id: z.string().nullish(),
  metadata,
  payment_intent: reference,
  payment_status: z.string().nullish(),
  amount_total: cents.nullish(),
  currency: currency.nullish(),
});

const paymentSchema = z.object({
  id: providerId,
  metadata,
  amount_received: cents.nullish(),
  currency,
  last_payment_error: z.object({ code: word, decline_code: word }).nullish(),
});

const refundSchema = z.object({
  id: providerId,
  amount: cents,
  currency,
  status: z.string().nullish(),
  payment_intent: reference,
  failure_reason: word,
  metadata,
});

const chargeSchema = z.object({
  payment_intent: reference,
  metadata,
  refunds: z.object({ data: z.array(refundSchema).max(100), has_more: z.boolean().nullish() }).nullish(),
});

/** Names that Stripe has for refund states: https://docs.stripe.com/api/refunds/object#refund_object-status */
const refundFacts: ReadonlyMap<string, RefundFact> = new Map([
  ["pending", "processing"],
  ["requires_action", "processing"],
  ["succeeded", "succeeded"],
  ["failed", "failed"],
  ["canceled", "failed"],
]);

type Refund = z.output<typeof refundSchema>;

function ourId(given: Readonly<Record<string, unknown>>, name: "intent_id" | "refund_id"): string | null {
  const id = given[name];
  return typeof id === "string" && z.uuid().safeParse(id).success ? id.toLowerCase() : null;
}

function refundOf(refund: Refund): ProviderRefund {
  return {
    providerRefundId: refund.id,
    refundId: ourId(refund.metadata, "refund_id"),
    amountCents: refund.amount,
    currency: refund.currency,
    fact: refundFacts.get(refund.status ?? "") ?? "processing",
    failureReason: refund.failure_reason,
  };
}

/** A refund as Stripe's API answers it. @throws {z.ZodError} it is none */
export function readRefund(object: unknown): ProviderRefund {
  return refundOf(refundSchema.parse(object));
}

function refundFact(refund: Refund): ProviderFact {
  const refs = {
    intentId: ourId(refund.metadata, "intent_id"),
    sessionId: null,
    paymentId: refund.payment_intent,
  };
  return { kind: "refunds", refs, refunds: [refundOf(refund)] };
}

function sessionFact(type: string, session: z.output<typeof sessionSchema>): ProviderFact {
  const refs = {
    intentId:
      ourId(session.metadata, "intent_id") ?? ourId({ intent_id: session.client_reference_id }, "intent_id"),
    sessionId: session.id,
    paymentId: session.payment_intent,
  };
  if (type === "checkout.session.expired") {
    return { kind: "payment", fact: "failed", refs, money: null, reason: "checkout_expired" };
  }
  if (type === "checkout.session.async_payment_failed") {
    return { kind: "payment", fact: "failed", refs, money: null, reason: "async_payment_failed" };
  }
  // A bank transfer or direct debit is not paid when its form is.
  if (type === "checkout.session.completed" && session.payment_status === "unpaid")
    return { kind: "waiting", refs };
  const money = { amountCents: session.amount_total ?? 0, currency: session.currency ?? "" };
  return { kind: "payment", fact: "paid", refs, money, reason: null };
}

function paymentFact(type: string, payment: z.output<typeof paymentSchema>): ProviderFact {
  const refs = { intentId: ourId(payment.metadata, "intent_id"), sessionId: null, paymentId: payment.id };
  if (type === "payment_intent.succeeded") {
    const money = { amountCents: payment.amount_received ?? 0, currency: payment.currency };
    return { kind: "payment", fact: "paid", refs, money, reason: null };
  }
  if (type === "payment_intent.canceled") {
    return { kind: "payment", fact: "cancelled", refs, money: null, reason: null };
  }
  const failure = payment.last_payment_error;
  const reason = failure?.decline_code ?? failure?.code ?? "payment_failed";
  return { kind: "payment", fact: "failed", refs, money: null, reason };
}

function chargeFact(charge: z.output<typeof chargeSchema>): ProviderFact {
  const refs = {
    intentId: ourId(charge.metadata, "intent_id"),
    sessionId: null,
    paymentId: charge.payment_intent,
  };
  const listed = charge.refunds;
  // Since API version 2022-11-15 the charge does not list its refunds.
  if (!listed || listed.data.length === 0 || listed.has_more) return { kind: "ask_refunds", refs };
  return { kind: "refunds", refs, refunds: listed.data.map(refundOf) };
}

/** @param data of the event; only the types that we act on need it */
function readFact(type: string, data: unknown): ProviderFact {
  const object = () => dataSchema.parse(data).object;
  switch (type) {
    case "checkout.session.completed":
    case "checkout.session.async_payment_succeeded":
    case "checkout.session.async_payment_failed":
    case "checkout.session.expired":
      return sessionFact(type, sessionSchema.parse(object()));
    case "payment_intent.succeeded":
    case "payment_intent.payment_failed":
    case "payment_intent.canceled":
      return paymentFact(type, paymentSchema.parse(object()));
    case "charge.refunded":
      return chargeFact(chargeSchema.parse(object()));
    case "refund.created":
    case "refund.updated":
    case "refund.failed":
    case "charge.refund.updated":
      return refundFact(refundSchema.parse(object()));
    default:
      return { kind: "unknown" };
  }
}

/**
 * Reads the body of a webhook whose signature was good.
 *
 * @throws {BadRequestError} it is no event, or lacks what its type needs: Stripe shows it as failed and sends it again,
 *   so that nothing is lost until somebody has looked
 */
export function readStripeEvent(body: Uint8Array): ProviderEvent {
  const decoded = decodeUtf8(body);
  if (!decoded.ok) {
    throw new BadRequestError(
      `The webhook's body is not JSON in UTF-8: the byte at offset ${decoded.offset} does not belong there. Expected an event of Stripe.`,
    );
  }
  const read = readJson(decoded.text);
  if (!read.ok) {
    throw new BadRequestError("The webhook's body is not JSON in UTF-8. Expected an event of Stripe.", {
      issues: read.faults.map(({ path, message }) => ({ path, message })),
    });
  }
  try {
    const event = eventSchema.parse(read.value);
    return { id: event.id, type: event.type, fact: readFact(event.type, event.data) };
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    throw new BadRequestError("The webhook's body is not an event as Stripe documents it; see details.", {
      cause: error,
      issues: issuesOf(error).slice(0, 10),
    });
  }
}
