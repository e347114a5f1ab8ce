import { newEventId, type Publish, type PublishOptions } from "@brain/engine";
import {
  guardValues,
  type JsonObject,
  missionCancelled,
  missionCompleted,
  missionCreated,
  missionFailed,
  missionStarted,
  type Severity,
  taskCancelled,
  taskCompleted,
  taskCreated,
  taskFailed,
  taskRetrying,
  taskStarted,
} from "@brain/schemas";
import type { Mission } from "./model.ts";
import { type Failure, priorityName, queueScore, storable } from "./state.ts";
import type { MissionStatus } from "./tables.ts";

/** The events of a mission. `mission.*` tells of the record, `task.*` of its way through the queue; both have its id. */

/** Producer of what requests do. */
export const queueSource = "mission_queue_manager";
/** Producer of what the worker does. */
export const workerSource = "mission_worker";

/** One event of a mission, to be published with its place in the story. */
export type Line = (publish: Publish, options: PublishOptions) => Promise<unknown>;

/** What all events of a mission share. */
export function envelopeOf(row: Mission) {
  return {
    mission_id: row.id,
    task_id: row.id,
    correlation_id: row.correlationId,
    tenant_id: row.tenantId,
  } satisfies PublishOptions;
}

/**
 * Publishes events of one mission, each caused by the one before. The last has the id that the row was written with.
 *
 * @param row as it is after the change
 * @param cause id of what caused the first; null: nothing that is an event
 */
export async function tell(
  publish: Publish,
  row: Mission,
  cause: string | null,
  lines: readonly Line[],
): Promise<void> {
  let causation = cause;
  for (const [index, line] of lines.entries()) {
    const id = index === lines.length - 1 ? row.lastEventId : newEventId(row.updatedAt.getTime());
    await line(publish, { ...envelopeOf(row), id, causation_id: causation });
    causation = id;
  }
}

export const createdLine =
  (row: Mission): Line =>
  (publish, options) =>
    publish(
      missionCreated,
      {
        mission_id: row.id,
        mission_name: row.name,
        type: row.type,
        priority: priorityName(row.priority),
        created_at: row.createdAt.toISOString(),
      },
      options,
    );

export const queuedLine =
  (row: Mission): Line =>
  (publish, options) =>
    publish(
      taskCreated,
      {
        task_id: row.id,
        mission_type: row.type,
        priority: priorityName(row.priority),
        created_at: row.createdAt.toISOString(),
      },
      options,
    );

/** Once in a mission's life: when its first attempt begins. */
export const missionStartedLine =
  (row: Mission): Line =>
  (publish, options) =>
    publish(missionStarted, transition(row, "queued"), options);

export const attemptStartedLine =
  (row: Mission, now: Date): Line =>
  (publish, options) =>
    publish(
      taskStarted,
      {
        task_id: row.id,
        mission_type: row.type,
        priority: priorityName(row.priority),
        score: queueScore(row.priority, row.place),
        retry_count: row.attempt - 1,
        started_at: now.toISOString(),
      },
      options,
    );

/** A failed attempt, as the events tell it. */
export interface FailedAttempt {
  readonly failure: Pick<Failure, "message" | "type">;
  /** Attempts that have failed, this one included. */
  readonly failures: number;
  readonly willRetry: boolean;
  readonly severity: Severity;
  /** Null: not known. */
  readonly startedAt: Date | null;
}

export const attemptFailedLine =
  (row: Mission, attempt: FailedAttempt, now: Date): Line =>
  (publish, options) =>
    publish(
      taskFailed,
      {
        task_id: row.id,
        mission_type: row.type,
        error: attempt.failure.message,
        error_type: attempt.failure.type,
        retry_count: attempt.failures,
        max_retries: row.attemptLimit,
        will_retry: attempt.willRetry,
        duration_ms: durationMs(attempt.startedAt, now),
        failed_at: now.toISOString(),
      },
      { ...options, severity: attempt.severity },
    );

/** @param failures attempts that have failed so far, at least one */
export const retryingLine =
  (row: Mission, failures: number, now: Date): Line =>
  (publish, options) =>
    publish(
      taskRetrying,
      {
        task_id: row.id,
        mission_type: row.type,
        retry_count: failures,
        max_retries: row.attemptLimit,
        next_attempt: failures + 1,
        retried_at: now.toISOString(),
      },
      options,
    );

export const missionFailedLine =
  (row: Mission, message: string): Line =>
  (publish, options) =>
    publish(missionFailed, { ...transition(row, "running"), error_message: message }, options);

export const attemptCompletedLine =
  (row: Mission, now: Date): Line =>
  (publish, options) =>
    publish(
      taskCompleted,
      {
        task_id: row.id,
        mission_type: row.type,
        duration_ms: durationMs(row.attemptStartedAt, now),
        completed_at: now.toISOString(),
      },
      options,
    );

/** @param result what of the outcome events may tell; null: nothing */
export const missionCompletedLine =
  (row: Mission, result: JsonObject | null): Line =>
  (publish, options) =>
    publish(missionCompleted, { ...transition(row, "running"), result }, options);

/** Who cancels missions, and why; null: it is not known. */
export interface Cancellation {
  readonly by: string | null;
  readonly reason: string | null;
  readonly at: Date;
}

export const taskCancelledLine =
  (row: Mission, previous: MissionStatus, { by, reason, at }: Cancellation): Line =>
  (publish, options) =>
    publish(
      taskCancelled,
      {
        task_id: row.id,
        cancelled_by: by,
        cancelled_at: at.toISOString(),
        reason,
        previous_status: previous,
      },
      options,
    );

export const missionCancelledLine =
  (row: Mission, previous: MissionStatus, reason: string | null): Line =>
  (publish, options) =>
    publish(missionCancelled, { ...transition(row, previous), reason }, options);

function transition(row: Mission, from: MissionStatus) {
  return {
    mission_id: row.id,
    mission_name: row.name,
    old_status: from,
    new_status: row.status,
    result: null,
    error_message: null,
  };
}

function durationMs(from: Date | null, now: Date): number {
  return from === null ? 0 : Math.max(0, now.getTime() - from.getTime());
}

/** An event carries no more of a result than this, UTF-16 units of JSON. */
const maxEventResult = 4_096;

/** The part of a result that an event may carry; null when it is too large, or holds what an event must not hold. */
export function eventResult(result: JsonObject): JsonObject | null {
  const { invalid, forbidden } = guardValues(result, "");
  if (invalid.length > 0 || forbidden.length > 0) return null;
  return JSON.stringify(result).length > maxEventResult ? null : result;
}

/** A result as Postgres can store it: NUL and other control characters, and halves of surrogate pairs, are marked. */
export function storableJson(value: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(value), (_key, item: unknown) =>
    typeof item === "string" ? storable(item) : item,
  ) as JsonObject;
}
