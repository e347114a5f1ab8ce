import { atMostMembers } from "@brain/schemas";
import * as base64url from "jose/base64url";
import * as z from "zod";
import { plainText, reasonText } from "../../http/kit/free-text.ts";
import { day } from "../../http/kit/instant.ts";
import { tenantIdText } from "../../http/kit/tenant-id.ts";
import { writtenUuid } from "../../http/kit/written-uuid.ts";
import { timeCursor } from "../time-cursor.ts";
import {
  type paycoreIntents,
  type paycoreRefunds,
  type paycoreRevenueDaily,
  refundStatuses,
} from "./tables.ts";

/** Requests and answers of the routes. */

export type Intent = typeof paycoreIntents.$inferSelect;
export type Refund = typeof paycoreRefunds.$inferSelect;

/** Stripe's own limit: eight digits. */
const maxAmountCents = 99_999_999;
/** Ids travel to envelopes and logs. Those of payers and courses are looked for without white space around them. */
const opaqueId = plainText(100);
const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}+$/u, "expected no control characters");
const amount = z.int().min(1).max(maxAmountCents);

const metadataValue = z.union([
  z
    .string()
    .max(500)
    .regex(/^\P{Cc}*$/u, "expected no control characters"),
  z.number().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER),
  z.boolean(),
  z.null(),
]);
const metadata = z
  .object({ course_id: opaqueId.optional(), product_type: text(100).optional() })
  .catchall(metadataValue)
  .refine(...atMostMembers(20))
  .refine(
    (given) => Object.keys(given).every((key) => /^[A-Za-z0-9_.-]{1,40}$/.test(key)),
    "expected names of 1 to 40 letters, digits, and _ . -",
  );

export const intentRequest = z.strictObject({
  amount_cents: amount,
  currency: z
    .string()
    .regex(/^[A-Za-z]{3}$/, "expected three letters, as EUR")
    .transform((code) => code.toUpperCase())
    .default("EUR"),
  provider: z.enum(["stripe", "paypal", "crypto"]).default("stripe"),
  /** Left out: the tenant of the course, `default` for a payment of anything else. */
  tenant_id: tenantIdText.optional(),
  user_id: opaqueId.optional(),
  metadata: metadata.default({}),
});
export type IntentRequest = z.output<typeof intentRequest>;

export const refundRequest = z.strictObject({
  intent_id: writtenUuid,
  amount_cents: amount,
  reason: reasonText(500, 1).optional(),
  /** Who approved it, where the amount needs somebody. */
  approved_by: opaqueId.optional(),
  /** Where the amount needs somebody: it waits for whoever approves it by a request of their own. */
  await_approval: z.boolean().default(false),
  /** Given: the payment must be of this tenant. */
  tenant_id: tenantIdText.optional(),
});
export type RefundBody = z.output<typeof refundRequest>;

/** Why it is approved; it stands in the audit. */
export const approveRequest = z.strictObject({ reason: reasonText(500, 1).optional() });

/** Why it is declined; it stands with the refund and in the audit. */
export const declineRequest = z.strictObject({ reason: reasonText(500, 1) });

export const refundsQuery = z.strictObject({
  status: z.enum(refundStatuses).default("unapproved"),
  tenant_id: tenantIdText.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: timeCursor().optional(),
});

/** Given: the payment must be of this tenant. */
export const tenantQuery = z.strictObject({ tenant_id: tenantIdText.optional() });

// A tenant as it is stored, also by an earlier release.
const cursorParts = z.tuple([day, text(100), z.string().regex(/^[A-Z]{3}$/)]);
/** The last day of a page: date, tenant and currency. */
export type RevenueCursor = z.output<typeof cursorParts>;

export function writeCursor(parts: RevenueCursor): string {
  return base64url.encode(JSON.stringify(parts));
}

function readCursor(cursor: string): RevenueCursor | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(base64url.decode(cursor));
    return cursorParts.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

export const revenueQuery = z
  .strictObject({
    from: day,
    to: day,
    tenant_id: tenantIdText.optional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(366),
    cursor: z
      .string()
      .max(1_000)
      .transform((cursor, context) => {
        const parts = readCursor(cursor);
        if (parts !== null) return parts;
        context.addIssue({ code: "custom", message: "expected the next_cursor of an answer" });
        return z.NEVER;
      })
      .optional(),
  })
  .refine(({ from, to }) => from <= to, { path: ["to"], message: "expected a day not before from" });
export type RevenueQuery = z.output<typeof revenueQuery>;

export function intentView(intent: Intent) {
  return {
    intent_id: intent.id,
    tenant_id: intent.tenantId,
    user_id: intent.userId,
    course_id: intent.courseId,
    provider: intent.provider,
    provider_intent_id: intent.providerIntentId,
    status: intent.status,
    amount_cents: intent.amountCents,
    currency: intent.currency,
    checkout_url: intent.status === "succeeded" || intent.status === "cancelled" ? null : intent.checkoutUrl,
    /** Only providers without a page of their own have one. */
    client_secret: null,
    transaction_id: intent.paidTransactionId,
    failure_reason: intent.failureReason,
    metadata: intent.paymentMetadata,
    created_at: intent.createdAt.toISOString(),
    updated_at: intent.updatedAt.toISOString(),
  };
}

export function intentStatusView(intent: Intent) {
  return { intent_id: intent.id, status: intent.status, amount_cents: intent.amountCents };
}

export function refundView(refund: Refund) {
  return {
    refund_id: refund.id,
    intent_id: refund.intentId,
    tenant_id: refund.tenantId,
    status: refund.status,
    amount_cents: refund.amountCents,
    reason: refund.reason,
    requested_by: refund.requestedBy,
    approved_by: refund.approvedBy,
    declined_by: refund.declinedBy,
    declined_reason: refund.declinedReason,
    provider_refund_id: refund.providerRefundId,
    transaction_id: refund.transactionId,
    failure_reason: refund.failureReason,
    created_at: refund.createdAt.toISOString(),
    updated_at: refund.updatedAt.toISOString(),
  };
}

export function revenueView(row: typeof paycoreRevenueDaily.$inferSelect) {
  return {
    date: row.date,
    tenant_id: row.tenantId,
    currency: row.currency,
    total_cents: row.totalCents,
    transaction_count: row.transactionCount,
    refund_count: row.refundCount,
    refund_total_cents: row.refundTotalCents,
  };
}
