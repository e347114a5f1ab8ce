import { tenantRows, tenantRowsThrough, withoutTenants } from "@brain/engine";
import type { JsonValue } from "@brain/schemas";
import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  uniqueIndex,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import { instant } from "../columns.ts";

export type Provider = "stripe" | "paypal" | "crypto";
export type IntentStatus = "created" | "pending" | "succeeded" | "failed" | "cancelled";
/**
 * `unapproved`: it waits for a second person, and holds nothing of the payment until then. `declined`: a person said no
 * to one that waited; it was never handed to the provider.
 */
export const refundStatuses = [
  "unapproved",
  "declined",
  "requested",
  "processing",
  "succeeded",
  "failed",
] as const;
export type RefundStatus = (typeof refundStatuses)[number];
export type TransactionType =
  | "payment_succeeded"
  | "payment_failed"
  | "payment_cancelled"
  | "refund_succeeded"
  | "refund_failed"
  /** Counter entry of `refund_succeeded`: the money came back. */
  | "refund_reversed";

/** What became of a provider's event. */
export type ProviderEventOutcome =
  /** It changed something. */
  | "processed"
  /** It told what was known already, or came too late to count. */
  | "ignored"
  /** It is about a refund of a payment that was not told yet, and is kept until then. */
  | "waiting"
  /** Its type is none of ours. */
  | "recorded"
  /** It is about a payment that is not ours. */
  | "unmatched"
  /** Its amount or currency is not what was asked for: somebody must look. */
  | "mismatch";

/** What the caller gave with an intent; only `course_id` and `product_type` go into events. */
export type PaymentMetadata = Readonly<Record<string, string | number | boolean | null>>;

