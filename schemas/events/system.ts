import * as z from "zod";
import { defineEvent, severities } from "../define-event.ts";
import type { JsonObject } from "../json.ts";
import { count, errorText, fillMissing, id, isoTime, openData, unwrapData } from "./fields.ts";

/**
 * Agents, messages, system and ethics. Most of these names were registered and never written, so their payloads are
 * open where no producer ever fixed them: a few known fields and `details`.
 */

const details = openData.optional();
const severity = z.enum(severities);
const byAgent = (payload: { agent_id: string }) => payload.agent_id;
const agentModule = "agents";

export const agentOnline = defineEvent("agent.online", {
  version: 1,
  module: agentModule,
  criticality: "INFO",
  when: "An agent is ready for work",
  key: byAgent,
  payload: z.strictObject({ agent_id: id, details }),
  consumers: ["supervisor"],
});

export const agentOffline = defineEvent("agent.offline", {
  version: 1,
  module: agentModule,
  criticality: "WARNING",
  severity: "WARNING",
  when: "An agent signed off, or missed three heartbeats",
  key: byAgent,
  payload: z.strictObject({ agent_id: id, missed_heartbeats: count, last_heartbeat: isoTime.nullable() }),
  legacy: (payload) => fillMissing(unwrapData(payload), { last_heartbeat: null }),
  consumers: ["supervisor"],
});

export const agentHeartbeat = defineEvent("agent.heartbeat", {
  version: 1,
  module: agentModule,
  criticality: "INFO",
  when: "An agent finished another ten tasks",
  key: byAgent,
  payload: z.strictObject({ agent_id: id, tasks_completed: count, tasks_failed: count }),
  legacy: unwrapData,
  consumers: ["monitoring"],
});

export const agentError = defineEvent("agent.error", {
  version: 1,
  module: agentModule,
  criticality: "ERROR",
  severity: "ERROR",
  when: "An agent reports an error",
  key: byAgent,
  payload: z.strictObject({
    agent_id: id,
    error: errorText,
    error_type: z.string().max(200).optional(),
    details,
  }),
  legacy: unwrapData,
  consumers: ["alerting"],
});

export const agentTaskRequest = defineEvent("agent.task_request", {
  version: 1,
  module: agentModule,
  criticality: "INFO",
  when: "An agent asks for work",
  key: byAgent,
  payload: z.strictObject({ agent_id: id, details }),
  consumers: ["orchestrator"],
});

export const agentMessage = defineEvent("agent.message", {
  version: 1,
  module: agentModule,
  criticality: "INFO",
  when: "One agent writes to another; the target of the envelope is the receiver",
  key: (payload) => payload.to,
  payload: z.strictObject({ message: openData, from: id, to: id }),
  consumers: ["target agent"],
});

export const broadcast = defineEvent("broadcast", {
  version: 1,
  module: agentModule,
  criticality: "INFO",
  when: "A message to all agents",
  payload: z.strictObject({ message: openData, from: id }),
  consumers: ["all agents"],
});

export const systemHealth = defineEvent("system.health", {
  version: 1,
  module: "core",
  criticality: "INFO",
  when: "A part of the system reports its state",
  payload: z.strictObject({ component: id, status: z.string().min(1).max(50), details }),
  consumers: ["monitoring"],
});

export const systemAlert = defineEvent("system.alert", {
  version: 1,
  module: "core",
  criticality: "WARNING",
  severity: "WARNING",
  when: "Something needs the attention of an operator",
  payload: z.strictObject({
    event_category: z.string().max(100),
    severity,
    message: z.string().max(2000),
    details: openData.optional(),
    trace_context: z
      .strictObject({
        mission_id: id.nullable().optional(),
        plan_id: id.nullable().optional(),
        job_id: id.nullable().optional(),
        attempt_id: id.nullable().optional(),
        resource_uuid: id.nullable().optional(),
      })
      .optional(),
  }),
  legacy: (payload: JsonObject) => {
    const { severity: given } = payload;
    const filled = fillMissing(payload, { event_category: "unspecified", severity: "WARNING", message: "" });
    return typeof given === "string" ? { ...filled, severity: given.toUpperCase() } : filled;
  },
  consumers: ["alerting"],
});

export const systemMaintenance = defineEvent("system.maintenance", {
  version: 1,
  module: "core",
  criticality: "INFO",
  when: "Maintenance is announced, begins or ends",
  payload: z.strictObject({
    message: z.string().max(2000),
    starts_at: isoTime.optional(),
    ends_at: isoTime.optional(),
    details,
  }),
});

const ethicsPayload = z.strictObject({
  /** What was looked at: an agent, a mission, a course. */
  subject_id: id,
  reason: z.string().max(2000).nullable(),
  details,
});

export const ethicsReview = defineEvent("ethics.review", {
  version: 1,
  module: "ethics",
  criticality: "WARNING",
  severity: "WARNING",
  when: "A review on ethical grounds was asked for",
  key: (payload) => payload.subject_id,
  payload: ethicsPayload,
  consumers: ["KARMA", "audit"],
});

export const ethicsViolation = defineEvent("ethics.violation", {
  version: 1,
  module: "ethics",
  criticality: "CRITICAL",
  severity: "CRITICAL",
  when: "An ethical rule was broken",
  key: (payload) => payload.subject_id,
  payload: ethicsPayload,
  consumers: ["KARMA", "audit"],
});

export const ethicsApproval = defineEvent("ethics.approval", {
  version: 1,
  module: "ethics",
  criticality: "INFO",
  severity: "INFO",
  when: "A review ended with an approval",
  key: (payload) => payload.subject_id,
  payload: ethicsPayload,
  consumers: ["KARMA", "audit"],
});
