import { tenantRows, tenantRowsThrough, withoutTenants } from "@brain/engine";
import type { JsonObject, JsonValue } from "@brain/schemas";
import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  uniqueIndex,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import { instant } from "../columns.ts";

export const missionStatuses = [
  "pending",
  "queued",
  "running",
  "paused",
  "completed",
  "failed",
  "cancelled",
] as const;
export type MissionStatus = (typeof missionStatuses)[number];

export type LogLevel = "debug" | "info" | "warning" | "error";

export type VariableType = "string" | "number" | "boolean" | "object" | "array";

/** One mission that a template makes. */
export interface TemplateStep {
  /** From 1; steps run in this order, one after the other. */
  readonly order: number;
  /** Type of the mission. */
  readonly action: string;
  /** Its payload; `{{name}}` stands for a variable. */
  readonly config: JsonObject;
}

export interface TemplateVariable {
  readonly type: VariableType;
  readonly required: boolean;
  /** Null: none. */
  readonly default: JsonValue;
  readonly description: string;
}

/** Compared with the database's clock, so that workers need no common one. */
const databaseTime = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

/** Name of the index by which an id that is taken is told from other violations. */
export const missionsKey = "missions_pkey";

/** One row is one mission, from its creation on; it keeps its id over all attempts. */
export const missions = pgTable(
  "missions",
  {
    id: uuid("id").primaryKey(),
    /** Which handler does it. */
    type: varchar("type", { length: 100 }).notNull(),
    name: varchar("name", { length: 200 }).notNull(),
    description: text("description"),
    tenantId: varchar("tenant_id", { length: 100 }),
    payload: jsonb("payload").$type<JsonObject>().notNull(),
    /** 10 low, 20 normal, 30 high, 40 critical. */
    priority: integer("priority").notNull(),
    /** `pending` was never in the queue; `paused` left it for a while; `failed` is its dead letter. */
    status: varchar("status", { length: 9 }).$type<MissionStatus>().notNull(),
    /** Attempts begun. */
    attempt: integer("attempt").notNull().default(0),
    /** Attempts that one run through the queue is allowed. */
    maxRetries: integer("max_retries").notNull(),
    /** The attempt that is the last; raised by `maxRetries` when a failed mission is executed again. */
    attemptLimit: integer("attempt_limit").notNull(),
    /** Order inside a priority; given anew when the mission is put into the queue, kept over its retries. */
    place: bigint("place", { mode: "number" }).generatedAlwaysAsIdentity(),
    /** When it may be claimed: a queued one when its wait is over, a running one when its lease ends. Else null. */
    dueAt: databaseTime("due_at"),
    /** The run of the worker that holds it; null unless it runs. */
    leaseOwner: uuid("lease_owner"),
    /** When it came into the queue. */
    queuedAt: instant("queued_at"),
    /** When the first attempt began. */
    startedAt: instant("started_at"),
    /** When the newest attempt began. */
    attemptStartedAt: instant("attempt_started_at"),
    /** When it was claimed last, from which the turns of tenants follow; null: never, or by an earlier release. */
    claimedAt: databaseTime("claimed_at"),
    finishedAt: instant("finished_at"),
    /** What the handler returned; null until it is completed. */
    result: jsonb("result").$type<JsonObject>(),
    /** The newest failure; kept when a later attempt succeeds. */
    error: text("error"),
    errorType: varchar("error_type", { length: 200 }),
    correlationId: varchar("correlation_id", { length: 255 }).notNull(),
    createdBy: varchar("created_by", { length: 100 }).notNull(),
    /** Id of its newest event, the cause of the next. */
    lastEventId: uuid("last_event_id").notNull(),
    templateId: uuid("template_id"),
    /** Missions that one instantiation of a template made; null for all others. */
    runId: uuid("run_id"),
    /** `order` of the template's step. */
    step: integer("step"),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [
    ...tenantRows(),
    // What waits, in its order; finished ones are not in it. Without NULLS FIRST, which is what ORDER BY says of DESC, an
    // index serves no order. The releases before claim by it.
    index("missions_claim_idx")
      .on(table.priority.desc().nullsFirst(), table.place)
      .where(sql`status IN ('queued', 'running')`),
    // The order in which missions of each tenant are claimed, and whose turn it is.
    index("missions_turn_idx")
      .on(sql`coalesce(tenant_id, '')`, table.priority.desc().nullsFirst(), table.place)
      .where(sql`status IN ('queued', 'running')`),
    index("missions_claimed_idx")
      .on(sql`coalesce(tenant_id, '')`, table.claimedAt)
      .where(sql`claimed_at IS NOT NULL`),
    index("missions_due_idx").on(table.dueAt).where(sql`status IN ('queued', 'running')`),
    index("missions_created_idx").on(table.createdAt.desc().nullsFirst(), table.id.desc().nullsFirst()),
    index("missions_tenant_idx")
      .on(table.tenantId, table.createdAt.desc().nullsFirst(), table.id.desc().nullsFirst())
      .where(sql`tenant_id IS NOT NULL`),
    index("missions_status_idx").on(
      table.status,
      table.createdAt.desc().nullsFirst(),
      table.id.desc().nullsFirst(),
    ),
    uniqueIndex("missions_run_step_key").on(table.runId, table.step).where(sql`run_id IS NOT NULL`),
    check(
      "missions_status_check",
      sql`status IN ('pending', 'queued', 'running', 'paused', 'completed', 'failed', 'cancelled')`,
    ),
    check("missions_priority_check", sql`priority IN (10, 20, 30, 40)`),
    check("missions_attempts_check", sql`attempt >= 0 AND attempt <= attempt_limit AND max_retries >= 1`),
    check("missions_due_check", sql`(due_at IS NOT NULL) = (status IN ('queued', 'running', 'paused'))`),
    check("missions_lease_check", sql`(lease_owner IS NOT NULL) = (status = 'running')`),
    check("missions_result_check", sql`result IS NULL OR status = 'completed'`),
  ],
);

/** What happened to a mission, in the words of the worker and of people; the newest entries of each are kept. */
export const missionLog = pgTable(
  "mission_log",
  {
    id: bigint("id", { mode: "number" }).generatedAlwaysAsIdentity().primaryKey(),
    missionId: uuid("mission_id")
      .notNull()
      .references(() => missions.id, { onDelete: "cascade" }),
    at: instant("at").notNull(),
    level: varchar("level", { length: 7 }).$type<LogLevel>().notNull(),
    message: text("message").notNull(),
    data: jsonb("data").$type<JsonObject>().notNull(),
  },
  (table) => [
    ...tenantRowsThrough("missions", { id: "mission_id" }, "mission_log"),
    index("mission_log_mission_idx").on(table.missionId, table.id),
  ],
);

/** Missions that are made of one request again and again. */
export const missionTemplates = pgTable(
  "mission_templates",
  {
    id: uuid("id").primaryKey(),
    /** Null: of no tenant. */
    tenantId: varchar("tenant_id", { length: 100 }),
    name: varchar("name", { length: 200 }).notNull(),
    description: text("description").notNull(),
    category: varchar("category", { length: 100 }).notNull(),
    steps: jsonb("steps").$type<TemplateStep[]>().notNull(),
    variables: jsonb("variables").$type<Record<string, TemplateVariable>>().notNull(),
    createdBy: varchar("created_by", { length: 100 }).notNull(),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [
    ...tenantRows(),
    index("mission_templates_created_idx").on(
      table.createdAt.desc().nullsFirst(),
      table.id.desc().nullsFirst(),
    ),
    index("mission_templates_category_idx").on(
      table.category,
      table.createdAt.desc().nullsFirst(),
      table.id.desc().nullsFirst(),
    ),
  ],
);

/** Whether the queue is paused; no row: it is not. */
export const missionQueuePauses = pgTable("mission_queue_pauses", {
  /** `default`; there is one queue. */
  queue: varchar("queue", { length: 20 }).primaryKey(),
  reason: text("reason").notNull(),
  pausedBy: varchar("paused_by", { length: 100 }),
  pausedAt: instant("paused_at").notNull(),
});

withoutTenants(missionQueuePauses, "there is one queue", ["SELECT"]);
