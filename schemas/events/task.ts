import * as z from "zod";
import { defineEvent } from "../define-event.ts";
import type { JsonObject } from "../json.ts";
import {
  count,
  errorText,
  fillMissing,
  id,
  isoTime,
  milliseconds,
  openData,
  readIso,
  readPriority,
  renameMissing,
  unwrapData,
  workPriority,
} from "./fields.ts";

/**
 * Steps of queued work. The shape is the one of the mission worker. Two other producers wrote the same names with
 * fewer fields (the controller only the id, the task queue its own); what they left out is null on read.
 */

const module = "missions";
const byTask = (payload: { task_id: string }) => payload.task_id;
const missionType = z.string().min(1).max(100).nullable();

/** Shapes of the controller and of the task queue (its `data` may still be nested). */
function readTask(payload: JsonObject): JsonObject {
  const flat = renameMissing(unwrapData(payload), {
    execution_time_ms: "duration_ms",
    retry_at: "retried_at",
    type: "mission_type",
  });
  // A nested record also carries its event type under `type`, which is no type of mission.
  if (typeof flat.mission_type === "string" && flat.mission_type.startsWith("task."))
    delete flat.mission_type;
  const priority = readPriority(flat.priority);
  if (priority !== undefined) flat.priority = priority;
  return flat;
}

export const taskCreated = defineEvent("task.created", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A mission was put into the queue",
  key: byTask,
  payload: z.strictObject({
    task_id: id,
    mission_type: missionType,
    priority: workPriority.nullable(),
    created_at: isoTime.optional(),
  }),
  legacy: readTask,
  nullOnlyInHistory: ["mission_type", "priority"],
  consumers: ["analytics", "audit", "monitoring"],
});

export const taskAssigned = defineEvent("task.assigned", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A task was given to an agent",
  key: byTask,
  payload: z.strictObject({ task_id: id, agent_id: id }),
  legacy: readTask,
});

export const taskStarted = defineEvent("task.started", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A worker took the mission from the queue",
  key: byTask,
  payload: z.strictObject({
    task_id: id,
    mission_type: missionType,
    priority: workPriority.nullable(),
    /** Position in the queue: priority and, inside it, time. */
    score: z.number().nullable(),
    retry_count: count.nullable(),
    started_at: isoTime.nullable(),
    agent_id: id.optional(),
    wait_time_ms: milliseconds.optional(),
  }),
  legacy: readTask,
  nullOnlyInHistory: ["mission_type", "priority", "score", "retry_count", "started_at"],
  consumers: ["monitoring", "analytics"],
});

export const taskCompleted = defineEvent("task.completed", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A mission succeeded",
  key: byTask,
  payload: z.strictObject({
    task_id: id,
    mission_type: missionType,
    duration_ms: milliseconds.nullable(),
    completed_at: isoTime.nullable(),
    agent_id: id.optional(),
    wait_time_ms: milliseconds.optional(),
  }),
  legacy: readTask,
  nullOnlyInHistory: ["mission_type", "duration_ms", "completed_at"],
  consumers: ["analytics", "monitoring"],
});

export const taskFailed = defineEvent("task.failed", {
  version: 1,
  module,
  criticality: "WARNING",
  severity: "WARNING",
  when: "An attempt failed; publish it as ERROR when no further attempt follows, as CRITICAL when all are used up",
  key: byTask,
  payload: z.strictObject({
    task_id: id,
    mission_type: missionType,
    error: errorText.nullable(),
    error_type: z.string().max(200).nullable(),
    retry_count: count.nullable(),
    max_retries: count.nullable(),
    will_retry: z.boolean().nullable(),
    duration_ms: milliseconds.nullable(),
    failed_at: isoTime.nullable(),
    agent_id: id.optional(),
  }),
  legacy: (payload) => {
    const flat = readTask(payload);
    // The task queue told only of the last failure, and said so.
    return flat.final === true && flat.will_retry === undefined ? { ...flat, will_retry: false } : flat;
  },
  nullOnlyInHistory: [
    "mission_type",
    "error",
    "error_type",
    "retry_count",
    "max_retries",
    "will_retry",
    "duration_ms",
    "failed_at",
  ],
  consumers: ["alerting", "error tracking", "analytics", "audit"],
});

