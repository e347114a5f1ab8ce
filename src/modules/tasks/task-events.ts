import { type Issue, ValidationError } from "@brain/engine";
import type { JsonObject, JsonValue } from "@brain/schemas";
import { timeKey, toNaive } from "./naive-time.ts";
import type { TaskPriority, TaskStatus } from "./tables.ts";

/*
 * The domain events of task items. An event is a frozen object that was checked when it was made; there is no other way
 * to make one. Its record is one line of the JSONL files.
 */

export const taskPriorities = ["P0", "P1", "P2", "P3"] as const satisfies readonly TaskPriority[];
export const taskStatuses = [
  "NOT_STARTED",
  "IN_PROGRESS",
  "COMPLETED",
  "DELETED",
] as const satisfies readonly TaskStatus[];
export const taskEventTypes = ["TaskCreated", "TaskCompleted", "TaskDeleted", "TaskUpdated"] as const;
export type TaskEventType = (typeof taskEventTypes)[number];

interface Head<Type extends TaskEventType> {
  readonly eventType: Type;
  readonly eventId: string;
  /** Naive ISO, UTC. */
  readonly timestamp: string;
  readonly taskId: string;
  /** Facts about the origin, e.g. who did it. */
  readonly metadata: JsonObject;
}

export interface TaskCreated extends Head<"TaskCreated"> {
  readonly title: string;
  readonly priority: TaskPriority;
  readonly status: TaskStatus;
}

export interface TaskCompleted extends Head<"TaskCompleted"> {
  /** Naive ISO, UTC; not after `timestamp`. */
  readonly completedDate: string;
  readonly completionNotes: string;
}

export interface TaskDeleted extends Head<"TaskDeleted"> {
  readonly reason: string;
}

export interface TaskUpdated extends Head<"TaskUpdated"> {
  /** Changed fields with what the caller asked for. */
  readonly changes: JsonObject;
  readonly oldValues: JsonObject;
  readonly newValues: JsonObject;
}

export type TaskEvent = TaskCreated | TaskCompleted | TaskDeleted | TaskUpdated;

/** What an event is made of; `metadata` may be left out. */
export type TaskEventInput = TaskEvent extends infer Each
  ? Each extends TaskEvent
    ? Omit<Each, "metadata"> & { readonly metadata?: JsonObject }
    : never
  : never;

/** Longest texts, in UTF-16 units; those of the stream events too. */
export const maxTaskText = { id: 100, title: 500, notes: 2_000, reason: 500 } as const;
/** Depth to which open data may nest, and the size of a whole record, characters of JSON. */
const maxDepth = 16;
const maxRecordLength = 65_536;

/** Names of the record's fields beside the common ones. */
const recordFields = {
  TaskCreated: { title: "title", priority: "priority", status: "status" },
  TaskCompleted: { completedDate: "completed_date", completionNotes: "completion_notes" },
  TaskDeleted: { reason: "reason" },
  TaskUpdated: { changes: "changes", oldValues: "old_values", newValues: "new_values" },
} as const satisfies Record<TaskEventType, Readonly<Record<string, string>>>;
const commonFields: ReadonlySet<string> = new Set([
  "event_id",
  "event_type",
  "timestamp",
  "aggregate_id",
  "task_id",
  "metadata",
]);

/**
 * Makes an event.
 *
 * @throws {ValidationError} names each field that is not acceptable, by its name in the record
 */
export function createTaskEvent(input: TaskEventInput): TaskEvent {
  const issues: Issue[] = [];
  const refuse = (path: string, message: string) => void issues.push({ path, message });
  const timestamp = toNaive(input.timestamp);
  if (timestamp === null) refuse("timestamp", "expected ISO 8601, e.g. 2026-03-01T10:00:00.000000");
  checkId("event_id", input.eventId, refuse);
  checkId("task_id", input.taskId, refuse);
  const metadata = input.metadata ?? {};
  checkOpen("metadata", metadata, refuse);
  const fields = checkedFields(input, timestamp, refuse);
  const { eventType, eventId, taskId } = input;
  if (issues.length === 0) {
    const event = { eventType, eventId, timestamp, taskId, metadata, ...fields } as TaskEvent;
    const { length } = JSON.stringify(toRecord(event));
    if (length <= maxRecordLength) return freeze(structuredClone(event));
    refuse("", `the record has ${length} characters, at most ${maxRecordLength}`);
  }
  throw new ValidationError(`The ${eventType} event is not valid; see details for each field.`, { issues });
}

type Refuse = (path: string, message: string) => void;

