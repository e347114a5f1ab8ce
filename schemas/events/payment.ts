import * as z from "zod";
import { defineEvent, type PayloadContext } from "../define-event.ts";
import type { JsonObject } from "../json/json.ts";
import { fillMissing, id, isoTime, readIso, renameMissing } from "./fields.ts";

/**
 * Payments, with our own ids only. `payment_id` is the transaction, or the intent while there is no transaction.
 * The first payment service wrote other names without user and course: those are recorded, but no access can follow
 * from them. The first charter template named only payment, user and course; the rest is null on read.
 */

const module = "payment";
const byPayment = (payload: { payment_id: string }) => payload.payment_id;

const payment = {
  payment_id: id.describe("The payment: its transaction, or the intent while there is no transaction."),
  intent_id: id.nullable().describe("The intent that it belongs to; null: the producer did not say."),
  user_id: id.describe("Who pays."),
  tenant_id: id.nullable().describe("The tenant of the purchase; null: of none."),
  course_id: id.nullable().describe("Null for what is no course."),
  amount_cents: z
    .int()
    .min(0)
    .nullable()
    .describe("Amount in the smallest unit of the currency; null: the producer did not say."),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .nullable()
    .describe("ISO 4217."),
  provider: z
    .enum(["stripe", "paypal", "crypto"])
    .nullable()
    .describe("Through whom it was paid; null: the producer did not say."),
  occurred_at: isoTime.describe("When it happened."),
};
const refund = {
  ...payment,
  refund_id: id.optional().describe("The refund; left out: the producer did not say."),
  reason: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe(
      "Why, in the words of who asked for it, without personal data; left out: they gave none, or it was made at the provider.",
    ),
};

type Field = keyof typeof payment;
const nullOnlyInHistory: readonly Field[] = ["intent_id", "amount_cents", "currency", "provider"];

function readPayment(payload: JsonObject, context: PayloadContext): JsonObject {
  const renamed = renameMissing(payload, {
    transaction_id: "payment_id",
    invoice_id: "payment_id",
    intent_id: "payment_id",
    timestamp: "occurred_at",
  });
  const occurredAt = readIso(renamed.occurred_at);
  const currency = renamed.currency;
  return fillMissing(
    {
      ...renamed,
      ...(occurredAt === undefined ? {} : { occurred_at: occurredAt }),
      ...(typeof currency === "string" ? { currency: currency.toUpperCase() } : {}),
    },
    { tenant_id: context.tenantId, course_id: null, occurred_at: context.timestamp },
  );
}

const shared = { version: 1, module, key: byPayment, legacy: readPayment, nullOnlyInHistory } as const;

export const paymentIntentCreated = defineEvent("payment.intent.created", {
  ...shared,
  criticality: "INFO",
  when: "A payment was begun",
  payload: z.strictObject(payment),
  consumers: ["analytics"],
  outside: ["audit"],
});

export const paymentTransactionCompleted = defineEvent("payment.transaction.completed", {
  ...shared,
  criticality: "CRITICAL",
  when: "A payment was received",
  payload: z.strictObject(payment),
  consumers: ["course_access", "course_factory", "analytics"],
  outside: ["audit"],
});

export const paymentTransactionFailed = defineEvent("payment.transaction.failed", {
  ...shared,
  criticality: "WARNING",
  severity: "WARNING",
  when: "A payment failed",
  payload: z.strictObject(payment),
  consumers: ["analytics", "course_factory"],
  outside: ["notification", "audit"],
});

export const paymentTransactionCancelled = defineEvent("payment.transaction.cancelled", {
  ...shared,
  criticality: "INFO",
  when: "A payment was given up by the payer",
  payload: z.strictObject(payment),
  consumers: ["analytics"],
  outside: ["audit"],
});

export const paymentRefundRequested = defineEvent("payment.refund.requested", {
  ...shared,
  criticality: "INFO",
  when: "A refund was asked for",
  payload: z.strictObject(refund),
  outside: ["audit"],
});

export const paymentRefundCompleted = defineEvent("payment.refund.completed", {
  ...shared,
  criticality: "CRITICAL",
  when: "A payment was paid back",
  payload: z.strictObject(refund),
  consumers: ["course_access", "course_factory", "analytics"],
  outside: ["audit"],
});

export const paymentRefundFailed = defineEvent("payment.refund.failed", {
  ...shared,
  criticality: "ERROR",
  severity: "ERROR",
  when: "A refund failed",
  payload: z.strictObject({
    ...refund,
    was_completed: z
      .boolean()
      .optional()
      .describe(
        "True: it had completed before, and the money came back to us. Left out: not told, so it had not.",
      ),
  }),
  consumers: ["course_access", "course_factory", "analytics"],
  outside: ["alerting", "audit"],
});
