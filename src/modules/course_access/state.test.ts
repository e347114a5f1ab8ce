import { PermanentError } from "@brain/engine";
import { describe, expect, test } from "vitest";
import {
  type Access,
  awaitedPayment,
  completePayment,
  countRefund,
  decideAccess,
  type Grounds,
  groundsWith,
  isKnownPayment,
  type KnownRefunds,
  newPayment,
  type PaidBack,
  type Payment,
  type PaymentFact,
  type RefundFact,
  refundPayment,
  refundReason,
} from "./state.ts";

const paid = new Date("2026-11-21T10:00:00.000Z");
const later = new Date("2026-11-21T12:00:00.000Z");

function fact(changes: Partial<PaymentFact> = {}): PaymentFact {
  return {
    paymentId: "pay-1",
    tenantId: "tenant-a",
    userId: "user-1",
    courseId: "course-1",
    amountCents: 1_000,
    eventId: "event-1",
    ...changes,
  };
}

function refund(amountCents: number | null, changes: Partial<RefundFact> = {}): RefundFact {
  return {
    paymentId: "pay-1",
    tenantId: "tenant-a",
    userId: "user-1",
    courseId: "course-1",
    amountCents,
    ...changes,
  };
}

function access(changes: Partial<Access> = {}): Access {
  return {
    accessId: 1n,
    tenantId: "tenant-a",
    userId: "user-1",
    courseId: "course-1",
    status: "revoked",
    operatorGranted: false,
    grantReason: null,
    paymentId: null,
    grantedAt: null,
    revokedAt: paid,
    revokeReason: null,
    sourceEventId: null,
    version: 0,
    ...changes,
  };
}

/** What refunds of these amounts come to. */
function back(...refunds: readonly (number | null)[]): PaidBack {
  const cents = refunds.includes(null) ? null : refunds.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  return { count: refunds.length, cents };
}

const active = (changes: Partial<Access> = {}) =>
  access({
    status: "active",
    paymentId: "pay-1",
    grantedAt: paid,
    revokedAt: null,
    sourceEventId: "event-1",
    version: 1,
    ...changes,
  });

const cause = { now: later, eventId: "event-2", revokeReason: refundReason };
const nothing: Grounds = { operatorGranted: false, paidPayment: null };

describe("a refund that is told", () => {
  const none: KnownRefunds = { others: back(), own: null };
  const known: KnownRefunds = { others: back(300), own: { isReversed: false } };

  test.each([
    ["counts with the others", { ...none, others: back(300) }, 200, "paid_back", back(300, 200)],
    [
      "without an amount is all of the payment",
      { ...none, others: back(300) },
      null,
      "paid_back",
      back(300, null),
    ],
    [
      "beside one without an amount leaves all of it",
      { ...none, others: back(null) },
      200,
      "paid_back",
      back(null, 200),
    ],
    ["again counts once", known, 200, "paid_back", null],
    [
      "again, after it was reversed, counts no more",
      { ...known, own: { isReversed: true } },
      200,
      "paid_back",
      null,
    ],
    ["to be reversed leaves the others", known, 200, "reversed", back(300)],
    ["to be reversed before it was told at all counts nothing", none, 200, "reversed", back()],
    ["to be reversed again changes nothing", { ...known, own: { isReversed: true } }, 200, "reversed", null],
  ] as const)("%s", (_what, refunds, amountCents, told, expected) => {
    expect(countRefund(refunds, amountCents, told)).toEqual(expected);
  });
});

describe("a payment", () => {
  test("given nothing, when it is completed, then it is paid", () => {
    expect(newPayment(fact())).toMatchObject({ status: "paid", amountCents: 1_000, refundedCents: 0 });
  });

  test("given it is known, when it is told again, then nothing changes", () => {
    expect(isKnownPayment(newPayment(fact()), fact({ eventId: "event-9" }))).toBe(true);
  });

  test("given only refunds of it are known, when it is told, then it is new", () => {
    expect(isKnownPayment(awaitedPayment(refund(1_000)), fact())).toBe(false);
  });

  test.each([
    { what: "another user", told: fact({ userId: "user-2" }) },
    { what: "another course", told: fact({ courseId: "course-2" }) },
  ])("given it is known, when it is told for $what, then that is refused for good", ({ told }) => {
    expect(() => isKnownPayment(newPayment(fact()), told)).toThrow(PermanentError);
  });

  test.each([
    { amount: 1_000, refunds: [1_000], status: "refunded" },
    { amount: 1_000, refunds: [999], status: "paid" },
    { amount: 1_000, refunds: [400, 400], status: "paid" },
    { amount: 1_000, refunds: [400, 600], status: "refunded" },
    { amount: 1_000, refunds: [1_500], status: "refunded" },
    { amount: 1_000, refunds: [null], status: "refunded" },
    { amount: 1_000, refunds: [100, null], status: "refunded" },
    { amount: null, refunds: [1], status: "refunded" },
    { amount: null, refunds: [null], status: "refunded" },
    { amount: 0, refunds: [0], status: "refunded" },
    { amount: 1_000, refunds: [0], status: "paid" },
  ] as const)("of $amount, when $refunds is paid back, then it is $status", ({ amount, refunds, status }) => {
    const refunded = refundPayment(newPayment(fact({ amountCents: amount })), back(...refunds));
    expect(refunded.status).toBe(status);
    // When they all came back to us, it is as if they had never been.
    expect(refundPayment(refunded, back())).toEqual(newPayment(fact({ amountCents: amount })));
  });

  test("given its refund came first, when it is completed, then it is refunded", () => {
    const completed = completePayment(fact(), back(1_000));
    expect(completed).toMatchObject({ status: "refunded", amountCents: 1_000, refundedCents: 1_000 });
  });

  test("given a part of it was paid back first, when it is completed, then it is paid", () => {
    expect(completePayment(fact(), back(300))).toMatchObject({
      status: "paid",
      refundedCents: 300,
    });
  });

  test("given an operator voided it, when it is paid back, then it stays voided", () => {
    const voided: Payment = { ...newPayment(fact()), status: "voided" };
    expect(refundPayment(voided, back(1_000))).toMatchObject({ status: "voided", refundedCents: 1_000 });
    expect(refundPayment(voided, back())).toMatchObject({ status: "voided", refundedCents: 0 });
  });
});

