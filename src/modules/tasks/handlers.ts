import type { Logger } from "@brain/engine";
import { type SQL, sql } from "drizzle-orm";
import type { TaskEventHandlers } from "./dispatcher.ts";
import type { RunRows } from "./postgres-events.ts";
import type { TaskEvent, TaskUpdated } from "./task-events.ts";

/*
 * The effects of each domain event, applied once. An import, a file that is read again, or a forced replay delivers the
 * same event again. Only the run that marks an event counts it, the history has one row per event and field, and what was
 * removed stays removed.
 */

export interface HandlerServices {
  readonly run: RunRows;
  readonly log: Logger;
  readonly now: () => Date;
  /** Of the event; what is not of this tenant stays as it is. Null: an event of no tenant, which tells of all. */
  readonly tenantId: string | null;
}

/**
 * The handlers of the four events, one statement each. They need the event in `task_events`, where the dispatcher puts
 * it first.
 */
export function taskEventHandlers({ run, log, now, tenantId }: HandlerServices): TaskEventHandlers {
  const note = (event: TaskEvent, message: string) =>
    log.debug({ task_event: event.eventType, event_id: event.eventId, task_id: event.taskId }, message);
  return {
    async TaskCreated(event) {
      note(event, "a task was created");
      await run(countingOnce(event, now()));
    },
    async TaskCompleted(event) {
      note(event, "a task was completed");
      await run(countingOnce(event, now()));
    },
    async TaskDeleted(event) {
      note(event, "a task was deleted");
      await run(
        countingOnce(event, now(), sql`, no_reference AS (${removingReferences(event.taskId, tenantId)})`),
      );
    },
    async TaskUpdated(event) {
      note(event, "a task was changed");
      const history = event.eventType === "TaskUpdated" ? keepingHistory(event, tenantId) : null;
      await run(countingOnce(event, now(), history === null ? sql`` : sql`, history AS (${history})`));
    },
  };
}

/** Counts the event on its day, unless it is counted already. @param alongside CTEs that go with it */
function countingOnce(event: TaskEvent, now: Date, alongside: SQL = sql``): SQL {
  return sql`
    WITH fresh AS (
      UPDATE task_events SET counted_at = ${now.toISOString()}::timestamptz
      WHERE event_id = ${event.eventId} AND counted_at IS NULL RETURNING event_type, tenant_id
    )${alongside}
    INSERT INTO task_stats AS s (day, event_type, tenant_id, count)
    SELECT ${event.timestamp.slice(0, 10)}::date, event_type, tenant_id, 1 FROM fresh
    ON CONFLICT (day, event_type, tenant_id) DO UPDATE SET count = s.count + 1`;
}

/** Tasks refer only to tasks of their own tenant, so both ends are of the one that is deleted. */
function removingReferences(taskId: string, tenantId: string | null): SQL {
  const isOwn =
    tenantId === null
      ? sql``
      : sql`AND EXISTS (SELECT FROM task_items t WHERE t.task_id = ${taskId} AND t.tenant_id = ${tenantId})`;
  return sql`DELETE FROM task_references WHERE (task_id = ${taskId} OR referenced_id = ${taskId}) ${isOwn}`;
}

/** Null: the event names no field. */
function keepingHistory(event: TaskUpdated, tenantId: string | null): SQL | null {
  const names = new Set([...Object.keys(event.changes), ...Object.keys(event.newValues)]);
  const rows = [...names].map((field) => ({
    field: field.slice(0, 100).toWellFormed(),
    old_value: event.oldValues[field] ?? null,
    new_value: event.newValues[field] ?? event.changes[field] ?? null,
  }));
  if (rows.length === 0) return null;
  return sql`
    INSERT INTO task_history (event_id, field, tenant_id, task_id, old_value, new_value, changed_at)
    SELECT ${event.eventId}, field, ${tenantId}::varchar, ${event.taskId}, old_value, new_value, ${`${event.timestamp}Z`}::timestamptz
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r(field text, old_value jsonb, new_value jsonb)
    ON CONFLICT (event_id, field) DO NOTHING`;
}