/** One row is one payment that somebody is asked for. */
export const paycoreIntents = pgTable(
  "paycore_intents",
  {
    id: uuid("id").primaryKey(),
    tenantId: varchar("tenant_id", { length: 100 }).notNull(),
    /** Who pays: our own id. */
    userId: varchar("user_id", { length: 100 }).notNull(),
    /** Null for what is no course. */
    courseId: varchar("course_id", { length: 100 }),
    provider: varchar("provider", { length: 8 }).$type<Provider>().notNull(),
    /** The provider's page for this payment (Stripe: the Checkout Session); null until it is open. */
    providerIntentId: varchar("provider_intent_id", { length: 255 }),
    /** The provider's payment itself (Stripe: the PaymentIntent), which refunds name; null until it is known. */
    providerPaymentId: varchar("provider_payment_id", { length: 255 }),
    checkoutUrl: varchar("checkout_url", { length: 2048 }),
    /** In the smallest unit of the currency. */
    amountCents: integer("amount_cents").notNull(),
    /** ISO 4217. */
    currency: varchar("currency", { length: 3 }).notNull().default("EUR"),
    status: varchar("status", { length: 9 }).$type<IntentStatus>().notNull(),
    /** Why the payment failed; null otherwise. */
    failureReason: varchar("failure_reason", { length: 500 }),
    paymentMetadata: jsonb("payment_metadata").$type<PaymentMetadata>().notNull(),
    /** Ledger entry of the money received; null while there is none. */
    paidTransactionId: uuid("paid_transaction_id"),
    /** Where the provider sends the payer. Kept, because a repeated call must be the same call. */
    successUrl: varchar("success_url", { length: 2048 }).notNull(),
    cancelUrl: varchar("cancel_url", { length: 2048 }).notNull(),
    /** Calls to the provider that were begun for the page. */
    attempts: integer("attempts").notNull().default(0),
    /** When the repair may try to open the page. */
    nextAttemptAt: instant("next_attempt_at").notNull(),
    /** Key of the caller's request; null when it had none. */
    idempotencyKey: varchar("idempotency_key", { length: 255 }),
    /** SHA-256 of that request, in hex. */
    requestHash: varchar("request_hash", { length: 64 }),
    /** The event that asked for this payment; null when a request did. */
    sourceEventId: varchar("source_event_id", { length: 255 }),
    /** The story that all events of this payment belong to. */
    correlationId: varchar("correlation_id", { length: 255 }).notNull(),
    /** The newest event of this payment, which is the cause of the next. */
    lastEventId: varchar("last_event_id", { length: 255 }).notNull(),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [
    ...tenantRows(),
    index("paycore_intents_tenant_idx").on(table.tenantId, table.createdAt),
    uniqueIndex("paycore_intents_provider_intent_key").on(table.providerIntentId),
    uniqueIndex("paycore_intents_provider_payment_key").on(table.providerPaymentId),
    uniqueIndex("paycore_intents_request_key").on(table.tenantId, table.idempotencyKey),
    uniqueIndex("paycore_intents_source_event_key").on(table.sourceEventId),
    index("paycore_intents_unopened_idx").on(table.nextAttemptAt).where(sql`status = 'created'`),
    check("paycore_intents_amount_check", sql`amount_cents > 0`),
    check("paycore_intents_currency_check", sql`currency ~ '^[A-Z]{3}$'`),
    check(
      "paycore_intents_status_check",
      sql`status IN ('created', 'pending', 'succeeded', 'failed', 'cancelled')`,
    ),
    check("paycore_intents_paid_check", sql`(status = 'succeeded') = (paid_transaction_id IS NOT NULL)`),
  ],
);

/** The ledger: what happened to money. Rows are added and never changed. */
export const paycoreTransactions = pgTable(
  "paycore_transactions",
  {
    id: uuid("id").primaryKey(),
    intentId: uuid("intent_id")
      .notNull()
      .references(() => paycoreIntents.id),
    eventType: varchar("event_type", { length: 17 }).$type<TransactionType>().notNull(),
    /** The event of the provider that told of it; null when its answer to our call did. */
    providerEventId: varchar("provider_event_id", { length: 255 }),
    /** The refund that an entry `refund_…` is about. */
    refundId: uuid("refund_id"),
    amountCents: integer("amount_cents").notNull(),
    currency: varchar("currency", { length: 3 }).notNull(),
    /** The provider's ids and words for it; nothing about the payer. */
    providerData: jsonb("provider_data").$type<Readonly<Record<string, JsonValue>>>(),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [
    ...tenantRowsThrough("paycore_intents", { id: "intent_id" }, "paycore_transactions"),
    index("paycore_transactions_intent_idx").on(table.intentId),
    // One event of the provider makes one entry of a kind; only "charge refunded" may tell of several refunds.
    uniqueIndex("paycore_transactions_provider_event_key")
      .on(table.providerEventId, table.eventType)
      .where(sql`refund_id IS NULL`),
    uniqueIndex("paycore_transactions_provider_refund_key").on(
      table.providerEventId,
      table.refundId,
      table.eventType,
    ),
    // A payment is received once and a refund is paid once, whatever is told how often.
    uniqueIndex("paycore_transactions_received_key")
      .on(table.intentId)
      .where(sql`event_type = 'payment_succeeded'`),
    uniqueIndex("paycore_transactions_refunded_key")
      .on(table.refundId)
      .where(sql`event_type = 'refund_succeeded'`),
    uniqueIndex("paycore_transactions_reversed_key")
      .on(table.refundId)
      .where(sql`event_type = 'refund_reversed'`),
  ],
);

/** Money that goes back. */
export const paycoreRefunds = pgTable(
  "paycore_refunds",
  {
    id: uuid("id").primaryKey(),
    intentId: uuid("intent_id")
      .notNull()
      .references(() => paycoreIntents.id),
    tenantId: varchar("tenant_id", { length: 100 }).notNull(),
    /** Ledger entry of the money paid back; null while there is none, and when it came back. */
    transactionId: uuid("transaction_id").references(() => paycoreTransactions.id),
    amountCents: integer("amount_cents").notNull(),
    reason: varchar("reason", { length: 500 }),
    status: varchar("status", { length: 10 }).$type<RefundStatus>().notNull(),
    failureReason: varchar("failure_reason", { length: 500 }),
    requestedBy: varchar("requested_by", { length: 100 }).notNull(),
    approvedBy: varchar("approved_by", { length: 100 }),
    /** Who declined it and why; null unless it is declined. */
    declinedBy: varchar("declined_by", { length: 100 }),
    declinedReason: varchar("declined_reason", { length: 500 }),
    providerRefundId: varchar("provider_refund_id", { length: 255 }),
    attempts: integer("attempts").notNull().default(0),
    /** When the repair may hand it to the provider. */
    nextAttemptAt: instant("next_attempt_at").notNull(),
    idempotencyKey: varchar("idempotency_key", { length: 255 }),
    requestHash: varchar("request_hash", { length: 64 }),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [
    ...tenantRows(),
    index("paycore_refunds_intent_idx").on(table.intentId),
    index("paycore_refunds_status_idx").on(
      table.status,
      table.createdAt.desc().nullsFirst(),
      table.id.desc().nullsFirst(),
    ),
    uniqueIndex("paycore_refunds_provider_refund_key").on(table.providerRefundId),
    uniqueIndex("paycore_refunds_request_key").on(table.tenantId, table.idempotencyKey),
    index("paycore_refunds_unsent_idx").on(table.nextAttemptAt).where(sql`status = 'requested'`),
    check("paycore_refunds_amount_check", sql`amount_cents > 0`),
    check(
      "paycore_refunds_status_check",
      sql`status IN ('unapproved', 'declined', 'requested', 'processing', 'succeeded', 'failed')`,
    ),
  ],
);

/** Sums of a UTC day, kept in the transaction of each ledger entry. */
export const paycoreRevenueDaily = pgTable(
  "paycore_revenue_daily",
  {
    date: date("date", { mode: "string" }).notNull(),
    tenantId: varchar("tenant_id", { length: 100 }).notNull(),
    currency: varchar("currency", { length: 3 }).notNull(),
    totalCents: bigint("total_cents", { mode: "number" }).notNull().default(0),
    transactionCount: integer("transaction_count").notNull().default(0),
    refundCount: integer("refund_count").notNull().default(0),
    refundTotalCents: bigint("refund_total_cents", { mode: "number" }).notNull().default(0),
  },
  (table) => [...tenantRows(), primaryKey({ columns: [table.date, table.tenantId, table.currency] })],
);

/** What a provider told of refunds before it told of their payment. */
export const paycoreEarlyRefunds = pgTable(
  "paycore_early_refunds",
  {
    providerPaymentId: varchar("provider_payment_id", { length: 255 }).notNull(),
    providerRefundId: varchar("provider_refund_id", { length: 255 }).notNull(),
    /** The event that told it. */
    providerEventId: varchar("provider_event_id", { length: 255 }).notNull(),
    /** Our id of the refund; null when it was made at the provider. */
    refundId: uuid("refund_id"),
    fact: varchar("fact", { length: 10 })
      .$type<Exclude<RefundStatus, "unapproved" | "declined" | "requested">>()
      .notNull(),
    amountCents: integer("amount_cents").notNull(),
    currency: varchar("currency", { length: 3 }).notNull(),
    failureReason: varchar("failure_reason", { length: 200 }),
    receivedAt: instant("received_at").notNull(),
  },
  (table) => [
    primaryKey({
      name: "paycore_early_refunds_pk",
      columns: [table.providerPaymentId, table.providerRefundId, table.providerEventId],
    }),
    index("paycore_early_refunds_received_idx").on(table.receivedAt),
  ],
);

/** Every event that a provider signed, once by id and type; the key is what makes a repeated webhook harmless. */
export const paycoreProviderEvents = pgTable(
  "paycore_provider_events",
  {
    provider: varchar("provider", { length: 8 }).$type<Provider>().notNull(),
    eventId: varchar("event_id", { length: 255 }).notNull(),
    type: varchar("type", { length: 255 }).notNull(),
    outcome: varchar("outcome", { length: 9 }).$type<ProviderEventOutcome>().notNull(),
    /** The payment it is about; null when it is none of ours. */
    intentId: uuid("intent_id"),
    receivedAt: instant("received_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.provider, table.eventId, table.type] }),
    index("paycore_provider_events_intent_idx").on(table.intentId).where(sql`intent_id IS NOT NULL`),
  ],
);

withoutTenants(paycoreEarlyRefunds, "told by a provider before anybody knows whose payment it is");
withoutTenants(paycoreProviderEvents, "told by a provider, whose credential is its signature");