describe("access", () => {
  test("given none, when a payment is completed, then it is granted", () => {
    const grounds = groundsWith(access(), newPayment(fact()));
    expect(decideAccess(access(), grounds, cause)).toEqual({
      changes: {
        status: "active",
        operatorGranted: false,
        grantReason: null,
        paymentId: "pay-1",
        grantedAt: later,
        revokedAt: null,
        revokeReason: null,
        sourceEventId: "event-2",
        version: 1,
      },
      change: "granted",
    });
  });

  test("given none, when a payment is completed that was paid back before, then it is not granted", () => {
    const payment = completePayment(fact(), back(1_000));
    const decision = decideAccess(access(), groundsWith(access(), payment), cause);
    expect(decision).toMatchObject({
      changes: { status: "revoked", revokeReason: refundReason, grantedAt: null, version: 1 },
      change: null,
    });
  });

  test("given it stands, when a second payment is completed, then nothing changes", () => {
    const second = newPayment(fact({ paymentId: "pay-2" }));
    expect(decideAccess(active(), groundsWith(active(), second), cause)).toBeNull();
  });

  test("given it stands, when its only payment is paid back, then it is revoked", () => {
    expect(decideAccess(active(), nothing, cause)).toMatchObject({
      changes: {
        status: "revoked",
        revokedAt: later,
        revokeReason: refundReason,
        grantedAt: paid,
        version: 2,
      },
      change: "revoked",
    });
  });

  test("given two payments, when the one it rests on is paid back, then it rests on the other", () => {
    expect(decideAccess(active(), { ...nothing, paidPayment: "pay-2" }, cause)).toMatchObject({
      changes: { status: "active", paymentId: "pay-2", grantedAt: paid, version: 2 },
      change: null,
    });
  });

  test("given two payments, when the one it does not rest on is paid back, then nothing changes", () => {
    expect(decideAccess(active(), { ...nothing, paidPayment: "pay-1" }, cause)).toBeNull();
  });

  test("given it was revoked, when a new payment is completed, then it is granted again", () => {
    const revoked = access({ paymentId: "pay-1", grantedAt: paid, revokeReason: refundReason, version: 2 });
    const grounds = groundsWith(revoked, newPayment(fact({ paymentId: "pay-2" })));
    expect(decideAccess(revoked, grounds, cause)).toMatchObject({
      changes: { status: "active", paymentId: "pay-2", grantedAt: later, revokedAt: null, version: 3 },
      change: "granted",
    });
  });

  test("given it was revoked, when there is still no reason for it, then nothing changes", () => {
    expect(decideAccess(access({ version: 3 }), nothing, cause)).toBeNull();
  });

  test("given an operator granted it, when its payment is paid back, then it stays", () => {
    const granted = active({ operatorGranted: true, grantReason: "a gift" });
    expect(decideAccess(granted, { operatorGranted: true, paidPayment: null }, cause)).toMatchObject({
      changes: { status: "active", paymentId: null, grantReason: "a gift" },
      change: null,
    });
  });

  test("given it rests on a payment, when an operator grants it, then that is noted without a change", () => {
    const operator = { now: later, eventId: null, revokeReason: "", grantReason: "a gift" };
    const grounds = { operatorGranted: true, paidPayment: "pay-1" };
    expect(decideAccess(active(), grounds, operator)).toMatchObject({
      changes: { operatorGranted: true, grantReason: "a gift", grantedAt: paid, paymentId: "pay-1" },
      change: null,
    });
  });

  test("given an operator granted it, when an operator revokes it, then the grant is gone", () => {
    const granted = active({ operatorGranted: true, grantReason: "a gift", paymentId: null });
    expect(decideAccess(granted, nothing, { ...cause, eventId: null })).toMatchObject({
      changes: { status: "revoked", operatorGranted: false, grantReason: null },
      change: "revoked",
    });
  });
});