export const taskCancelled = defineEvent("task.cancelled", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A queued or running mission was cancelled",
  key: byTask,
  payload: z.strictObject({
    task_id: id,
    cancelled_by: id.nullable(),
    cancelled_at: isoTime.nullable(),
    reason: z.string().max(500).nullable(),
    /** The status before; null when the producer did not say. */
    previous_status: z.string().max(50).nullable(),
  }),
  legacy: (payload) =>
    fillMissing(readTask(payload), { cancelled_by: null, reason: null, previous_status: null }),
  nullOnlyInHistory: ["cancelled_at"],
  consumers: ["audit"],
});

export const taskRetrying = defineEvent("task.retrying", {
  version: 1,
  module,
  criticality: "WARNING",
  severity: "WARNING",
  when: "A failed mission went back into the queue",
  key: byTask,
  payload: z.strictObject({
    task_id: id,
    mission_type: missionType,
    retry_count: z.int().min(1),
    max_retries: count.nullable(),
    next_attempt: z.int().min(1),
    retried_at: isoTime.nullable(),
  }),
  legacy: (payload) => {
    const flat = readTask(payload);
    return typeof flat.retry_count === "number" && flat.next_attempt === undefined
      ? { ...flat, next_attempt: flat.retry_count + 1 }
      : flat;
  },
  nullOnlyInHistory: ["mission_type", "max_retries", "retried_at"],
  consumers: ["monitoring", "analytics", "alerting"],
});

export const taskScheduled = defineEvent("task.scheduled", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A task was put off to a later time",
  key: byTask,
  payload: z.strictObject({
    task_id: id,
    mission_type: missionType,
    priority: workPriority.nullable(),
    scheduled: z.boolean().optional(),
    scheduled_at: isoTime.optional(),
  }),
  legacy: readTask,
  nullOnlyInHistory: ["mission_type", "priority"],
});

export const taskClaimed = defineEvent("task.claimed", {
  version: 1,
  module,
  criticality: "INFO",
  when: "An agent claimed a task",
  key: byTask,
  payload: z.strictObject({ task_id: id, agent_id: id, priority: workPriority.nullable() }),
  legacy: readTask,
  nullOnlyInHistory: ["priority"],
});

export const taskLeaseCreated = defineEvent("tasklease.created.v1", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A skill run leased a task",
  key: (payload) => payload.task_id ?? payload.skill_run_id,
  payload: z.strictObject({
    task_id: id.nullable(),
    skill_run_id: id,
    correlation_id: id.nullable(),
  }),
  legacy: (payload) => fillMissing(unwrapData(payload), { task_id: null, correlation_id: null }),
});

/** Priority and status of task items. */
export const taskItemPriority = z.enum(["P0", "P1", "P2", "P3"]);
export const taskItemStatus = z.enum(["NOT_STARTED", "IN_PROGRESS", "COMPLETED", "DELETED"]);

export const taskItemCreated = defineEvent("task.item.created", {
  version: 1,
  module: "tasks",
  criticality: "INFO",
  when: "A task item was created",
  key: byTask,
  payload: z.strictObject({
    task_id: id,
    title: z.string().min(1).max(500),
    priority: taskItemPriority,
    status: taskItemStatus,
  }),
  consumers: ["analytics", "audit"],
});

export const taskItemCompleted = defineEvent("task.item.completed", {
  version: 1,
  module: "tasks",
  criticality: "INFO",
  when: "A task item was done",
  key: byTask,
  payload: z.strictObject({
    task_id: id,
    completed_date: isoTime,
    completion_notes: z.string().max(2000),
  }),
  legacy: (payload) => {
    const date = payload.completed_date;
    // Some records hold the day only.
    const completed =
      typeof date === "string" && date.length === 10 ? `${date}T00:00:00.000Z` : readIso(date);
    return fillMissing(completed === undefined ? payload : { ...payload, completed_date: completed }, {
      completion_notes: "",
    });
  },
  consumers: ["analytics", "audit"],
});

export const taskItemDeleted = defineEvent("task.item.deleted", {
  version: 1,
  module: "tasks",
  criticality: "INFO",
  when: "A task item was deleted",
  key: byTask,
  payload: z.strictObject({ task_id: id, reason: z.string().max(500) }),
  consumers: ["analytics", "audit"],
});

export const taskItemUpdated = defineEvent("task.item.updated", {
  version: 1,
  module: "tasks",
  criticality: "INFO",
  when: "Fields of a task item changed",
  key: byTask,
  payload: z.strictObject({
    task_id: id,
    changes: openData,
    old_values: openData,
    new_values: openData,
  }),
  legacy: (payload) => fillMissing(payload, { old_values: {}, new_values: {} }),
  consumers: ["analytics", "audit"],
});
