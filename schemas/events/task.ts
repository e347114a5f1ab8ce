import * as z from "zod";
import { defineEvent } from "../define-event.ts";
import type { JsonObject } from "../json/json.ts";
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
  producers: ["mission_queue_manager", "mission_worker"],
  when: "A mission was put into the queue",
  key: byTask,
  payload: z.strictObject({
    task_id: id.describe("The task; for missions of this product the same as the mission."),
    mission_type: missionType.describe("What kind of work it is; null: the producer did not say."),
    priority: workPriority.nullable().describe("How important it is; null: the producer did not say."),
    created_at: isoTime
      .optional()
      .describe("When it was put into the queue; left out: at the time of the event."),
  }),
  legacy: readTask,
  nullOnlyInHistory: ["mission_type", "priority"],
  consumers: ["analytics"],
  outside: ["audit", "monitoring"],
});

export const taskAssigned = defineEvent("task.assigned", {
  version: 1,
  module,
  criticality: "INFO",
  producers: [],
  when: "A task was given to an agent",
  key: byTask,
  payload: z.strictObject({
    task_id: id.describe("The task; for missions of this product the same as the mission."),
    agent_id: id.describe("The agent that is to do it."),
  }),
  legacy: readTask,
});

export const taskStarted = defineEvent("task.started", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["mission_worker"],
  when: "A worker took the mission from the queue",
  key: byTask,
  payload: z.strictObject({
    task_id: id.describe("The task; for missions of this product the same as the mission."),
    mission_type: missionType.describe("What kind of work it is; null: the producer did not say."),
    priority: workPriority.nullable().describe("How important it is; null: the producer did not say."),
    score: z.number().nullable().describe("Position in the queue: priority and, inside it, time."),
    retry_count: count.nullable().describe("Attempts that failed before; null: the producer did not say."),
    started_at: isoTime.nullable().describe("When this attempt began; null: the producer did not say."),
    agent_id: id.optional().describe("The agent that works on it; left out: the product's own worker."),
    wait_time_ms: milliseconds
      .optional()
      .describe("From the queue to the start, milliseconds; left out: not told."),
  }),
  legacy: readTask,
  nullOnlyInHistory: ["mission_type", "priority", "score", "retry_count", "started_at"],
  consumers: ["analytics"],
  outside: ["monitoring"],
});

export const taskCompleted = defineEvent("task.completed", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["mission_worker"],
  when: "A mission succeeded",
  key: byTask,
  payload: z.strictObject({
    task_id: id.describe("The task; for missions of this product the same as the mission."),
    mission_type: missionType.describe("What kind of work it is; null: the producer did not say."),
    duration_ms: milliseconds
      .nullable()
      .describe("Time that the attempt took, milliseconds; null: the producer did not say."),
    completed_at: isoTime.nullable().describe("When it succeeded; null: the producer did not say."),
    agent_id: id.optional().describe("The agent that did it; left out: the product's own worker."),
    wait_time_ms: milliseconds
      .optional()
      .describe("From the queue to the start, milliseconds; left out: not told."),
  }),
  legacy: readTask,
  nullOnlyInHistory: ["mission_type", "duration_ms", "completed_at"],
  consumers: ["analytics"],
  outside: ["monitoring"],
});

