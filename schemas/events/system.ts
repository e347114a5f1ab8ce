import * as z from "zod";
import { defineEvent, severities } from "../define-event.ts";
import type { JsonObject } from "../json/json.ts";
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
  consumers: ["agents"],
  key: byAgent,
  payload: z.strictObject({
    agent_id: id.describe("The agent."),
    details: details.describe("What the producer tells beyond this, of any shape; left out: nothing."),
  }),
  outside: ["supervisor"],
});

export const agentOffline = defineEvent("agent.offline", {
  version: 1,
  module: agentModule,
  criticality: "WARNING",
  severity: "WARNING",
  when: "An agent signed off, or missed three heartbeats",
  consumers: ["agents"],
  key: byAgent,
  payload: z.strictObject({
    agent_id: id.describe("The agent."),
    missed_heartbeats: count.describe("Heartbeats that did not come, in a row; 0 when it signed off."),
    last_heartbeat: isoTime.nullable().describe("When the agent was last heard of; null: never."),
  }),
  legacy: (payload) => fillMissing(unwrapData(payload), { last_heartbeat: null }),
  outside: ["supervisor"],
});

export const agentHeartbeat = defineEvent("agent.heartbeat", {
  version: 1,
  module: agentModule,
  criticality: "INFO",
  when: "An agent finished another ten tasks",
  consumers: ["agents"],
  key: byAgent,
  payload: z.strictObject({
    agent_id: id.describe("The agent."),
    tasks_completed: count.describe("Tasks that the agent has completed so far."),
    tasks_failed: count.describe("Tasks that the agent has failed so far."),
  }),
  legacy: unwrapData,
  outside: ["monitoring"],
});

export const agentError = defineEvent("agent.error", {
  version: 1,
  module: agentModule,
  criticality: "ERROR",
  severity: "ERROR",
  when: "An agent reports an error",
  consumers: ["agents"],
  key: byAgent,
  payload: z.strictObject({
    agent_id: id.describe("The agent."),
    error: errorText.describe("What went wrong, for operators."),
    error_type: z.string().max(200).optional().describe("Class of the error; left out: not told."),
    details: details.describe("What the producer tells beyond this, of any shape; left out: nothing."),
  }),
  legacy: unwrapData,
  outside: ["alerting"],
});

export const agentTaskRequest = defineEvent("agent.task_request", {
  version: 1,
  module: agentModule,
  criticality: "INFO",
  when: "An agent asks for work",
  key: byAgent,
  payload: z.strictObject({
    agent_id: id.describe("The agent."),
    details: details.describe("What the producer tells beyond this, of any shape; left out: nothing."),
  }),
  outside: ["orchestrator"],
});

export const agentMessage = defineEvent("agent.message", {
  version: 1,
  module: agentModule,
  criticality: "INFO",
  when: "One agent writes to another; the target of the envelope is the receiver",
  key: (payload) => payload.to,
  payload: z.strictObject({
    message: openData.describe("What is said, of any shape."),
    from: id.describe("The agent that writes."),
    to: id.describe("The agent that is written to."),
  }),
  outside: ["target agent"],
});

export const broadcast = defineEvent("broadcast", {
  version: 1,
  module: agentModule,
  criticality: "INFO",
  when: "A message to all agents",
  payload: z.strictObject({
    message: openData.describe("What is said, of any shape."),
    from: id.describe("The agent that writes."),
  }),
  outside: ["all agents"],
});

export const systemHealth = defineEvent("system.health", {
  version: 1,
  module: "core",
  criticality: "INFO",
  producers: [],
  when: "A part of the system reports its state",
  payload: z.strictObject({
    component: id.describe("The part of the system."),
    status: z.string().min(1).max(50).describe("The state in a word, such as `healthy` or `degraded`."),
    details: details.describe("What the producer tells beyond this, of any shape; left out: nothing."),
  }),
  outside: ["monitoring"],
});

export const systemAlert = defineEvent("system.alert", {
  version: 1,
  module: "core",
  criticality: "WARNING",
  producers: [],
  severity: "WARNING",
  when: "Something needs the attention of an operator",
  payload: z.strictObject({
    event_category: z
      .string()
      .max(100)
      .describe("What kind of alert it is; `unspecified` when the producer did not say."),
    severity: severity.describe("How serious it is."),
    message: z.string().max(2000).describe("What has happened, for operators."),
    details: openData
      .optional()
      .describe("What the producer tells beyond this, of any shape; left out: nothing."),
    trace_context: z
      .strictObject({
        mission_id: id.nullable().optional().describe("The mission; null or left out: none."),
        plan_id: id.nullable().optional().describe("The plan; null or left out: none."),
        job_id: id.nullable().optional().describe("The job; null or left out: none."),
        attempt_id: id.nullable().optional().describe("The attempt; null or left out: none."),
        resource_uuid: id.nullable().optional().describe("The resource; null or left out: none."),
      })
      .optional()
      .describe("What the alert is about, where the producer knows it."),
  }),
  legacy: (payload: JsonObject) => {
    const { severity: given } = payload;
    const filled = fillMissing(payload, { event_category: "unspecified", severity: "WARNING", message: "" });
    return typeof given === "string" ? { ...filled, severity: given.toUpperCase() } : filled;
  },
  outside: ["alerting"],
});

export const systemMaintenance = defineEvent("system.maintenance", {
  version: 1,
  module: "core",
  criticality: "INFO",
  producers: [],
  when: "Maintenance is announced, begins or ends",
  payload: z.strictObject({
    message: z.string().max(2000).describe("What is announced, for operators."),
    starts_at: isoTime.optional().describe("When the maintenance begins; left out: not told."),
    ends_at: isoTime.optional().describe("When the maintenance ends; left out: not told."),
    details: details.describe("What the producer tells beyond this, of any shape; left out: nothing."),
  }),
});

const ethicsPayload = z.strictObject({
  subject_id: id.describe("What was looked at: an agent, a mission, a course."),
  reason: z.string().max(2000).nullable().describe("Why; null: not told."),
  details: details.describe("What the producer tells beyond this, of any shape; left out: nothing."),
});

export const ethicsReview = defineEvent("ethics.review", {
  version: 1,
  module: "ethics",
  criticality: "WARNING",
  producers: [],
  severity: "WARNING",
  when: "A review on ethical grounds was asked for",
  key: (payload) => payload.subject_id,
  payload: ethicsPayload,
  outside: ["KARMA", "audit"],
});

export const ethicsViolation = defineEvent("ethics.violation", {
  version: 1,
  module: "ethics",
  criticality: "CRITICAL",
  producers: [],
  severity: "CRITICAL",
  when: "An ethical rule was broken",
  key: (payload) => payload.subject_id,
  payload: ethicsPayload,
  outside: ["KARMA", "audit"],
});

export const ethicsApproval = defineEvent("ethics.approval", {
  version: 1,
  module: "ethics",
  criticality: "INFO",
  producers: [],
  severity: "INFO",
  when: "A review ended with an approval",
  key: (payload) => payload.subject_id,
  payload: ethicsPayload,
  outside: ["KARMA", "audit"],
});
