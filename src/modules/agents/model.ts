import { openObject } from "@brain/schemas";
import * as z from "zod";
import { tenantIdText } from "../../http/kit/tenant-id.ts";
import type { agents } from "./tables.ts";

/** Requests and answers of the routes. */

export type Agent = typeof agents.$inferSelect;

/** Other programs name their agents as they like, also with spaces and umlauts; a path carries such a name encoded. */
const agentId = z
  .string()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}+$/u, "expected a name without control characters");

// That it is JSON, how deep and how large it may be, and what it must not hold, is checked when it is published.
const message = openObject(10_000);

export const agentParam = z.strictObject({ agent_id: agentId });

export const messageRequest = z.strictObject({
  from: agentId,
  message,
  tenant_id: tenantIdText.optional(),
});

const counter = z.int().min(0).max(2_147_483_647);
const heartbeatSeconds = z.int().min(1).max(86_400);

export const heartbeatRequest = z.strictObject({
  tasks_completed: counter.optional(),
  tasks_failed: counter.optional(),
  heartbeat_seconds: heartbeatSeconds.optional(),
  tenant_id: tenantIdText.optional(),
});

export const onlineRequest = z.strictObject({
  heartbeat_seconds: heartbeatSeconds.optional(),
  details: message.optional(),
  tenant_id: tenantIdText.optional(),
});

export const errorRequest = z.strictObject({
  error: z.string().min(1).max(2_000),
  error_type: z.string().min(1).max(200).optional(),
  details: message.optional(),
  tenant_id: tenantIdText.optional(),
});

export const taskRequest = z.strictObject({
  /** The agent that hands out work; left out: whoever listens. */
  to: agentId.optional(),
  details: message.optional(),
  tenant_id: tenantIdText.optional(),
});

const flag = z.enum(["true", "false"]).transform((value) => value === "true");

/** One message id per shard, or a word. */
const cursor = z
  .string()
  .max(2_000)
  .regex(
    /^(?:0|now|\d{1,20}-\d{1,20}(?:,\d{1,20}-\d{1,20})*)$/,
    'expected "0", "now" or the cursor received',
  );

export const inboxQuery = z.strictObject({
  cursor: cursor.default("0"),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  wait_ms: z.coerce.number().int().min(0).max(25_000).default(0),
  broadcasts: flag.default(false),
  tenant_id: tenantIdText.optional(),
});

export const inboxStreamQuery = z.strictObject({
  last_event_id: z.string().min(1).max(2_000).optional(),
  broadcasts: flag.default(false),
  tenant_id: tenantIdText.optional(),
});

/** Whose agent is meant, where several tenants have one of that name. */
export const tenantQuery = z.object({ tenant_id: tenantIdText.optional() });

export const agentsQuery = z.strictObject({
  status: z.enum(["online", "offline"]).optional(),
  tenant_id: tenantIdText.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  /** The last `agent_id` of the page before. */
  after: agentId.optional(),
});

export type MessageRequest = z.output<typeof messageRequest>;
export type HeartbeatRequest = z.output<typeof heartbeatRequest>;
export type OnlineRequest = z.output<typeof onlineRequest>;
export type ErrorRequest = z.output<typeof errorRequest>;
export type TaskRequest = z.output<typeof taskRequest>;
export type InboxQuery = z.output<typeof inboxQuery>;
export type AgentsQuery = z.output<typeof agentsQuery>;

/** An agent as the routes answer it. */
export function agentView(agent: Agent) {
  return {
    agent_id: agent.agentId,
    tenant_id: agent.tenantId,
    status: agent.status,
    status_since: agent.statusSince.toISOString(),
    last_heartbeat: agent.lastHeartbeat?.toISOString() ?? null,
    heartbeat_seconds: agent.heartbeatSeconds,
    /** Null while nobody waits for a heartbeat. */
    offline_at: agent.offlineAt?.toISOString() ?? null,
    tasks_completed: agent.tasksCompleted,
    tasks_failed: agent.tasksFailed,
    errors: agent.errors,
  };
}
