import { PermanentError } from "@brain/engine";
import type { AccessStatus, courseAccess, courseAccessPayments } from "./tables.ts";

/**
 * Who may open a course. Pure: time and ids are arguments.
 *
 * Access rests on payments: it stands while one of them is not paid back in full, or while an operator gave it. It is
 * therefore decided from what all payments of the user for the course come to, never from one event alone.
 */

/** A payment, without the place that it has in the table. */
export type Payment = Omit<typeof courseAccessPayments.$inferSelect, "updatedAt" | "row" | "firstOfId">;
export type Access = typeof courseAccess.$inferSelect;

/** Reason of an access that was revoked because its payments were paid back. */
export const refundReason = "payment_refunded";

/** What `payment.transaction.completed` tells. */
export interface PaymentFact {
  readonly paymentId: string;
  readonly tenantId: string | null;
  readonly userId: string;
  readonly courseId: string;
  /** Null: not told. */
  readonly amountCents: number | null;
  readonly eventId: string;
}

/** What the events `payment.refund.…` tell. */
export interface RefundFact {
  readonly paymentId: string;
  readonly tenantId: string | null;
  readonly userId: string;
  readonly courseId: string | null;
  /** Null: not told, so all of it. */
  readonly amountCents: number | null;
}

/** What the refunds of a payment come to; those that failed after they were paid are not among them. */
export interface PaidBack {
  readonly count: number;
  /** Null when one named no amount, so all of it. */
  readonly cents: number | null;
}

/** What is known of the refunds of a payment when one more is told. */
export interface KnownRefunds {
  /** What the others come to. */
  readonly others: PaidBack;
  /** What is known of the one that is told; null: nothing. */
  readonly own: { readonly isReversed: boolean } | null;
}

/**
 * What refunds come to with one that is told to be paid back, or to be `reversed`: not paid in the end, for good.
 *
 * @param amountCents null: not told, so all of the payment
 * @returns null when this was told before
 */
export function countRefund(
  { others, own }: KnownRefunds,
  amountCents: number | null,
  told: "paid_back" | "reversed",
): PaidBack | null {
  if (told === "reversed") return own?.isReversed === true ? null : others;
  if (own !== null) return null;
  const cents =
    others.cents === null || amountCents === null
      ? null
      : Math.min(others.cents + amountCents, Number.MAX_SAFE_INTEGER);
  return { count: others.count + 1, cents };
}

/** Whether all of a payment was paid back. */
function isPaidBack(amountCents: number | null, { count, cents }: PaidBack): boolean {
  if (count === 0) return false;
  return cents === null || amountCents === null || cents >= amountCents;
}

/** A payment that nothing was known of. */
export function newPayment(fact: PaymentFact): Payment {
  return {
    paymentId: fact.paymentId,
    tenantId: fact.tenantId,
    userId: fact.userId,
    courseId: fact.courseId,
    amountCents: fact.amountCents,
    refundedCents: 0,
    status: "paid",
    sourceEventId: fact.eventId,
  };
}

/** A payment that nothing is known of but that it has refunds. */
export function awaitedPayment(refund: RefundFact): Payment {
  return {
    paymentId: refund.paymentId,
    tenantId: refund.tenantId,
    userId: refund.userId,
    courseId: refund.courseId,
    amountCents: null,
    refundedCents: 0,
    status: "awaited",
    sourceEventId: null,
  };
}

/**
 * True when the payment was completed before, so that nothing changes.
 *
 * @throws {PermanentError} the id belongs to a payment of another user or for another course
 */
export function isKnownPayment(known: Payment, fact: PaymentFact): boolean {
  if (known.status === "awaited") return false;
  if (known.userId === fact.userId && known.courseId === fact.courseId) return true;
  throw new PermanentError(
    `The payment "${fact.paymentId}" is known for another user or another course. A payment id stands for one payment; find out which of the two events is right.`,
  );
}

/** A payment whose refunds came before it: `refunded` from the start if they reach its amount. */
export function completePayment(fact: PaymentFact, back: PaidBack): Payment {
  return refundPayment(newPayment(fact), back);
}

/** The payment when its refunds come to this, more or less than before. One that is `voided` or `awaited` stays so. */
export function refundPayment(known: Payment, back: PaidBack): Payment {
  const refundedCents = back.cents;
  if (known.status !== "paid" && known.status !== "refunded") return { ...known, refundedCents };
  return { ...known, refundedCents, status: isPaidBack(known.amountCents, back) ? "refunded" : "paid" };
}

/** What access rests on now. */
export interface Grounds {
  readonly operatorGranted: boolean;
  /** A payment that is not paid back; null when there is none. The one that access rests on already goes first. */
  readonly paidPayment: string | null;
}

/** Why access is looked at again. */
export interface Cause {
  readonly now: Date;
  /** Null when an operator acts. */
  readonly eventId: string | null;
  /** Noted when access ends. */
  readonly revokeReason: string;
  /** Of an operator who grants; otherwise left out. */
  readonly grantReason?: string;
}

export interface Decision {
  readonly changes: Omit<Access, "accessId" | "tenantId" | "userId" | "courseId">;
  /** Null: the user could or could not open the course before, and it is the same now. */
  readonly change: "granted" | "revoked" | null;
}

/** The grounds after a completed payment, whatever became of it. */
export function groundsWith(access: Access, payment: Payment): Grounds {
  const standing = access.status === "active" ? access.paymentId : null;
  const fresh = payment.status === "paid" ? payment.paymentId : null;
  return { operatorGranted: access.operatorGranted, paidPayment: standing ?? fresh };
}

/** @returns null when nothing is to be written */
export function decideAccess(access: Access, grounds: Grounds, cause: Cause): Decision | null {
  const { operatorGranted, paidPayment } = grounds;
  const isGiven = operatorGranted || paidPayment !== null;
  const before: AccessStatus = access.status;
  const base = {
    operatorGranted,
    grantReason: operatorGranted ? (cause.grantReason ?? access.grantReason) : null,
    grantedAt: access.grantedAt,
    sourceEventId: cause.eventId,
    version: access.version + 1,
  };
  if (!isGiven) {
    // A row of version 0 was made by whoever decides now.
    if (before === "revoked" && access.version > 0) return null;
    return {
      changes: {
        ...base,
        status: "revoked",
        paymentId: access.paymentId,
        revokedAt: cause.now,
        revokeReason: cause.revokeReason,
      },
      change: before === "active" ? "revoked" : null,
    };
  }
  const isSame =
    before === "active" && access.operatorGranted === operatorGranted && access.paymentId === paidPayment;
  if (isSame) return null;
  return {
    changes: {
      ...base,
      status: "active",
      paymentId: paidPayment,
      grantedAt: before === "active" ? access.grantedAt : cause.now,
      revokedAt: null,
      revokeReason: null,
    },
    change: before === "active" ? null : "granted",
  };
}
