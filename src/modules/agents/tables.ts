import { tenantRows } from "@brain/engine";
import { sql } from "drizzle-orm";
import { check, index, integer, pgTable, unique, varchar } from "drizzle-orm/pg-core";
import { instant } from "../columns.ts";

export type AgentStatus = "online" | "offline";

/** One row an agent of a tenant: whether it lives, and what it has counted. Its messages are events and have no table. */
export const agents = pgTable(
  "agents",
  {
    agentId: varchar("agent_id", { length: 100 }).notNull(),
    /** Null until the agent named one. Tenants may name their agents alike. */
    tenantId: varchar("tenant_id", { length: 100 }),
    status: varchar("status", { length: 7 }).$type<AgentStatus>().notNull(),
    statusSince: instant("status_since").notNull(),
    /** Null for an agent that never sent one. */
    lastHeartbeat: instant("last_heartbeat"),
    /** Time between two heartbeats that the agent promised, seconds; null for one that never sent one. */
    heartbeatSeconds: integer("heartbeat_seconds"),
    /** When enough heartbeats are missed to call it offline; null while nobody waits for one. */
    offlineAt: instant("offline_at"),
    /** As the agent counts; it may begin anew. */
    tasksCompleted: integer("tasks_completed").notNull().default(0),
    tasksFailed: integer("tasks_failed").notNull().default(0),
    /** Errors it reported. */
    errors: integer("errors").notNull().default(0),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [
    ...tenantRows(),
    // Without a tenant there is also one of a name only.
    unique("agents_agent_key").on(table.agentId, table.tenantId).nullsNotDistinct(),
    // What the sweep asks for: who is overdue, and who will be next.
    index("agents_overdue_idx").on(table.offlineAt).where(sql`offline_at IS NOT NULL`),
    check("agents_status_check", sql`status IN ('online', 'offline')`),
    check("agents_watched_check", sql`offline_at IS NULL OR status = 'online'`),
    check("agents_counts_check", sql`tasks_completed >= 0 AND tasks_failed >= 0 AND errors >= 0`),
  ],
);
