import * as z from "zod";
import { defineEvent, type PayloadContext } from "../define-event.ts";
import type { JsonObject } from "../json.ts";
import { mostItems } from "../open-object.ts";
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
  when: "A mission was recorded",
  key: byMission,
  payload: z.strictObject({
    mission_id: id,
    mission_name: missionName,
    /** What kind of work; null when the controller wrote the event. */
    type: z.string().min(1).max(100).nullable(),
    priority: workPriority,
    created_at: isoTime,
    objectives_count: count.optional(),
    agent_requirements: z
      .strictObject({
        agent_type: z.string().max(100).nullable().optional(),
        skills_required: z.array(z.string().max(100)).max(mostItems).optional(),
        min_karma_score: z.number().nullable().optional(),
        exclude_agents: z.array(id).max(mostItems).optional(),
      })
      .optional(),
  }),
  legacy: (payload, context) => {
    const renamed = renameMissing(payload, { name: "mission_name" });
    const priority = readPriority(renamed.priority);
    return fillMissing(priority === undefined ? renamed : { ...renamed, priority }, {
      created_at: context.timestamp,
    });
  },
  nullOnlyInHistory: ["type"],
  consumers: ["supervisor", "analytics", "audit"],
});

const transition = {
  mission_id: id,
  mission_name: missionName,
  old_status: missionStatus.nullable(),
  new_status: missionStatus,
  /** Outcome of the work, null before there is one. */
  result: openData.nullable(),
  error_message: errorText.nullable(),
  total_tasks: count.optional(),
};
const outcome = {
  ...transition,
  /** `partial`: some tasks failed. */
  final_status: z.string().max(50).optional(),
  completed_tasks: count.optional(),
  failed_tasks: count.optional(),
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
  when: "Work on a mission began",
  key: byMission,
  payload: z.strictObject(transition),
  legacy: readTransition("running"),
  nullOnlyInHistory: ["old_status"],
  consumers: ["supervisor", "analytics", "audit"],
});

export const missionCompleted = defineEvent("mission.completed", {
  version: 1,
  module,
  criticality: "INFO",
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
  severity: "ERROR",
  when: "A mission failed for good",
  key: byMission,
  payload: z.strictObject(outcome),
  legacy: readTransition("failed"),
  nullOnlyInHistory: ["old_status"],
  consumers: ["alerting"],
});

export const missionCancelled = defineEvent("mission.cancelled", {
  version: 1,
  module,
  criticality: "WARNING",
  severity: "WARNING",
  when: "A mission was cancelled",
  key: byMission,
  payload: z.strictObject({
    ...transition,
    /** Why, in the words of who cancelled it; null when they gave none. */
    reason: z.string().max(500).nullable().optional(),
  }),
  legacy: readTransition("cancelled"),
  nullOnlyInHistory: ["old_status"],
  consumers: ["audit"],
});
