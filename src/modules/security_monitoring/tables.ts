import { tenantRows } from "@brain/engine";
import { bigint, boolean, index, pgTable, uniqueIndex, uuid, varchar } from "drizzle-orm/pg-core";
import { instant } from "../columns.ts";

/** Signs of what the rules look for: the windows over which they count. */
export const securitySigns = pgTable(
  "security_signs",
  {
    id: bigint("id", { mode: "bigint" }).generatedAlwaysAsIdentity().primaryKey(),
    rule: varchar("rule", { length: 50 }).notNull(),
    subject: varchar("subject", { length: 255 }).notNull(),
    /** Counted once for each rule and subject, however often it comes. */
    eventId: varchar("event_id", { length: 100 }).notNull(),
    /** Of the event; null: it named none, or the subject is of whatever tenants. */
    tenantId: varchar("tenant_id", { length: 100 }),
    /** When it happened, as the event says. */
    occurredAt: instant("occurred_at").notNull(),
    /** It is counted in an alert. */
    isAlerted: boolean("is_alerted").notNull().default(false),
    /** The batch that brought it. */
    batch: uuid("batch").notNull(),
    notedAt: instant("noted_at").notNull().defaultNow(),
  },
  (table) => [
    ...tenantRows(),
    uniqueIndex("security_signs_event_key").on(table.rule, table.subject, table.eventId),
    index("security_signs_window_idx").on(table.rule, table.subject, table.occurredAt),
    index("security_signs_batch_idx").on(table.batch),
    index("security_signs_noted_idx").on(table.notedAt),
  ],
);
