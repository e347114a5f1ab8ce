import type { IntentStatus, RefundStatus, TransactionType } from "./tables.ts";

/** Decisions about payments and refunds. Pure: what is stored and what was told are arguments. */

/** What the provider tells of a payment. */
export type PaymentFact = "paid" | "failed" | "cancelled";

/** What a fact does to a payment; null when it comes too late to count. */
export interface IntentStep {
  readonly status: IntentStatus;
  readonly entry: Extract<TransactionType, `payment_${string}`>;
}

/**
 * Money that was received counts whatever was told before. Failures and cancellations count only while the payment is
 * open: a late one takes nothing back.
 */
export function nextIntent(status: IntentStatus, fact: PaymentFact): IntentStep | null {
  if (fact === "paid") {
    return status === "succeeded" ? null : { status: "succeeded", entry: "payment_succeeded" };
  }
  if (status !== "created" && status !== "pending") return null;
  return fact === "failed"
    ? { status: "failed", entry: "payment_failed" }
    : { status: "cancelled", entry: "payment_cancelled" };
}

/** What the provider tells of a refund: it is under way, done, or will not happen. */
export type RefundFact = "processing" | "succeeded" | "failed";

/** `entry` is null when no money moved and none failed to. */
export interface RefundStep {
  readonly status: RefundStatus;
  readonly entry: Extract<TransactionType, `refund_${string}`> | null;
}

/**
 * Money that went back counts whatever was told before, as after we had given up. Nothing else leaves `succeeded` or
 * `failed`.
 */
export function nextRefund(status: RefundStatus, fact: RefundFact): RefundStep | null {
  if (status === "succeeded" || status === fact) return null;
  switch (fact) {
    case "succeeded":
      return { status: "succeeded", entry: "refund_succeeded" };
    case "failed":
      return { status: "failed", entry: "refund_failed" };
    case "processing":
      return status === "requested" ? { status: "processing", entry: null } : null;
  }
}

/** The refund states that hold a part of the payment. */
export const holdingRefundStates = [
  "requested",
  "processing",
  "succeeded",
] as const satisfies readonly RefundStatus[];

/** What a refund request comes to. `left` is what can still be refunded. */
export type RefundDecision =
  | { readonly kind: "not_paid" }
  | { readonly kind: "too_much"; readonly left: number }
  | { readonly kind: "possible"; readonly needsPolicy: boolean };

/**
 * @param heldCents sum of this payment's refunds that were paid or may yet be
 * @param thresholdCents above this sum of all refunds of the payment somebody else decides, so that splitting a refund
 *   does not go round it
 */
export function decideRefund(
  intent: { readonly status: IntentStatus; readonly amountCents: number },
  heldCents: number,
  requestedCents: number,
  thresholdCents: number,
): RefundDecision {
  if (intent.status !== "succeeded") return { kind: "not_paid" };
  const left = intent.amountCents - heldCents;
  if (requestedCents > left) return { kind: "too_much", left: Math.max(0, left) };
  return { kind: "possible", needsPolicy: heldCents + requestedCents > thresholdCents };
}

/** Calls with one key are one call for this time, as Stripe keeps keys; after that nothing is repeated, ms. */
const giveUpAfterMs = 24 * 3_600_000;
const firstWaitMs = 60_000;
const longestWaitMs = 3_600_000;

/** When to try again a call that had no answer: after 1, 2, 4 … minutes, at most an hour. */
export function nextAttemptAt(now: Date, attempts: number): Date {
  return new Date(now.getTime() + Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(attempts, 10)));
}

/** True when a call begun at `createdAt` is repeated no more. */
export function isGivenUp(createdAt: Date, now: Date): boolean {
  return now.getTime() - createdAt.getTime() >= giveUpAfterMs;
}
