import { tenantRows, tenantRowsThrough, withoutTenants } from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  text,
  uniqueIndex,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import { instant } from "../columns.ts";

/** Where events are delivered to. */
export const webhookEndpoints = pgTable(
  "webhook_endpoints",
  {
    id: uuid("id").primaryKey(),
    /** Null: the events of all tenants. */
    tenantId: varchar("tenant_id", { length: 100 }),
    /** Sealed: an address can be a secret. */
    url: text("url").notNull(),
    /** The same without its query. */
    urlShown: text("url_shown").notNull(),
    description: varchar("description", { length: 500 }).notNull(),
    /** `*` stands for any characters. */
    eventTypes: jsonb("event_types").$type<readonly string[]>().notNull(),
    /** CloudEvents mode. */
    form: varchar("form", { length: 10 }).$type<"structured" | "binary">().notNull(),
    /** Sealed. */
    secret: text("secret").notNull(),
    /** Sealed; the one before the last rotation, which also signs until then. */
    previousSecret: text("previous_secret"),
    previousUntil: instant("previous_until"),
    status: varchar("status", { length: 10 }).$type<"enabled" | "disabled">().notNull(),
    /** Why it is disabled; null: it is not. */
    disabledReason: varchar("disabled_reason", { length: 500 }),
    /** Since when no delivery has arrived; null: the last one did. */
    failingSince: instant("failing_since"),
    /** What its calls have taken, ms. Who has taken less goes first; it says something beside that of others alone. */
    usedMs: bigint("used_ms", { mode: "number" }).notNull().default(0),
    createdBy: varchar("created_by", { length: 100 }),
    /** Events before it are not delivered. By the database's clock. */
    enabledAt: instant("enabled_at").notNull(),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [
    ...tenantRows(),
    index("webhook_endpoints_tenant_idx").on(table.tenantId, table.createdAt),
    check("webhook_endpoints_form_check", sql`form IN ('structured', 'binary')`),
    check("webhook_endpoints_status_check", sql`status IN ('enabled', 'disabled')`),
  ],
);

/** One try. */
export interface AttemptNote extends JsonObject {
  at: string;
  /** HTTP status; null: there was no answer. */
  status: number | null;
  /** Null: it arrived. */
  error: string | null;
  duration_ms: number;
}

/** One event for one endpoint. */
export const webhookDeliveries = pgTable(
  "webhook_deliveries",
  {
    id: bigint("id", { mode: "number" }).generatedAlwaysAsIdentity().primaryKey(),
    endpointId: uuid("endpoint_id")
      .notNull()
      .references(() => webhookEndpoints.id, { onDelete: "cascade" }),
    /** Of an event in the record; null: a test message, or an event of another program. */
    eventId: uuid("event_id"),
    /** The event's id, when another program wrote it to the stream. */
    entryEventId: varchar("entry_event_id", { length: 100 }),
    /** Its `archived_entries.id`. */
    entryId: bigint("entry_id", { mode: "number" }),
    eventType: varchar("event_type", { length: 100 }).notNull(),
    /** Of a test message; null: the record has the event. */
    message: jsonb("message").$type<JsonObject>(),
    status: varchar("status", { length: 10 }).$type<"waiting" | "delivered" | "failed">().notNull(),
    /** Counts each try as it begins. */
    attempt: integer("attempt").notNull(),
    attemptLimit: integer("attempt_limit").notNull(),
    /** Of a waiting one the next try, or the end of the one under way; null: it is over. */
    dueAt: instant("due_at"),
    /** The last tries, oldest first. */
    attempts: jsonb("attempts").$type<readonly AttemptNote[]>().notNull(),
    createdAt: instant("created_at").notNull(),
    finishedAt: instant("finished_at"),
  },
  (table) => [
    ...tenantRowsThrough("webhook_endpoints", { id: "endpoint_id" }, "webhook_deliveries"),
    uniqueIndex("webhook_deliveries_event_key").on(table.endpointId, table.eventId),
    uniqueIndex("webhook_deliveries_entry_key")
      .on(table.endpointId, table.entryEventId)
      .where(sql`entry_event_id IS NOT NULL`),
    index("webhook_deliveries_due_idx").on(table.endpointId, table.dueAt).where(sql`status = 'waiting'`),
    index("webhook_deliveries_list_idx").on(table.endpointId, table.id.desc().nullsFirst()),
    index("webhook_deliveries_finished_idx").on(table.finishedAt).where(sql`finished_at IS NOT NULL`),
    check("webhook_deliveries_status_check", sql`status IN ('waiting', 'delivered', 'failed')`),
    check("webhook_deliveries_due_check", sql`(due_at IS NOT NULL) = (status = 'waiting')`),
  ],
);

/** Up to which id on the stream of a shard deliveries were made. */
export const webhookCursors = pgTable("webhook_cursors", {
  shard: integer("shard").primaryKey(),
  ms: numeric("ms", { precision: 20, scale: 0 }).notNull(),
  seq: numeric("seq", { precision: 20, scale: 0 }).notNull(),
});

/** Up to which position deliveries were made of what other programs wrote to the stream; one row at most. */
export const webhookEntryCursor = pgTable(
  "webhook_entry_cursor",
  {
    singleRow: boolean("single_row").primaryKey().default(true),
    position: bigint("position", { mode: "number" }).notNull(),
  },
  () => [check("webhook_entry_cursor_single_check", sql`single_row`)],
);

export type EndpointRow = typeof webhookEndpoints.$inferSelect;
export type DeliveryRow = typeof webhookDeliveries.$inferSelect;

withoutTenants(webhookCursors, "places in the stream");
withoutTenants(webhookEntryCursor, "a position in the record");
