import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decideRefund,
  giveUpRefund,
  isGivenUp,
  nextAttemptAt,
  nextIntent,
  nextRefund,
  type PaymentFact,
  type RefundFact,
  type RefundState,
  refundStateOf,
} from "./state.ts";
import type { IntentStatus } from "./tables.ts";

describe("given a payment", () => {
  test.each([
    ["created", "paid", "succeeded", "payment_succeeded"],
    ["pending", "paid", "succeeded", "payment_succeeded"],
    ["failed", "paid", "succeeded", "payment_succeeded"],
    ["cancelled", "paid", "succeeded", "payment_succeeded"],
    ["created", "failed", "failed", "payment_failed"],
    ["pending", "failed", "failed", "payment_failed"],
    ["created", "cancelled", "cancelled", "payment_cancelled"],
    ["pending", "cancelled", "cancelled", "payment_cancelled"],
    ["failed", "cancelled", "cancelled", "payment_cancelled"],
  ] as const)("that is %s, when %s is told, then it is %s with an entry %s", (status, fact, next, entry) => {
    expect(nextIntent(status, fact)).toEqual({ status: next, entry });
  });

  test.each([
    ["succeeded", "paid"],
    ["succeeded", "failed"],
    ["succeeded", "cancelled"],
    ["failed", "failed"],
    ["cancelled", "failed"],
    ["cancelled", "cancelled"],
  ] as const)("that is %s, when %s is told, then nothing happens", (status, fact) => {
    expect(nextIntent(status, fact)).toBeNull();
  });

  test("whatever is told in whatever order: paid once and for ever as soon as it was paid", () => {
    const facts = fc.array(fc.constantFrom<PaymentFact>("paid", "failed", "cancelled"), { maxLength: 12 });
    fc.assert(
      fc.property(facts, (told) => {
        let status: IntentStatus = "created";
        const entries: string[] = [];
        for (const fact of told) {
          const step = nextIntent(status, fact);
          if (step === null) continue;
          status = step.status;
          entries.push(step.entry);
        }
        const received = entries.filter((entry) => entry === "payment_succeeded").length;
        expect(received).toBe(told.includes("paid") ? 1 : 0);
        const heaviest = (["paid", "cancelled", "failed"] as const).find((fact) => told.includes(fact));
        expect(status).toBe(
          heaviest === undefined ? "created" : heaviest === "paid" ? "succeeded" : heaviest,
        );
      }),
    );
  });
});

describe("given a refund", () => {
  test.each([
    ["requested", "processing", "processing", null],
    ["requested", "succeeded", "succeeded", "refund_succeeded"],
    ["requested", "failed", "failed", "refund_failed"],
    ["processing", "succeeded", "succeeded", "refund_succeeded"],
    ["processing", "failed", "failed", "refund_failed"],
    ["succeeded", "failed", "failed", "refund_reversed"],
    ["given_up", "processing", "processing", null],
    ["given_up", "succeeded", "succeeded", "refund_succeeded"],
    ["given_up", "failed", "failed", null],
  ] as const)("that is %s, when it is %s, then it is %s with the entry %s", (state, fact, next, entry) => {
    expect(nextRefund(state, fact)).toEqual({ status: next, entry });
  });

  test.each([
    ["processing", "processing"],
    ["succeeded", "processing"],
    ["succeeded", "succeeded"],
    ["failed", "processing"],
    ["failed", "succeeded"],
    ["failed", "failed"],
  ] as const)("that is %s, when it is %s, then nothing happens", (state, fact) => {
    expect(nextRefund(state, fact)).toBeNull();
  });

  test("that the provider never told of has been given up when it has failed", () => {
    expect(refundStateOf({ status: "failed", providerRefundId: null })).toBe("given_up");
    expect(refundStateOf({ status: "failed", providerRefundId: "re_1" })).toBe("failed");
    expect(refundStateOf({ status: "succeeded", providerRefundId: null })).toBe("succeeded");
  });

  test("that was declined here, and that somebody makes at the provider all the same, is money that went back", () => {
    expect(nextRefund("declined", "succeeded")).toEqual({ status: "succeeded", entry: "refund_succeeded" });
  });

  test.each(["unapproved", "declined", "processing", "succeeded", "failed", "given_up"] as const)(
    "that is %s is not given up: only one that the provider never told of",
    (state) => {
      expect(giveUpRefund("requested")).toEqual({ status: "failed", entry: "refund_failed" });
      expect(giveUpRefund(state)).toBeNull();
    },
  );

  test("whatever the provider tells in whatever order, at most given up before: the same state, and a ledger to match", () => {
    const facts = fc.array(fc.constantFrom<RefundFact>("processing", "succeeded", "failed"), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(facts, fc.boolean(), (told, isGivenUp) => {
        let state: RefundState = isGivenUp ? "given_up" : "requested";
        let paidBack = 0;
        for (const fact of told) {
          const step = nextRefund(state, fact);
          if (step === null) continue;
          state = step.status;
          if (step.entry === "refund_succeeded") paidBack += 1;
          if (step.entry === "refund_reversed") paidBack -= 1;
        }
        const last = (["failed", "succeeded", "processing"] as const).find((fact) => told.includes(fact));
        expect(state).toBe(last);
        expect(paidBack).toBe(last === "succeeded" ? 1 : 0);
      }),
    );
  });
});

describe("given a payment of 100.00", () => {
  const paid = { status: "succeeded", amountCents: 10_000 } as const;

  test.each(["created", "pending", "failed", "cancelled"] as const)(
    "when it is %s, then nothing can be refunded",
    (status) => {
      expect(decideRefund({ ...paid, status }, 0, 1, 10_000)).toEqual({ kind: "not_paid" });
    },
  );

  test("when refunds reach its amount, then one cent more is too much", () => {
    expect(decideRefund(paid, 6_000, 4_000, 10_000)).toEqual({ kind: "possible", needsPolicy: false });
    expect(decideRefund(paid, 6_000, 4_001, 10_000)).toEqual({ kind: "too_much", left: 4_000 });
    expect(decideRefund(paid, 10_000, 1, 10_000)).toEqual({ kind: "too_much", left: 0 });
  });

  test("when its refunds together pass the threshold, then the policy is asked, however they are split", () => {
    expect(decideRefund(paid, 0, 5_000, 5_000)).toEqual({ kind: "possible", needsPolicy: false });
    expect(decideRefund(paid, 0, 5_001, 5_000)).toEqual({ kind: "possible", needsPolicy: true });
    expect(decideRefund(paid, 4_000, 1_001, 5_000)).toEqual({ kind: "possible", needsPolicy: true });
  });
});

describe("a call without an answer", () => {
  const now = new Date("2026-11-21T10:00:00Z");
  const minutes = (attempts: number) => (nextAttemptAt(now, attempts).getTime() - now.getTime()) / 60_000;

  test("is repeated after 1, 2, 4 minutes, at most an hour", () => {
    expect([0, 1, 2, 5, 6, 1_000].map(minutes)).toEqual([1, 2, 4, 32, 60, 60]);
  });

  test("is given up after a day, and not before", () => {
    expect(isGivenUp(new Date("2026-11-20T10:00:00.001Z"), now)).toBe(false);
    expect(isGivenUp(new Date("2026-11-20T10:00:00Z"), now)).toBe(true);
  });
});
