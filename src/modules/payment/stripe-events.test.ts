import { BadRequestError } from "@brain/engine";
import { describe, expect, test } from "vitest";
import { readStripeEvent } from "./stripe-events.ts";

const intentId = "5f0c2a9b-1d3e-4f5a-8b7c-9d0e1f2a3b4c";
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const read = (type: string, object: unknown) =>
  readStripeEvent(bytes({ id: "evt_1", object: "event", type, created: 1, data: { object } })).fact;

const session = {
  id: "cs_1",
  object: "checkout.session",
  client_reference_id: intentId,
  metadata: {},
  payment_intent: "pi_1",
  payment_status: "paid",
  amount_total: 4_900,
  currency: "eur",
};
const refund = {
  id: "re_1",
  amount: 900,
  currency: "eur",
  status: "succeeded",
  payment_intent: "pi_1",
  metadata: {},
};
const refs = { intentId, sessionId: "cs_1", paymentId: "pi_1" };

describe("an event of Stripe tells", () => {
  test("that a finished and paid session is money received", () => {
    const paid = { kind: "payment", fact: "paid", refs, money: { amountCents: 4_900, currency: "EUR" } };
    expect(read("checkout.session.completed", session)).toMatchObject(paid);
    expect(read("checkout.session.async_payment_succeeded", session)).toMatchObject(paid);
  });

  test("that a finished but unpaid session has to be waited for", () => {
    expect(read("checkout.session.completed", { ...session, payment_status: "unpaid" })).toEqual({
      kind: "waiting",
      refs,
    });
  });

  test.each([
    ["checkout.session.expired", "checkout_expired"],
    ["checkout.session.async_payment_failed", "async_payment_failed"],
  ])("%s: the payment failed", (type, reason) => {
    expect(read(type, session)).toMatchObject({ kind: "payment", fact: "failed", reason, money: null });
  });

  test("what became of the payment itself", () => {
    const payment = {
      id: "pi_1",
      metadata: { intent_id: intentId },
      amount_received: 4_900,
      currency: "eur",
    };
    expect(read("payment_intent.succeeded", payment)).toMatchObject({
      fact: "paid",
      refs: { intentId, sessionId: null, paymentId: "pi_1" },
      money: { amountCents: 4_900, currency: "EUR" },
    });
    const declined = { ...payment, last_payment_error: { code: "card_declined", decline_code: "lost_card" } };
    expect(read("payment_intent.payment_failed", declined)).toMatchObject({
      fact: "failed",
      reason: "lost_card",
    });
    expect(read("payment_intent.canceled", payment)).toMatchObject({ fact: "cancelled" });
  });

  test.each([
    ["pending", "processing"],
    ["requires_action", "processing"],
    ["succeeded", "succeeded"],
    ["failed", "failed"],
    ["canceled", "failed"],
    ["a_state_to_come", "processing"],
  ])("that a refund which is %s is %s", (status, fact) => {
    for (const type of ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"]) {
      expect(read(type, { ...refund, status })).toMatchObject({
        kind: "refunds",
        refs: { intentId: null, paymentId: "pi_1" },
        refunds: [{ providerRefundId: "re_1", refundId: null, amountCents: 900, currency: "EUR", fact }],
      });
    }
  });

  test("the refunds of a charge, or that Stripe has to be asked for them", () => {
    const charge = { id: "ch_1", payment_intent: "pi_1", metadata: { intent_id: intentId } };
    expect(read("charge.refunded", { ...charge, refunds: { data: [refund, refund] } })).toMatchObject({
      kind: "refunds",
      refs: { intentId, paymentId: "pi_1" },
      refunds: [{ providerRefundId: "re_1" }, { providerRefundId: "re_1" }],
    });
    expect(read("charge.refunded", charge)).toMatchObject({ kind: "ask_refunds" });
  });

  test("nothing of ours, when its type is another", () => {
    expect(read("customer.created", { id: "cus_1" })).toEqual({ kind: "unknown" });
    expect(read("invoice.payment_succeeded", { paid: true })).toEqual({ kind: "unknown" });
  });

  test.each([
    "v2.core.event_destination.ping",
    "v1.billing.meter.error_report_triggered",
    "v2.core.account[configuration.merchant].updated",
    "v2.core.account[requirements].updated",
    "Something New & Strange",
    "x".repeat(255),
  ])("nothing of ours, when its type is %s and there is no object in it", (type) => {
    const thin = { id: "evt_1", object: "v2.core.event", type, created: "2026-11-21T10:00:00Z" };
    expect(readStripeEvent(bytes(thin))).toEqual({ id: "evt_1", type, fact: { kind: "unknown" } });
  });

  test("that a refund in a state with the name of an object's member is being worked on", () => {
    expect(read("refund.updated", { ...refund, status: "constructor" })).toMatchObject({
      refunds: [{ fact: "processing" }],
    });
  });

  test("no id of ours where the text is none", () => {
    expect(read("checkout.session.completed", { ...session, client_reference_id: "x' OR 1" })).toMatchObject({
      refs: { intentId: null },
    });
  });
});

describe("what is no event is refused", () => {
  test.each([
    ["not JSON", new TextEncoder().encode("{")],
    ["not UTF-8", new Uint8Array([0x22, 0xff, 0x22])],
    ["a list", bytes([])],
    ["without an id", bytes({ type: "a", data: { object: {} } })],
    ["with a NUL in its type", bytes({ id: "evt_1", type: "a\u0000b" })],
    ["without a type", bytes({ id: "evt_1", data: { object: {} } })],
    ["of a type that we act on, without its object", bytes({ id: "evt_1", type: "refund.created" })],
    ["with a NUL in its id", bytes({ id: "evt\u0000", type: "a", data: { object: {} } })],
    [
      "a refund without an amount",
      bytes({ id: "evt_1", type: "refund.created", data: { object: { id: "re_1" } } }),
    ],
  ])("%s", (_what, body) => {
    expect(() => readStripeEvent(body)).toThrow(BadRequestError);
  });
});
