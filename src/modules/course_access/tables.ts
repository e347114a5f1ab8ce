import { tenantRows, tenantRowsAndShared, tenantRowsThrough, withoutTenants } from "@brain/engine";
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  pgTable,
  primaryKey,
  unique,
  varchar,
} from "drizzle-orm/pg-core";
import { cents, instant } from "../columns.ts";

export type AccessStatus = "active" | "revoked";

/**
 * `paid`: it gives access. `refunded`: paid back in full. `voided`: an operator took the access away that it gave.
 * `awaited`: only refunds of it are known so far.
 */
export type PaymentStatus = "paid" | "refunded" | "voided" | "awaited";

/** One row says whether one user of one tenant may open one course. */
export const courseAccess = pgTable(
  "course_access",
  {
    accessId: bigint("access_id", { mode: "bigint" }).generatedAlwaysAsIdentity().primaryKey(),
    /** Null when the payment or the operator named none. */
    tenantId: varchar("tenant_id", { length: 100 }),
    userId: varchar("user_id", { length: 100 }).notNull(),
    courseId: varchar("course_id", { length: 100 }).notNull(),
    status: varchar("status", { length: 7 }).$type<AccessStatus>().notNull(),
    /** Access that an operator gave stays when payments are paid back. */
    operatorGranted: boolean("operator_granted").notNull().default(false),
    /** Why the operator gave it; null when none did, or when it was taken away. */
    grantReason: varchar("grant_reason", { length: 500 }),
    /** The payment that access rests on, or that it rested on last; null when it was an operator. */
    paymentId: varchar("payment_id", { length: 100 }),
    /** When it was last given; null when it never was, because the refund came before the payment. */
    grantedAt: instant("granted_at"),
    /** Null while access is given. */
    revokedAt: instant("revoked_at"),
    /** Null while access is given. */
    revokeReason: varchar("revoke_reason", { length: 500 }),
    /** The event that changed it last; null when it was an operator. */
    sourceEventId: varchar("source_event_id", { length: 255 }),
    /** Counts the changes, from 1. */
    version: integer("version").notNull().default(0),
  },
  (table) => [
    ...tenantRowsAndShared(),
    // Without a tenant there is also one row only.
    unique("course_access_holder_key").on(table.courseId, table.userId, table.tenantId).nullsNotDistinct(),
    index("course_access_user_idx").on(table.userId, table.accessId),
    check("course_access_status_check", sql`status IN ('active', 'revoked')`),
    check("course_access_granted_check", sql`status <> 'active' OR granted_at IS NOT NULL`),
    check("course_access_revoked_check", sql`(status = 'active') = (revoked_at IS NULL)`),
    check("course_access_operator_check", sql`NOT operator_granted OR status = 'active'`),
  ],
);

/**
 * What is known of each payment for a course. Whoever publishes events chooses the ids of payments, so one id may be
 * that of a payment of each tenant. Until the releases up to 0035_webhook_turns are gone, which know one row an id, the
 * column `payment_id` has the id in the row that came first; triggers see to it.
 */
export const courseAccessPayments = pgTable(
  "course_access_payments",
  {
    row: bigint("id", { mode: "number" }).generatedAlwaysAsIdentity().primaryKey(),
    paymentId: varchar("payment", { length: 100 }).notNull(),
    /** The id, in the first row that has it; null in others. */
    firstOfId: varchar("payment_id", { length: 100 }),
    tenantId: varchar("tenant_id", { length: 100 }),
    userId: varchar("user_id", { length: 100 }).notNull(),
    /** Null while only a refund is known that named no course. */
    courseId: varchar("course_id", { length: 100 }),
    /** Null when the event named none, or while the payment is awaited. */
    amountCents: cents("amount_cents"),
    /** Sum of the refunds; null when one named no amount, so all was paid back. */
    refundedCents: cents("refunded_cents").default(0),
    status: varchar("status", { length: 8 }).$type<PaymentStatus>().notNull(),
    /** The event that told of the payment; null while it is awaited. */
    sourceEventId: varchar("source_event_id", { length: 255 }),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [
    ...tenantRows(),
    unique("course_access_payments_key").on(table.paymentId, table.tenantId).nullsNotDistinct(),
    unique("course_access_payments_first_key").on(table.firstOfId),
    index("course_access_payments_paid_idx")
      .on(table.courseId, table.userId, table.paymentId)
      .where(sql`status = 'paid'`),
    check("course_access_payments_status_check", sql`status IN ('paid', 'refunded', 'voided', 'awaited')`),
    check("course_access_payments_course_check", sql`status = 'awaited' OR course_id IS NOT NULL`),
    check("course_access_payments_cents_check", sql`amount_cents >= 0 AND refunded_cents >= 0`),
  ],
);

/** Every refund that was told, so that one told twice counts once. */
export const courseAccessRefunds = pgTable(
  "course_access_refunds",
  {
    /** The row of its payment. */
    paymentRow: bigint("payment_row", { mode: "number" }).notNull(),
    /** As in the row of its payment, for the releases that know one row an id. */
    firstOfId: varchar("payment_id", { length: 100 }),
    /** The refund's id; the event's where it named none. */
    refundId: varchar("refund_id", { length: 255 }).notNull(),
    /** Null when the event named none. */
    amountCents: cents("amount_cents"),
    countedAt: instant("counted_at").notNull(),
    /** When it was told that the money went back to us, for good: it counts no more. Null: it counts. */
    reversedAt: instant("reversed_at"),
  },
  (table) => [
    ...tenantRowsThrough("course_access_payments", { id: "payment_row" }, "course_access_refunds"),
    primaryKey({ columns: [table.paymentRow, table.refundId] }),
    unique("course_access_refunds_first_key").on(table.firstOfId, table.refundId),
  ],
);

/** Notifications that were sent, by what they tell of, so that each is sent once. */
export const courseAccessNotifications = pgTable("course_access_notifications", {
  /** What it tells of, e.g. `course_ready:` and a digest of course and tenant. */
  externalId: varchar("external_id", { length: 400 }).primaryKey(),
  kind: varchar("kind", { length: 50 }).notNull(),
  sourceEventId: varchar("source_event_id", { length: 255 }).notNull(),
  sentAt: instant("sent_at").notNull(),
});

withoutTenants(courseAccessNotifications, "that something was sent, which its consumer alone asks");
