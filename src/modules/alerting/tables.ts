import { withoutTenants } from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import { instant } from "../columns.ts";

/** Messages to people, until they have arrived: one a sink. */
export const alertMessages = pgTable(
  "alert_messages",
  {
    id: bigint("id", { mode: "number" }).generatedAlwaysAsIdentity().primaryKey(),
    /** The same over all tries; receivers know a repetition by it. */
    messageId: uuid("message_id").notNull(),
    sink: varchar("sink", { length: 10 }).$type<"webhook" | "slack">().notNull(),
    isTest: boolean("is_test").notNull().default(false),
    /** As it is posted. */
    body: jsonb("body").$type<JsonObject>().notNull(),
    status: varchar("status", { length: 10 }).$type<"waiting" | "delivered" | "failed">().notNull(),
    /** Counts each try as it begins. */
    attempt: integer("attempt").notNull().default(0),
    /** Of a waiting one the next try, or the end of the one under way; null: it is over. */
    dueAt: instant("due_at"),
    /** What went wrong last, one line; null: nothing. */
    error: text("error"),
    createdAt: instant("created_at").notNull().defaultNow(),
    finishedAt: instant("finished_at"),
  },
  (table) => [
    index("alert_messages_due_idx").on(table.dueAt).where(sql`status = 'waiting'`),
    index("alert_messages_created_idx").on(table.createdAt),
    check("alert_messages_status_check", sql`status IN ('waiting', 'delivered', 'failed')`),
    check("alert_messages_due_check", sql`(due_at IS NOT NULL) = (status = 'waiting')`),
  ],
);

withoutTenants(alertMessages, "messages to those who operate the system that all share");
