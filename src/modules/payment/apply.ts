import type { Publish, Tx } from "@brain/engine";
import type { JsonValue } from "@brain/schemas";
import { v4 as uuidv4 } from "uuid";
import { publishOutcome, publishRefund } from "./announce.ts";
import { addToDay, addTransaction } from "./ledger-store.ts";
import type { Intent, Refund } from "./model.ts";
import { findRefundOf, insertRefund, updateRefund } from "./refund-store.ts";
import { nextIntent, nextRefund, type PaymentFact, type RefundStep, refundStateOf } from "./state.ts";
import { updateIntent } from "./store.ts";
import type { ProviderRefund } from "./stripe-events.ts";

/*
 * What the provider told becomes state, ledger, sums and event, all in the caller's transaction. The caller holds the
 * lock of the payment, so that facts are applied one after the other.
 */

/** The transaction that a fact is applied in. */
export interface Applying {
  readonly tx: Tx;
  readonly publish: Publish;
  readonly now: Date;
  /** The provider's event that told of it; null when its answer to a call of ours did. */
  readonly providerEventId: string | null;
}

/** Asked for by nobody here: the refund was made at the provider. */
const madeAtProvider = "stripe_dashboard";

const dayOf = (now: Date) => now.toISOString().slice(0, 10);

export interface Told {
  readonly fact: PaymentFact;
  readonly reason: string | null;
  readonly data: Readonly<Record<string, JsonValue>>;
}

/** @returns the payment after it; null when the fact came too late to count */
export async function applyPayment(
  { tx, publish, now, providerEventId }: Applying,
  intent: Intent,
  { fact, reason, data }: Told,
): Promise<{ readonly intent: Intent; readonly transactionId: string } | null> {
  const step = nextIntent(intent.status, fact);
  if (step === null) return null;
  const transactionId = uuidv4();
  await addTransaction(tx, {
    id: transactionId,
    intentId: intent.id,
    eventType: step.entry,
    providerEventId,
    amountCents: intent.amountCents,
    currency: intent.currency,
    providerData: data,
    createdAt: now,
  });
  const isPaid = step.entry === "payment_succeeded";
  const after: Intent = {
    ...intent,
    status: step.status,
    failureReason: step.status === "failed" ? reason : null,
    paidTransactionId: isPaid ? transactionId : null,
  };
  const lastEventId = await publishOutcome(publish, after, step.entry, now);
  const stored = await updateIntent(tx, intent.id, {
    status: after.status,
    failureReason: after.failureReason,
    paidTransactionId: after.paidTransactionId,
    lastEventId,
    updatedAt: now,
  });
  if (isPaid) {
    await addToDay(tx, {
      date: dayOf(now),
      tenantId: intent.tenantId,
      currency: intent.currency,
      receivedCents: intent.amountCents,
      received: 1,
      refundedCents: 0,
      refunded: 0,
    });
  }
  return { intent: stored, transactionId };
}

export interface RefundEffect {
  /** `mismatch`: amount or currency are not those of the refund or payment that it names. */
  readonly outcome: "processed" | "ignored" | "mismatch";
  readonly intent: Intent;
  readonly refund: Refund | null;
  /** Ledger entry that it made; null when it made none. */
  readonly transactionId: string | null;
  /** True when money that was paid back came back to us. */
  readonly isReversed: boolean;
}

/** Applies what the provider tells of one refund; one that was made there gets a row of its own. */
export async function applyRefund(
  applying: Applying,
  intent: Intent,
  told: ProviderRefund,
): Promise<RefundEffect> {
  const known = await findRefundOf(applying.tx, intent.id, told);
  const isOther =
    told.currency !== intent.currency || told.amountCents !== (known?.amountCents ?? told.amountCents);
  const unchanged = { intent, refund: known, transactionId: null, isReversed: false };
  if (isOther || told.amountCents < 1) return { outcome: "mismatch", ...unchanged };
  const step = nextRefund(known === null ? "requested" : refundStateOf(known), told.fact);
  if (step === null) return { outcome: "ignored", ...unchanged };
  const refund = known ?? (await adoptRefund(applying, intent, told));
  const stepped = await stepRefund(applying, intent, refund, step, told);
  return { outcome: "processed", ...stepped, isReversed: step.entry === "refund_reversed" };
}

async function adoptRefund({ tx, now }: Applying, intent: Intent, told: ProviderRefund): Promise<Refund> {
  const row = await insertRefund(tx, {
    id: uuidv4(),
    intentId: intent.id,
    tenantId: intent.tenantId,
    amountCents: told.amountCents,
    status: "requested",
    requestedBy: madeAtProvider,
    providerRefundId: told.providerRefundId,
    nextAttemptAt: now,
    createdAt: now,
    updatedAt: now,
  });
  if (row === null) throw new Error("A refund of the provider belongs to two payments.");
  return row;
}

/** Whether an entry takes money back to the payer (1), takes that off again (-1), or moves none. */
const moneySigns = { refund_succeeded: 1, refund_reversed: -1, refund_failed: 0 } as const satisfies Record<
  NonNullable<RefundStep["entry"]>,
  number
>;

/** Takes a refund to its next state. `told` is null when we gave up. */
export async function stepRefund(
  { tx, publish, now, providerEventId }: Applying,
  intent: Intent,
  refund: Refund,
  step: RefundStep,
  told: Pick<ProviderRefund, "providerRefundId" | "failureReason"> | { readonly failureReason: string },
): Promise<Omit<RefundEffect, "outcome" | "isReversed">> {
  const providerRefundId = "providerRefundId" in told ? told.providerRefundId : null;
  const transactionId = step.entry === null ? null : uuidv4();
  if (step.entry !== null && transactionId !== null) {
    await addTransaction(tx, {
      id: transactionId,
      intentId: intent.id,
      eventType: step.entry,
      providerEventId,
      refundId: refund.id,
      amountCents: refund.amountCents,
      currency: intent.currency,
      providerData: { refund: providerRefundId, reason: told.failureReason },
      createdAt: now,
    });
  }
  const stored = await updateRefund(tx, refund.id, {
    status: step.status,
    failureReason: step.status === "failed" ? told.failureReason : null,
    transactionId: step.entry === "refund_succeeded" ? transactionId : null,
    ...(providerRefundId === null ? {} : { providerRefundId }),
    updatedAt: now,
  });
  if (step.entry === null) return { intent, refund: stored, transactionId };
  const lastEventId = await publishRefund(publish, intent, stored, {
    step: step.entry,
    now,
    actorId: null,
  });
  const after = await updateIntent(tx, intent.id, { lastEventId, updatedAt: now });
  const sign = moneySigns[step.entry];
  if (sign !== 0) {
    await addToDay(tx, {
      date: dayOf(now),
      tenantId: intent.tenantId,
      currency: intent.currency,
      receivedCents: 0,
      received: 0,
      refundedCents: sign * refund.amountCents,
      refunded: sign,
    });
  }
  return { intent: after, refund: stored, transactionId };
}
