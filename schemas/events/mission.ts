import * as z from "zod";
import { defineEvent, type PayloadContext } from "../define-event.ts";
import type { JsonObject } from "../json/json.ts";
import { mostItems } from "../payloads/open-object.ts";
import {
  count,
  errorText,
  fillMissing,
  id,
  isoTime,
  openData,
  readPriority,
  renameMissing,
  workPriority,
} from "./fields.ts";

/**
 * The life of a mission record. The shape is the one of the mission queue, with the counts of the controller as
 * optional fields; the controller wrote `name` for `mission_name` and no statuses, which are null on read.
 */

const module = "missions";
const byMission = (payload: { mission_id: string }) => payload.mission_id;
const missionName = z.string().min(1).max(200);
const missionStatus = z.enum([
  "pending",
  "queued",
  "assigned",
  "running",
  "paused",
  "completed",
  "failed",
  "cancelled",
  "timeout",
]);

export const missionCreated = defineEvent("mission.created", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["mission_queue_manager"],
  when: "A mission was recorded",
  key: byMission,
  payload: z.strictObject({
    mission_id: id.describe("The mission."),
    mission_name: missionName.describe("Name of the mission."),
    type: z
      .string()
      .min(1)
      .max(100)
      .nullable()
      .describe("What kind of work; null when the controller wrote the event."),
    priority: workPriority.describe("How important it is."),
    created_at: isoTime.describe("When it was recorded."),
    objectives_count: count.optional().describe("Objectives of the mission; left out: not told."),
    agent_requirements: z
      .strictObject({
        agent_type: z
          .string()
          .max(100)
          .nullable()
          .optional()
          .describe("Kind of agent; null or left out: any."),
        skills_required: z
          .array(z.string().max(100))
          .max(mostItems)
          .optional()
          .describe("Skills that it must have; left out: none."),
        min_karma_score: z
          .number()
          .nullable()
          .optional()
          .describe("Least karma that it must have; null or left out: none."),
        exclude_agents: z
          .array(id)
          .max(mostItems)
          .optional()
          .describe("Agents that must not do it; left out: none."),
      })
      .optional()
      .describe("What an agent must be to do it; left out: not told."),
  }),
  legacy: (payload, context) => {
    const renamed = renameMissing(payload, { name: "mission_name" });
    const priority = readPriority(renamed.priority);
    return fillMissing(priority === undefined ? renamed : { ...renamed, priority }, {
      created_at: context.timestamp,
    });
  },
  nullOnlyInHistory: ["type"],
  consumers: ["analytics"],
  outside: ["supervisor", "audit"],
});

const transition = {
  mission_id: id.describe("The mission."),
  mission_name: missionName.describe("Name of the mission."),
  old_status: missionStatus.nullable().describe("Status before; null: the producer did not say."),
  new_status: missionStatus.describe("Status now."),
  result: openData.nullable().describe("Outcome of the work, null before there is one."),
  error_message: errorText.nullable().describe("What went wrong, for operators; null: nothing did."),
  total_tasks: count.optional().describe("Tasks of the mission; left out: not told."),
};
const outcome = {
  ...transition,
  final_status: z
    .string()
    .max(50)
    .optional()
    .describe(
      "How it ended in a word; `partial`: some tasks failed. Left out: as the name of the event says.",
    ),
  completed_tasks: count.optional().describe("Tasks that succeeded; left out: not told."),
  failed_tasks: count.optional().describe("Tasks that failed; left out: not told."),
};

/** `mission.started` was written without a status by the controller; the name says it. */
function readTransition(status: string) {
  return (payload: JsonObject, _context: PayloadContext): JsonObject =>
    fillMissing(renameMissing(payload, { name: "mission_name" }), {
      new_status: status,
      result: null,
      error_message: null,
    });
}

export const missionStarted = defineEvent("mission.started", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["mission_worker"],
  when: "Work on a mission began",
  key: byMission,
  payload: z.strictObject(transition),
  legacy: readTransition("running"),
  nullOnlyInHistory: ["old_status"],
  consumers: ["analytics"],
  outside: ["supervisor", "audit"],
});

export const missionCompleted = defineEvent("mission.completed", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["mission_worker"],
  when: "A mission succeeded, also in part",
  key: byMission,
  payload: z.strictObject(outcome),
  legacy: readTransition("completed"),
  nullOnlyInHistory: ["old_status"],
  consumers: ["analytics"],
});

export const missionFailed = defineEvent("mission.failed", {
  version: 1,
  module,
  criticality: "ERROR",
  producers: ["mission_worker"],
  severity: "ERROR",
  when: "A mission failed for good",
  consumers: ["analytics"],
  key: byMission,
  payload: z.strictObject(outcome),
  legacy: readTransition("failed"),
  nullOnlyInHistory: ["old_status"],
  outside: ["alerting"],
});

export const missionCancelled = defineEvent("mission.cancelled", {
  version: 1,
  module,
  criticality: "WARNING",
  producers: ["mission_queue_manager"],
  severity: "WARNING",
  when: "A mission was cancelled",
  consumers: ["analytics"],
  key: byMission,
  payload: z.strictObject({
    ...transition,
    reason: z
      .string()
      .max(500)
      .nullable()
      .optional()
      .describe("Why, in the words of who cancelled it; null when they gave none."),
  }),
  legacy: readTransition("cancelled"),
  nullOnlyInHistory: ["old_status"],
  outside: ["audit"],
});
