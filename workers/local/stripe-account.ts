/** One account of the Stripe stand-in, in memory: sessions, payments, charges and refunds, and the events they cause. */

import { randomBytes } from "node:crypto";
import {
  type Charge,
  type Metadata,
  type Payment,
  type Refund,
  type RefundState,
  type Session,
  StripeError,
  type StripeEvent,
} from "./stripe-objects.ts";

export interface StripeAccount {
  createSession(form: URLSearchParams): Session;
  session(id: string): Session;
  payment(id: string): Payment;
  /** @param state what it is at first; `pending` ones are settled later */
  createRefund(form: URLSearchParams, state: RefundState): Refund;
  refund(id: string): Refund;
  /** Newest first. */
  refundsOf(paymentId: string): readonly Refund[];
  /** `delayed`: as a bank transfer, which `settlePayment` ends. */
  pay(sessionId: string, how?: "at_once" | "delayed"): void;
  settlePayment(sessionId: string, isPaid: boolean): void;
  decline(sessionId: string): void;
  expire(sessionId: string): void;
  cancelPayment(sessionId: string): void;
  settleRefund(refundId: string, state: "succeeded" | "failed"): void;
  /** An event of any type. */
  emit(type: string, object: object): StripeEvent;
  readonly sessions: ReadonlyMap<string, Session>;
  readonly charges: ReadonlyMap<string, Charge>;
  readonly refunds: ReadonlyMap<string, Refund>;
  readonly events: ReadonlyMap<string, StripeEvent>;
}

const apiVersion = "2024-06-20";
/** Stripe refuses less than about half a euro. */
const leastAmount = 50;
const daySeconds = 86_400;

const newId = (prefix: string) => `${prefix}_${randomBytes(12).toString("hex")}`;
const nowSeconds = () => Math.floor(Date.now() / 1000);

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (value !== null && value !== "") return value;
  throw new StripeError(400, "parameter_missing", `Missing required param: ${name}.`, name);
}

function requiredAmount(form: URLSearchParams, name: string): number {
  const text = required(form, name);
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new StripeError(400, "parameter_invalid_integer", `Invalid integer: ${text}`, name);
}

/** The pairs of `{prefix}[name]=value`. */
function metadataOf(form: URLSearchParams, prefix: string): Metadata {
  const pairs = [...form].flatMap(([key, value]) =>
    key.startsWith(`${prefix}[`) && key.endsWith("]")
      ? [[key.slice(prefix.length + 1, -1), value] as const]
      : [],
  );
  return Object.fromEntries(pairs);
}

function found<T>(value: T | undefined, what: string, id: string): T {
  if (value !== undefined) return value;
  throw new StripeError(404, "resource_missing", `No such ${what}: '${id}'`, "id");
}

/**
 * @param pageOf where the payer pays for a session
 * @param onEvent gets each event as it comes to be
 */
