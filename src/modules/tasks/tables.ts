import { tenantRows, tenantRowsThrough } from "@brain/engine";
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
  timestamp,
  unique,
  uniqueIndex,
  varchar,
} from "drizzle-orm/pg-core";
import { instant } from "../columns.ts";

/** Microseconds, as the records of older programs have them; as text, because a Date has milliseconds. */
const exactInstant = (name: string) => timestamp(name, { withTimezone: true, precision: 6, mode: "string" });
const position = () => bigint("position", { mode: "number" }).notNull().generatedAlwaysAsIdentity();

export type TaskPriority = "P0" | "P1" | "P2" | "P3";
export type TaskStatus = "NOT_STARTED" | "IN_PROGRESS" | "COMPLETED" | "DELETED";

/** One row is one task item as it is now. A deleted one stays, with the status DELETED. */
export const taskItems = pgTable(
  "task_items",
  {
    taskId: varchar("task_id", { length: 100 }).primaryKey(),
    /** Null: of no tenant. */
    tenantId: varchar("tenant_id", { length: 100 }),
    title: varchar("title", { length: 500 }).notNull(),
    priority: varchar("priority", { length: 2 }).$type<TaskPriority>().notNull(),
    status: varchar("status", { length: 20 }).$type<TaskStatus>().notNull(),
    /** Raised by one at each change; who changes may say which one they have seen. */
    version: integer("version").notNull().default(1),
    /** Null until it is completed. */
    completionNotes: varchar("completion_notes", { length: 2000 }),
    /** Who created it, as an id; null when unknown. */
    createdBy: varchar("created_by", { length: 100 }),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
    completedAt: instant("completed_at"),
    deletedAt: instant("deleted_at"),
  },
  (table) => [
    ...tenantRows(),
    index("task_items_newest_idx").on(table.createdAt, table.taskId),
    index("task_items_tenant_idx")
      .on(table.tenantId, table.createdAt, table.taskId)
      .where(sql`tenant_id IS NOT NULL`),
    check("task_items_title_check", sql`title <> ''`),
    check("task_items_priority_check", sql`priority IN ('P0', 'P1', 'P2', 'P3')`),
    check("task_items_status_check", sql`status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED', 'DELETED')`),
    check(
      "task_items_completed_check",
      sql`(status <> 'COMPLETED' OR completed_at IS NOT NULL) AND completed_at >= created_at`,
    ),
    check("task_items_deleted_check", sql`(status = 'DELETED') = (deleted_at IS NOT NULL)`),
  ],
);

/** A task refers to another one. The clean-up after a deletion removes both directions. */
export const taskReferences = pgTable(
  "task_references",
  {
    taskId: varchar("task_id", { length: 100 }).notNull(),
    referencedId: varchar("referenced_id", { length: 100 }).notNull(),
  },
  (table) => [
    ...tenantRowsThrough("task_items", { task_id: "task_id" }, "task_references"),
    primaryKey({ columns: [table.taskId, table.referencedId] }),
    index("task_references_referenced_idx").on(table.referencedId),
    check("task_references_self_check", sql`task_id <> referenced_id`),
  ],
);

/** The domain events, append only; `record` is a line of the JSONL form. */
export const taskEvents = pgTable(
  "task_events",
  {
    eventId: varchar("event_id", { length: 100 }).primaryKey(),
    /** Order of storing; decides between events of the same time. */
    position: position(),
    eventType: varchar("event_type", { length: 50 }).notNull(),
    /** Null: of no tenant. */
    tenantId: varchar("tenant_id", { length: 100 }),
    taskId: varchar("task_id", { length: 100 }).notNull(),
    occurredAt: exactInstant("occurred_at").notNull(),
    record: jsonb("record").$type<Record<string, unknown>>().notNull(),
    storedAt: instant("stored_at").notNull(),
    /** When the handlers have counted it in `task_stats`; null: not yet. */
    countedAt: instant("counted_at"),
  },
  (table) => [
    ...tenantRows(),
    index("task_events_time_idx").on(table.occurredAt, table.position),
    index("task_events_tenant_idx")
      .on(table.tenantId, table.occurredAt, table.position)
      .where(sql`tenant_id IS NOT NULL`),
    index("task_events_type_idx").on(table.eventType, table.occurredAt, table.position),
  ],
);

/** How many events of each type there were on a day, for each tenant and for what is of none. */
export const taskStats = pgTable(
  "task_stats",
  {
    /** Day of the event, UTC. */
    day: date("day", { mode: "string" }).notNull(),
    eventType: varchar("event_type", { length: 50 }).notNull(),
    /** Null: of no tenant. */
    tenantId: varchar("tenant_id", { length: 100 }),
    count: integer("count").notNull(),
  },
  (table) => [
    ...tenantRows(),
    unique("task_stats_day_key").on(table.day, table.eventType, table.tenantId).nullsNotDistinct(),
    check("task_stats_count_check", sql`count > 0`),
  ],
);

/** One row is one field that one update changed. */
export const taskHistory = pgTable(
  "task_history",
  {
    eventId: varchar("event_id", { length: 100 }).notNull(),
    field: varchar("field", { length: 100 }).notNull(),
    /** Null: of no tenant. */
    tenantId: varchar("tenant_id", { length: 100 }),
    taskId: varchar("task_id", { length: 100 }).notNull(),
    /** Null when the event did not say. */
    oldValue: jsonb("old_value").$type<unknown>(),
    newValue: jsonb("new_value").$type<unknown>(),
    changedAt: exactInstant("changed_at").notNull(),
  },
  (table) => [
    ...tenantRows(),
    primaryKey({ columns: [table.eventId, table.field] }),
    index("task_history_task_idx").on(table.taskId, table.changedAt),
  ],
);

/** What the old path writes: plain records, no domain events. Goes with the switch. */
export const taskLegacyEvents = pgTable(
  "task_legacy_events",
  {
    position: bigint("position", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    type: varchar("type", { length: 50 }).notNull(),
    /** Null: of no tenant. */
    tenantId: varchar("tenant_id", { length: 100 }),
    taskId: varchar("task_id", { length: 100 }).notNull(),
    title: varchar("title", { length: 500 }).notNull(),
    timestamp: exactInstant("timestamp").notNull(),
  },
  (table) => [
    ...tenantRows(),
    uniqueIndex("task_legacy_events_time_idx").on(table.timestamp, table.position),
  ],
);
