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
} from "./objects.ts";

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

/** What the account holds. */
interface Books {
  readonly sessions: Map<string, Session>;
  readonly payments: Map<string, Payment>;
  readonly charges: Map<string, Charge>;
  readonly refunds: Map<string, Refund>;
  readonly events: Map<string, StripeEvent>;
  /** Metadata for the payment of a session, as the session's request gave it. */
  readonly paymentMetadata: Map<string, Metadata>;
  readonly pageOf: (sessionId: string) => string;
  readonly onEvent: (event: StripeEvent) => void;
}

function emit(books: Books, type: string, object: object): StripeEvent {
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
  books.events.set(event.id, event);
  books.onEvent(event);
  return event;
}

function createSession(books: Books, form: URLSearchParams): Session {
  if (required(form, "mode") !== "payment") {
    throw new StripeError(400, "parameter_invalid", "This stand-in has only mode=payment.", "mode");
  }
  const price = "line_items[0][price_data]";
  const amount = requiredAmount(form, `${price}[unit_amount]`);
  const currency = required(form, `${price}[currency]`);
  required(form, `${price}[product_data][name]`);
  if (!/^[a-z]{3}$/.test(currency) || currency === "xxx") {
    throw new StripeError(400, "currency_invalid", `Invalid currency: ${currency}.`, `${price}[currency]`);
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
    url: books.pageOf(id),
  };
  books.sessions.set(id, created);
  books.paymentMetadata.set(id, metadataOf(form, "payment_intent_data[metadata]"));
  return created;
}

function openSession({ sessions }: Books, id: string): Session {
  const session = found(sessions.get(id), "checkout.session", id);
  if (session.status === "open") return session;
  throw new StripeError(400, "resource_state", `The session is ${session.status}.`);
}

/** The payment of a session; it comes to be at the first try to pay. */
function paymentOf(books: Books, session: Session): Payment {
  const known = session.payment_intent;
  if (known !== null) return found(books.payments.get(known), "payment_intent", known);
  const created: Payment = {
    id: newId("pi"),
    object: "payment_intent",
    amount: session.amount_total,
    currency: session.currency,
    metadata: books.paymentMetadata.get(session.id) ?? {},
    created: nowSeconds(),
    livemode: false,
    amount_received: 0,
    status: "requires_payment_method",
    latest_charge: null,
    last_payment_error: null,
  };
  books.payments.set(created.id, created);
  session.payment_intent = created.id;
  return created;
}

/** Takes the money. */
function charge(books: Books, session: Session, payment: Payment): void {
  const made: Charge = {
    id: newId("ch"),
    object: "charge",
    amount: payment.amount,
    currency: payment.currency,
    payment_intent: payment.id,
    metadata: payment.metadata,
    created: nowSeconds(),
    livemode: false,
    amount_refunded: 0,
    refunded: false,
  };
  books.charges.set(made.id, made);
  Object.assign(payment, { status: "succeeded", amount_received: payment.amount, latest_charge: made.id });
  session.payment_status = "paid";
  emit(books, "charge.succeeded", made);
  emit(books, "payment_intent.succeeded", payment);
}

function pay(books: Books, sessionId: string, how: "at_once" | "delayed"): void {
  const session = openSession(books, sessionId);
  const payment = paymentOf(books, session);
  Object.assign(session, { status: "complete", url: null });
  if (how === "at_once") charge(books, session, payment);
  else payment.status = "processing";
  emit(books, "checkout.session.completed", session);
}

function settlePayment(books: Books, sessionId: string, isPaid: boolean): void {
  const session = found(books.sessions.get(sessionId), "checkout.session", sessionId);
  const payment = paymentOf(books, session);
  if (isPaid) charge(books, session, payment);
  else payment.status = "requires_payment_method";
  emit(books, `checkout.session.async_payment_${isPaid ? "succeeded" : "failed"}`, session);
}