export function createStripeAccount(
  pageOf: (sessionId: string) => string,
  onEvent: (event: StripeEvent) => void,
): StripeAccount {
  const sessions = new Map<string, Session>();
  const payments = new Map<string, Payment>();
  const charges = new Map<string, Charge>();
  const refunds = new Map<string, Refund>();
  const events = new Map<string, StripeEvent>();
  /** Metadata for the payment, as the session's request gave it. */
  const paymentMetadata = new Map<string, Metadata>();

  const session = (id: string) => found(sessions.get(id), "checkout.session", id);
  const payment = (id: string) => found(payments.get(id), "payment_intent", id);
  const refund = (id: string) => found(refunds.get(id), "refund", id);

  const emit = (type: string, object: object): StripeEvent => {
    const event: StripeEvent = {
      id: newId("evt"),
      object: "event",
      api_version: apiVersion,
      created: nowSeconds(),
      livemode: false,
      pending_webhooks: 1,
      type,
      // As it is now: the object changes later, the event does not.
      data: { object: structuredClone(object) as Record<string, unknown> },
    };
    events.set(event.id, event);
    onEvent(event);
    return event;
  };

  const openSession = (id: string): Session => {
    const open = session(id);
    if (open.status === "open") return open;
    throw new StripeError(400, "resource_state", `The session is ${open.status}.`);
  };

  const paymentOf = (open: Session): Payment => {
    if (open.payment_intent !== null) return payment(open.payment_intent);
    const created: Payment = {
      id: newId("pi"),
      object: "payment_intent",
      amount: open.amount_total,
      currency: open.currency,
      metadata: paymentMetadata.get(open.id) ?? {},
      created: nowSeconds(),
      livemode: false,
      amount_received: 0,
      status: "requires_payment_method",
      latest_charge: null,
      last_payment_error: null,
    };
    payments.set(created.id, created);
    open.payment_intent = created.id;
    return created;
  };

  const take = (open: Session, paying: Payment) => {
    const charge: Charge = {
      id: newId("ch"),
      object: "charge",
      amount: paying.amount,
      currency: paying.currency,
      payment_intent: paying.id,
      metadata: paying.metadata,
      created: nowSeconds(),
      livemode: false,
      amount_refunded: 0,
      refunded: false,
    };
    charges.set(charge.id, charge);
    Object.assign(paying, { status: "succeeded", amount_received: paying.amount, latest_charge: charge.id });
    open.payment_status = "paid";
    emit("charge.succeeded", charge);
    emit("payment_intent.succeeded", paying);
  };

  const book = (made: Refund) => {
    const charge = found(charges.get(made.charge), "charge", made.charge);
    charge.amount_refunded += made.status === "failed" ? -made.amount : made.amount;
    charge.refunded = charge.amount_refunded >= charge.amount;
    return charge;
  };

  return {
    sessions,
    charges,
    refunds,
    events,
    session,
    payment,
    refund,
    emit,
    createSession(form) {
      if (required(form, "mode") !== "payment") {
        throw new StripeError(400, "parameter_invalid", "This stand-in has only mode=payment.", "mode");
      }
      const price = "line_items[0][price_data]";
      const amount = requiredAmount(form, `${price}[unit_amount]`);
      const currency = required(form, `${price}[currency]`);
      required(form, `${price}[product_data][name]`);
      if (!/^[a-z]{3}$/.test(currency) || currency === "xxx") {
        throw new StripeError(
          400,
          "currency_invalid",
          `Invalid currency: ${currency}.`,
          `${price}[currency]`,
        );
      }
      if (amount < leastAmount) {
        throw new StripeError(400, "amount_too_small", "The amount is below the minimum charge amount.");
      }
      const id = newId("cs_test");
      const created: Session = {
        id,
        object: "checkout.session",
        amount_total: amount * Number(required(form, "line_items[0][quantity]")),
        currency,
        client_reference_id: form.get("client_reference_id"),
        metadata: metadataOf(form, "metadata"),
        mode: "payment",
        created: nowSeconds(),
        expires_at: nowSeconds() + daySeconds,
        livemode: false,
        success_url: required(form, "success_url"),
        cancel_url: form.get("cancel_url"),
        payment_intent: null,
        payment_status: "unpaid",
        status: "open",
        url: pageOf(id),
      };
      sessions.set(id, created);
      paymentMetadata.set(id, metadataOf(form, "payment_intent_data[metadata]"));
      return created;
    },
    createRefund(form, state) {
      const paid = payment(required(form, "payment_intent"));
      const charge = charges.get(paid.latest_charge ?? "");
      if (charge === undefined) {
        throw new StripeError(
          400,
          "charge_not_found",
          "This payment_intent does not have a successful charge.",
        );
      }
      const left = charge.amount - charge.amount_refunded;
      const amount = form.has("amount") ? requiredAmount(form, "amount") : left;
      if (left === 0)
        throw new StripeError(400, "charge_already_refunded", "Charge has already been refunded.");
      if (amount > left) {
        throw new StripeError(
          400,
          "amount_too_large",
          `Refund amount (${amount}) is greater than unrefunded amount on charge (${left}).`,
          "amount",
        );
      }
      const created: Refund = {
        id: newId("re"),
        object: "refund",
        amount,
        currency: charge.currency,
        charge: charge.id,
        payment_intent: paid.id,
        metadata: metadataOf(form, "metadata"),
        created: nowSeconds(),
        status: state,
        failure_reason: state === "failed" ? "declined" : null,
      };
      refunds.set(created.id, created);
      if (state !== "failed") book(created);
      emit("refund.created", created);
      if (state !== "failed") emit("charge.refunded", charge);
      return created;
    },
    refundsOf: (paymentId) =>
      [...refunds.values()].filter((made) => made.payment_intent === paymentId).toReversed(),
    pay(sessionId, how = "at_once") {
      const open = openSession(sessionId);
      const paying = paymentOf(open);
      Object.assign(open, { status: "complete", url: null });
      if (how === "at_once") take(open, paying);
      else paying.status = "processing";
      emit("checkout.session.completed", open);
    },
    settlePayment(sessionId, isPaid) {
      const waiting = session(sessionId);
      const paying = paymentOf(waiting);
      if (isPaid) {
        take(waiting, paying);
        emit("checkout.session.async_payment_succeeded", waiting);
        return;
      }
      paying.status = "requires_payment_method";
      emit("checkout.session.async_payment_failed", waiting);
    },
    decline(sessionId) {
      const paying = paymentOf(openSession(sessionId));
      paying.last_payment_error = { code: "card_declined", decline_code: "generic_decline" };
      emit("payment_intent.payment_failed", paying);
    },
    expire(sessionId) {
      const open = openSession(sessionId);
      Object.assign(open, { status: "expired", url: null });
      emit("checkout.session.expired", open);
    },
    cancelPayment(sessionId) {
      const open = openSession(sessionId);
      const paying = paymentOf(open);
      paying.status = "canceled";
      Object.assign(open, { status: "expired", url: null });
      emit("payment_intent.canceled", paying);
    },
    settleRefund(refundId, state) {
      const pending = refund(refundId);
      pending.status = state;
      if (state === "failed") {
        pending.failure_reason = "expired_or_canceled_card";
        book(pending);
      }
      emit("refund.updated", pending);
      if (state === "failed") emit("refund.failed", pending);
    },
  };
}