function checkedFields(input: TaskEventInput, timestamp: string | null, refuse: Refuse): object {
  switch (input.eventType) {
    case "TaskCreated": {
      const { title, priority, status } = input;
      checkText("title", title, maxTaskText.title, refuse);
      checkOneOf("priority", priority, taskPriorities, refuse);
      checkOneOf("status", status, taskStatuses, refuse);
      return { title, priority, status };
    }
    case "TaskCompleted": {
      const completedDate = toNaive(input.completedDate);
      if (completedDate === null) refuse("completed_date", "expected an ISO 8601 time or day");
      else if (timestamp !== null && timeKey(completedDate) > timeKey(timestamp)) {
        refuse("completed_date", "is after the time of the event; expected the same time or an earlier one");
      }
      checkText("completion_notes", input.completionNotes, maxTaskText.notes, refuse, 0);
      return { completedDate, completionNotes: input.completionNotes };
    }
    case "TaskDeleted":
      checkText("reason", input.reason, maxTaskText.reason, refuse, 0);
      return { reason: input.reason };
    case "TaskUpdated": {
      const { changes, oldValues, newValues } = input;
      checkOpen("changes", changes, refuse);
      checkOpen("old_values", oldValues, refuse);
      checkOpen("new_values", newValues, refuse);
      return { changes, oldValues, newValues };
    }
    default:
      refuse("event_type", `expected one of ${taskEventTypes.join(", ")}`);
      return {};
  }
}

/** Text that Postgres can store: no control characters but line breaks and tabs, no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !/[^\P{Cc}\n\r\t]/u.test(text);
}

function checkText(path: string, value: unknown, maxLength: number, refuse: Refuse, minLength = 1): void {
  if (typeof value !== "string") refuse(path, "expected text");
  else if (value.length > maxLength) refuse(path, `expected at most ${maxLength} characters`);
  else if (value.trim().length < minLength) refuse(path, "expected text that is not empty");
  else if (!isStorable(value)) refuse(path, "control characters cannot be stored; remove them");
}

/** Ids travel to envelopes and logs, so they have no line breaks either. */
function checkId(path: string, value: unknown, refuse: Refuse): void {
  checkText(path, value, maxTaskText.id, refuse);
  if (typeof value === "string" && /[\n\r\t]/.test(value)) refuse(path, "expected an id of one line");
}

function checkOneOf(path: string, value: unknown, allowed: readonly string[], refuse: Refuse): void {
  if (!allowed.includes(value as string)) refuse(path, `expected one of ${allowed.join(", ")}`);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkOpen(path: string, value: unknown, refuse: Refuse): void {
  if (!isObject(value)) refuse(path, "expected an object");
  else if (!isStorableJson(value, maxDepth)) {
    refuse(path, `expected JSON without control characters, at most ${maxDepth} levels deep`);
  }
}

function isStorableJson(value: unknown, depth: number): boolean {
  if (typeof value === "string") return isStorable(value);
  if (typeof value === "number") return Number.isFinite(value);
  if (value === null || typeof value === "boolean") return true;
  if (typeof value !== "object" || depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isStorableJson(item, depth - 1));
  return Object.entries(value).every(
    ([key, item]) => key !== "__proto__" && isStorable(key) && isStorableJson(item, depth - 1),
  );
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const item of Object.values(value)) freeze(item);
    Object.freeze(value);
  }
  return value;
}

/** The event as a line of the JSONL files holds it: common keys first, its own fields beside them. */
export function toRecord(event: TaskEvent): JsonObject {
  const own: Record<string, JsonValue> = {};
  for (const [property, field] of Object.entries(recordFields[event.eventType])) {
    own[field] = (event as unknown as JsonObject)[property] as JsonValue;
  }
  return {
    event_id: event.eventId,
    event_type: event.eventType,
    timestamp: event.timestamp,
    aggregate_id: event.taskId,
    task_id: event.taskId,
    metadata: event.metadata,
    ...own,
  };
}

/**
 * Reads a record. Fields that it does not know stay in `metadata.unknown_fields`, so that nothing gets lost.
 *
 * @throws {ValidationError} it is no record of a task event; names each field
 */
export function fromRecord(record: unknown): TaskEvent {
  const known = isObject(record) ? findType(record.event_type) : undefined;
  if (!isObject(record) || known === undefined) {
    const expected = `expected an object whose event_type is one of ${taskEventTypes.join(", ")}`;
    throw new ValidationError("This is no record of a task event.", {
      issues: [{ path: "event_type", message: expected }],
    });
  }
  const taskId = record.task_id ?? record.aggregate_id;
  if (record.aggregate_id !== undefined && record.aggregate_id !== taskId) {
    throw new ValidationError("The record belongs to two tasks.", {
      issues: [{ path: "aggregate_id", message: "expected the same as task_id" }],
    });
  }
  const own: Record<string, unknown> = {};
  const names: Readonly<Record<string, string>> = recordFields[known];
  for (const [property, field] of Object.entries(names)) own[property] = record[field];
  const fields = new Set(Object.values(names));
  const unknown = Object.entries(record).filter(([key]) => !commonFields.has(key) && !fields.has(key));
  const metadata = record.metadata ?? {};
  return createTaskEvent({
    eventType: known,
    eventId: record.event_id,
    timestamp: record.timestamp,
    taskId,
    metadata:
      unknown.length === 0 || !isObject(metadata)
        ? metadata
        : { ...metadata, unknown_fields: Object.fromEntries(unknown) },
    ...own,
    // Everything is checked there.
  } as unknown as TaskEventInput);
}

function findType(type: unknown): TaskEventType | undefined {
  return taskEventTypes.find((name) => name === type);
}