export const taskFailed = defineEvent("task.failed", {
  version: 1,
  module,
  criticality: "WARNING",
  producers: ["mission_worker"],
  severity: "WARNING",
  when: "An attempt failed; publish it as ERROR when no further attempt follows, as CRITICAL when all are used up",
  key: byTask,
  payload: z.strictObject({
    task_id: id.describe("The task; for missions of this product the same as the mission."),
    mission_type: missionType.describe("What kind of work it is; null: the producer did not say."),
    error: errorText.nullable().describe("What went wrong, for operators; null: the producer did not say."),
    error_type: z
      .string()
      .max(200)
      .nullable()
      .describe("Class of the error; null: the producer did not say."),
    retry_count: count
      .nullable()
      .describe("Attempts that have failed so far, this one with them; null: the producer did not say."),
    max_retries: count
      .nullable()
      .describe("Attempts that are allowed in all; null: the producer did not say."),
    will_retry: z
      .boolean()
      .nullable()
      .describe("True: another attempt follows; null: the producer did not say."),
    duration_ms: milliseconds
      .nullable()
      .describe("Time that the attempt took, milliseconds; null: the producer did not say."),
    failed_at: isoTime.nullable().describe("When the attempt failed; null: the producer did not say."),
    agent_id: id.optional().describe("The agent that tried; left out: the product's own worker."),
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
  consumers: ["analytics"],
  outside: ["alerting", "error tracking", "audit"],
});

export const taskCancelled = defineEvent("task.cancelled", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["mission_queue_manager"],
  when: "A queued or running mission was cancelled",
  key: byTask,
  payload: z.strictObject({
    task_id: id.describe("The task; for missions of this product the same as the mission."),
    cancelled_by: id.nullable().describe("Who cancelled it; null: not known."),
    cancelled_at: isoTime.nullable().describe("When it was cancelled; null: the producer did not say."),
    reason: z
      .string()
      .max(500)
      .nullable()
      .describe("Why, in the words of who cancelled it; null: they gave none."),
    previous_status: z
      .string()
      .max(50)
      .nullable()
      .describe("The status before; null when the producer did not say."),
  }),
  legacy: (payload) =>
    fillMissing(readTask(payload), { cancelled_by: null, reason: null, previous_status: null }),
  nullOnlyInHistory: ["cancelled_at"],
  outside: ["audit"],
});

export const taskRetrying = defineEvent("task.retrying", {
  version: 1,
  module,
  criticality: "WARNING",
  producers: ["mission_queue_manager", "mission_worker"],
  severity: "WARNING",
  when: "A failed mission went back into the queue",
  key: byTask,
  payload: z.strictObject({
    task_id: id.describe("The task; for missions of this product the same as the mission."),
    mission_type: missionType.describe("What kind of work it is; null: the producer did not say."),
    retry_count: z.int().min(1).describe("Attempts that have failed so far."),
    max_retries: count
      .nullable()
      .describe("Attempts that are allowed in all; null: the producer did not say."),
    next_attempt: z.int().min(1).describe("Number of the attempt that follows, from 2."),
    retried_at: isoTime
      .nullable()
      .describe("When it went back into the queue; null: the producer did not say."),
  }),
  legacy: (payload) => {
    const flat = readTask(payload);
    return typeof flat.retry_count === "number" && flat.next_attempt === undefined
      ? { ...flat, next_attempt: flat.retry_count + 1 }
      : flat;
  },
  nullOnlyInHistory: ["mission_type", "max_retries", "retried_at"],
  consumers: ["analytics"],
  outside: ["monitoring", "alerting"],
});

export const taskScheduled = defineEvent("task.scheduled", {
  version: 1,
  module,
  criticality: "INFO",
  producers: [],
  when: "A task was put off to a later time",
  key: byTask,
  payload: z.strictObject({
    task_id: id.describe("The task; for missions of this product the same as the mission."),
    mission_type: missionType.describe("What kind of work it is; null: the producer did not say."),
    priority: workPriority.nullable().describe("How important it is; null: the producer did not say."),
    scheduled: z.boolean().optional().describe("True: it waits for its time; left out: not told."),
    scheduled_at: isoTime.optional().describe("The time that it waits for; left out: not told."),
  }),
  legacy: readTask,
  nullOnlyInHistory: ["mission_type", "priority"],
});

export const taskClaimed = defineEvent("task.claimed", {
  version: 1,
  module,
  criticality: "INFO",
  producers: [],
  when: "An agent claimed a task",
  key: byTask,
  payload: z.strictObject({
    task_id: id.describe("The task; for missions of this product the same as the mission."),
    agent_id: id.describe("The agent that took it."),
    priority: workPriority.nullable().describe("How important it is; null: the producer did not say."),
  }),
  legacy: readTask,
  nullOnlyInHistory: ["priority"],
});

export const taskLeaseCreated = defineEvent("tasklease.created.v1", {
  version: 1,
  module,
  criticality: "INFO",
  producers: [],
  when: "A skill run leased a task",
  key: (payload) => payload.task_id ?? payload.skill_run_id,
  payload: z.strictObject({
    task_id: id.nullable().describe("The leased task; null: the run has none."),
    skill_run_id: id.describe("The run of a skill that took the lease."),
    correlation_id: id.nullable().describe("The story that the run belongs to; null: it named none."),
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
    task_id: id.describe("The task item."),
    title: z.string().min(1).max(500).describe("What is to be done."),
    priority: taskItemPriority.describe("How important it is; `P0` is the most."),
    status: taskItemStatus.describe("Its status at the beginning."),
  }),
  consumers: ["analytics", "tasks"],
  outside: ["audit"],
});

export const taskItemCompleted = defineEvent("task.item.completed", {
  version: 1,
  module: "tasks",
  criticality: "INFO",
  when: "A task item was done",
  key: byTask,
  payload: z.strictObject({
    task_id: id.describe("The task item."),
    completed_date: isoTime.describe("When it was done."),
    completion_notes: z.string().max(2000).describe("What was noted of it; empty: nothing."),
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
  consumers: ["analytics", "tasks"],
  outside: ["audit"],
});

export const taskItemDeleted = defineEvent("task.item.deleted", {
  version: 1,
  module: "tasks",
  criticality: "INFO",
  when: "A task item was deleted",
  key: byTask,
  payload: z.strictObject({
    task_id: id.describe("The task item."),
    reason: z.string().max(500).describe("Why it was deleted; empty: not told."),
  }),
  consumers: ["analytics", "tasks"],
  outside: ["audit"],
});

export const taskItemUpdated = defineEvent("task.item.updated", {
  version: 1,
  module: "tasks",
  criticality: "INFO",
  when: "Fields of a task item changed",
  key: byTask,
  payload: z.strictObject({
    task_id: id.describe("The task item."),
    changes: openData.describe("The fields that changed, with their new values."),
    old_values: openData.describe("These fields as they were; empty: the producer did not say."),
    new_values: openData.describe("These fields as they are now; empty: the producer did not say."),
  }),
  legacy: (payload) => fillMissing(payload, { old_values: {}, new_values: {} }),
  consumers: ["analytics", "tasks"],
  outside: ["audit"],
});
