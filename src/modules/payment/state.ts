import type { IntentStatus, RefundStatus, TransactionType } from "./tables.ts";

/** Decisions about payments and refunds. Pure: what is stored and what was told are arguments. */

/** What the provider tells of a payment. */
export type PaymentFact = "paid" | "failed" | "cancelled";

/** What a fact does to a payment; null when it comes too late to count. */
export interface IntentStep {
  readonly status: IntentStatus;
  readonly entry: Extract<TransactionType, `payment_${string}`>;
}

/** What weighs more is never taken back by what weighs less, so the order in which facts arrive decides nothing. */
const intentWeights = {
  created: 0,
  pending: 0,
  failed: 1,
  cancelled: 2,
  succeeded: 3,
} as const satisfies Record<IntentStatus, number>;

const intentSteps = {
  failed: { status: "failed", entry: "payment_failed" },
  cancelled: { status: "cancelled", entry: "payment_cancelled" },
  paid: { status: "succeeded", entry: "payment_succeeded" },
} as const satisfies Record<PaymentFact, IntentStep>;

/**
 * Money that was received counts whatever was told before, and a cancellation ends what had only failed: after a decline
 * the payer may still have tried again. A late failure takes nothing back.
 */
export function nextIntent(status: IntentStatus, fact: PaymentFact): IntentStep | null {
  const step = intentSteps[fact];
  return intentWeights[step.status] > intentWeights[status] ? step : null;
}

/** What the provider tells of a refund: it is under way, done, or will not happen. */
export type RefundFact = "processing" | "succeeded" | "failed";

/** `given_up`: failed because we say so, without the provider's word, which may still come. */
export type RefundState = RefundStatus | "given_up";

/** `entry` is null when no money moved and none failed to. */
export interface RefundStep {
  readonly status: RefundStatus;
  readonly entry: Extract<TransactionType, `refund_${string}`> | null;
}

/** @param providerRefundId null: the provider never told of it */
export function refundStateOf(refund: {
  readonly status: RefundStatus;
  readonly providerRefundId: string | null;
}): RefundState {
  return refund.status === "failed" && refund.providerRefundId === null ? "given_up" : refund.status;
}

/** As with payments: the order in which the provider's facts arrive decides nothing. */
const refundWeights = {
  unapproved: 0,
  declined: 0,
  requested: 0,
  given_up: 0,
  processing: 1,
  succeeded: 2,
  failed: 3,
} as const satisfies Record<RefundState, number>;

/**
 * The provider's word counts after ours, as when we had given up. A bank may send money back days after it was paid, so
 * `failed` comes after `succeeded` and is the last word: the money is with us again, and the ledger gets a counter entry.
 *
 * @returns null when nothing changes
 */
export function nextRefund(state: RefundState, fact: RefundFact): RefundStep | null {
  if (refundWeights[fact] <= refundWeights[state]) return null;
  switch (fact) {
    case "succeeded":
      return { status: "succeeded", entry: "refund_succeeded" };
    case "failed":
      return { status: "failed", entry: state === "succeeded" ? "refund_reversed" : failureOf(state) };
    case "processing":
      return { status: "processing", entry: null };
  }
}

/** That a given-up refund will not be made was booked and told already. */
function failureOf(state: RefundState): "refund_failed" | null {
  return state === "given_up" ? null : "refund_failed";
}

/** The step of a refund that we give up; null when the provider has told of it. */
export function giveUpRefund(state: RefundState): RefundStep | null {
  return state === "requested" ? { status: "failed", entry: "refund_failed" } : null;
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