function decline(books: Books, sessionId: string): void {
  const payment = paymentOf(books, openSession(books, sessionId));
  payment.last_payment_error = { code: "card_declined", decline_code: "generic_decline" };
  emit(books, "payment_intent.payment_failed", payment);
}

function expire(books: Books, sessionId: string): void {
  const session = openSession(books, sessionId);
  Object.assign(session, { status: "expired", url: null });
  emit(books, "checkout.session.expired", session);
}

function cancelPayment(books: Books, sessionId: string): void {
  const session = openSession(books, sessionId);
  const payment = paymentOf(books, session);
  payment.status = "canceled";
  Object.assign(session, { status: "expired", url: null });
  emit(books, "payment_intent.canceled", payment);
}

function createRefund(books: Books, form: URLSearchParams, state: RefundState): Refund {
  const paymentId = required(form, "payment_intent");
  const payment = found(books.payments.get(paymentId), "payment_intent", paymentId);
  const charged = books.charges.get(payment.latest_charge ?? "");
  if (charged === undefined) {
    throw new StripeError(400, "charge_not_found", "This payment_intent does not have a successful charge.");
  }
  const left = charged.amount - charged.amount_refunded;
  const amount = form.has("amount") ? requiredAmount(form, "amount") : left;
  if (left === 0) throw new StripeError(400, "charge_already_refunded", "Charge has already been refunded.");
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
    currency: charged.currency,
    charge: charged.id,
    payment_intent: payment.id,
    metadata: metadataOf(form, "metadata"),
    created: nowSeconds(),
    status: state,
    failure_reason: state === "failed" ? "declined" : null,
  };
  books.refunds.set(created.id, created);
  emit(books, "refund.created", created);
  if (state === "failed") return created;
  addRefunded(charged, amount);
  emit(books, "charge.refunded", charged);
  return created;
}

function addRefunded(charged: Charge, amount: number): void {
  charged.amount_refunded += amount;
  charged.refunded = charged.amount_refunded >= charged.amount;
}

function settleRefund(books: Books, refundId: string, state: "succeeded" | "failed"): void {
  const refund = found(books.refunds.get(refundId), "refund", refundId);
  refund.status = state;
  if (state === "succeeded") {
    emit(books, "refund.updated", refund);
    return;
  }
  refund.failure_reason = "expired_or_canceled_card";
  addRefunded(found(books.charges.get(refund.charge), "charge", refund.charge), -refund.amount);
  emit(books, "refund.updated", refund);
  emit(books, "refund.failed", refund);
}

/**
 * @param pageOf where the payer pays for a session
 * @param onEvent gets each event as it comes to be
 */
export function createStripeAccount(pageOf: Books["pageOf"], onEvent: Books["onEvent"]): StripeAccount {
  const books: Books = {
    sessions: new Map(),
    payments: new Map(),
    charges: new Map(),
    refunds: new Map(),
    events: new Map(),
    paymentMetadata: new Map(),
    pageOf,
    onEvent,
  };
  const { sessions, payments, charges, refunds, events } = books;
  return {
    sessions,
    charges,
    refunds,
    events,
    session: (id) => found(sessions.get(id), "checkout.session", id),
    payment: (id) => found(payments.get(id), "payment_intent", id),
    refund: (id) => found(refunds.get(id), "refund", id),
    refundsOf: (paymentId) =>
      [...refunds.values()].filter((made) => made.payment_intent === paymentId).toReversed(),
    emit: (type, object) => emit(books, type, object),
    createSession: (form) => createSession(books, form),
    createRefund: (form, state) => createRefund(books, form, state),
    pay: (sessionId, how = "at_once") => pay(books, sessionId, how),
    settlePayment: (sessionId, isPaid) => settlePayment(books, sessionId, isPaid),
    decline: (sessionId) => decline(books, sessionId),
    expire: (sessionId) => expire(books, sessionId),
    cancelPayment: (sessionId) => cancelPayment(books, sessionId),
    settleRefund: (refundId, state) => settleRefund(books, refundId, state),
  };
}
