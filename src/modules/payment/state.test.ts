import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideRefund, isGivenUp, nextAttemptAt, nextIntent, nextRefund, type PaymentFact } from "./state.ts";
import type { IntentStatus, RefundStatus } from "./tables.ts";

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
  ] as const)("that is %s, when %s is told, then it is %s with an entry %s", (status, fact, next, entry) => {
    expect(nextIntent(status, fact)).toEqual({ status: next, entry });
  });

  test.each([
    ["succeeded", "paid"],
    ["succeeded", "failed"],
    ["succeeded", "cancelled"],
    ["failed", "failed"],
    ["failed", "cancelled"],
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
        if (told.includes("paid")) expect(status).toBe("succeeded");
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
    ["failed", "succeeded", "succeeded", "refund_succeeded"],
  ] as const)("that is %s, when it is %s, then it is %s with the entry %s", (status, fact, next, entry) => {
    expect(nextRefund(status, fact)).toEqual({ status: next, entry });
  });

  test.each([
    ["processing", "processing"],
    ["succeeded", "processing"],
    ["succeeded", "succeeded"],
    ["succeeded", "failed"],
    ["failed", "processing"],
    ["failed", "failed"],
  ] as const satisfies readonly (readonly [RefundStatus, string])[])(
    "that is %s, when it is %s, then nothing happens",
    (status, fact) => {
      expect(nextRefund(status, fact)).toBeNull();
    },
  );
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
