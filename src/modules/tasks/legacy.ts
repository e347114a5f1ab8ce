import { ValidationError } from "@brain/engine";
import { readTime } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { andTenant } from "../of-tenant.ts";
import { naiveOf, type TimeRange, toNaive } from "./naive-time.ts";
import type { RunRows } from "./postgres-events.ts";
import {
  createTaskEvent,
  isObject,
  type TaskEvent,
  type TaskEventInput,
  type TaskEventType,
  taskPriorities,
  taskStatuses,
} from "./task-events.ts";

/*
 * The old form of an event: a plain record {type, task_id, title, timestamp}. The old path writes it, and the import
 * reads it. Writing goes with the switch.
 */

const legacyTypes = {
  TaskCreated: "task_created",
  TaskCompleted: "task_completed",
  TaskDeleted: "task_deleted",
  TaskUpdated: "task_updated",
} as const satisfies Record<TaskEventType, string>;

/**
 * The event type that an old type means: `task_created`, `TaskCreated`, `task.item.created` and `created` are one.
 *
 * @returns null for types of other things
 */
export function eventTypeOf(type: unknown): TaskEventType | null {
  if (typeof type !== "string") return null;
  const verb = /^(?:task)?(?:item)?(created|completed|deleted|updated)$/.exec(
    type.toLowerCase().replaceAll(/[^a-z]/g, ""),
  )?.[1];
  const found = Object.entries(legacyTypes).find(([, name]) => name === `task_${verb}`);
  return (found?.[0] as TaskEventType | undefined) ?? null;
}

/**
 * The domain event of an old record. What the old form did not hold gets a neutral value: priority `P2`, status
 * `NOT_STARTED`, no notes, no reason, no changes.
 *
 * @throws {ValidationError} it lacks what an event needs; names each field
 */
export function fromLegacy(record: unknown, eventId: string): TaskEvent {
  const eventType = isObject(record) ? eventTypeOf(record.type) : null;
  if (!isObject(record) || eventType === null) {
    throw new ValidationError("This is no record of a task.", {
      issues: [{ path: "type", message: "expected e.g. task_created" }],
    });
  }
  const { title, task_id: taskId } = record;
  const timestamp = legacyTime(record.timestamp);
  const metadata = { imported_from: "legacy", ...(typeof title === "string" ? { title } : {}) };
  const head = { eventType, eventId, timestamp, taskId, metadata };
  return createTaskEvent({
    ...head,
    ...neutralFields(eventType, record, timestamp),
  } as unknown as TaskEventInput);
}

function neutralFields(
  eventType: TaskEventType,
  record: Readonly<Record<string, unknown>>,
  timestamp: string | null,
): object {
  switch (eventType) {
    case "TaskCreated":
      return {
        title: record.title,
        priority: taskPriorities.find((name) => name === record.priority) ?? "P2",
        status: taskStatuses.find((name) => name === record.status) ?? "NOT_STARTED",
      };
    case "TaskCompleted":
      return { completedDate: timestamp, completionNotes: "" };
    case "TaskDeleted":
      return { reason: "" };
    case "TaskUpdated":
      return { changes: {}, oldValues: {}, newValues: {} };
  }
}

/** Writes an event in the old form. */
export async function saveLegacy(
  run: RunRows,
  event: TaskEvent,
  { title, tenantId }: { readonly title: string; readonly tenantId: string | null },
): Promise<void> {
  await run(sql`
    INSERT INTO task_legacy_events (type, tenant_id, task_id, title, timestamp)
    VALUES (${legacyTypes[event.eventType]}, ${tenantId}, ${event.taskId}, ${title}, ${`${event.timestamp}Z`}::timestamptz)`);
}

export interface LegacyFilter {
  /** Only of this tenant; null: of all. */
  readonly tenantId: string | null;
  readonly type?: TaskEventType | undefined;
  readonly range: TimeRange;
  readonly limit: number;
  readonly oldestFirst: boolean;
  readonly cursor?: string | undefined;
}

interface LegacyRow {
  readonly position: number;
  readonly type: string;
  readonly task_id: string;
  readonly title: string;
  readonly at: string;
}

const legacyColumns = sql`position::float8 AS position, type, task_id, title,
  to_char(timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') AS at`;

/**
 * The old records as events, in the order of `listTaskEvents`. Their ids are `legacy-{position}-{task id}`: other systems
 * have the same positions, and an import must tell them apart.
 */
export async function listLegacy(run: RunRows, filter: LegacyFilter): Promise<TaskEvent[]> {
  const { tenantId, type, range, limit, oldestFirst, cursor } = filter;
  const direction = oldestFirst ? sql`ASC` : sql`DESC`;
  const position = cursor === undefined ? null : Number(/^legacy-(\d{1,15})-/.exec(cursor)?.[1] ?? 0);
  const rows = await run<LegacyRow>(sql`
    SELECT ${legacyColumns} FROM task_legacy_events
    WHERE timestamp BETWEEN ${`${range.from}Z`}::timestamptz AND ${`${range.to}Z`}::timestamptz
      AND (${type === undefined ? null : legacyTypes[type]}::text IS NULL OR type = ${type === undefined ? null : legacyTypes[type]})
      AND (${position}::bigint IS NULL OR (timestamp, position) ${oldestFirst ? sql`>` : sql`<`}
        (SELECT timestamp, position FROM task_legacy_events WHERE position = ${position}::bigint ${andTenant(sql`tenant_id`, tenantId)}))
      ${andTenant(sql`tenant_id`, tenantId)}
    ORDER BY timestamp ${direction}, position ${direction} LIMIT ${limit}`);
  return rows.map(toEvent);
}

/** The event that `listLegacy` gives this id; null when there is none. */
export async function findLegacy(
  run: RunRows,
  eventId: string,
  tenantId: string | null,
): Promise<TaskEvent | null> {
  const position = /^legacy-(\d{1,15})-/.exec(eventId)?.[1];
  if (position === undefined) return null;
  const [row] = await run<LegacyRow>(
    sql`SELECT ${legacyColumns} FROM task_legacy_events
      WHERE position = ${position}::bigint ${andTenant(sql`tenant_id`, tenantId)}`,
  );
  const event = row === undefined ? null : toEvent(row);
  return event?.eventId === eventId ? event : null;
}

function toEvent({ position, at, type, task_id, title }: LegacyRow): TaskEvent {
  return fromLegacy({ type, task_id, title, timestamp: at }, `legacy-${position}-${task_id}`);
}

/** Time of an old record, naive: ISO text or Unix seconds. Null: it is no point in time. */
export function legacyTime(timestamp: unknown): string | null {
  const read = readTime(timestamp);
  return toNaive(timestamp) ?? (read === null ? null : naiveOf(new Date(read.iso)));
}
