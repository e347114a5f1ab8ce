import { describeError, sha256Hex, TooLargeError, ValidationError } from "@brain/engine";
import {
  elementTexts,
  forbiddenValue,
  isUuidV4,
  type JsonObject,
  type JsonValue,
  readJson,
} from "@brain/schemas";
import { eventTypeOf, fromLegacy, legacyTime } from "./legacy.ts";
import {
  createTaskEvent,
  fromRecord,
  isObject,
  type TaskEvent,
  type TaskEventInput,
  taskEventTypes,
  toRecord,
} from "./task-events.ts";

/** Reads event files of older programs. Pure; nothing is stored here. */

/** What was found where; lines count from 1, in a JSON array its elements do. */
export interface Refused {
  readonly line: number;
  readonly reason: string;
}

export interface ReadEvent {
  readonly line: number;
  readonly event: TaskEvent;
}

export interface ReadFile {
  /** Records in the file, good or bad; empty lines are none. */
  readonly read: number;
  readonly events: readonly ReadEvent[];
  readonly corrupt: readonly Refused[];
  /** Well-formed records of other things. */
  readonly skipped: number;
}

/** Records that one call takes. */
export const maxRecords = 5_000;

interface Entry {
  readonly line: number;
  readonly text: string;
}

/**
 * A JSON array, or lines of JSON; of records as this module writes them, or of old ones
 * `{type, task_id, title, timestamp}`, also mixed.
 *
 * @throws {TooLargeError} more than `maxRecords`
 */
export async function readEventFile(text: string): Promise<ReadFile> {
  const entries = entriesOf(text.replace(/^\uFEFF/, ""));
  if (entries.length > maxRecords) {
    throw new TooLargeError(
      `The file has ${entries.length} records, at most ${maxRecords} at once. Send it in parts.`,
    );
  }
  const events: ReadEvent[] = [];
  const corrupt: Refused[] = [];
  let skipped = 0;
  for (const { line, text } of entries) {
    try {
      const event = await eventOf(jsonValueOf(text));
      if (event === null) skipped += 1;
      else events.push({ line, event });
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      corrupt.push({ line, reason: describeError(error) });
    }
  }
  return { read: entries.length, events, corrupt, skipped };
}

function entriesOf(text: string): Entry[] {
  const elements = text.trimStart().startsWith("[") ? elementTexts(text) : null;
  return (elements ?? text.split("\n"))
    .map((entry, index) => ({ line: index + 1, text: entry }))
    .filter((entry) => entry.text.trim() !== "");
}

/** @throws {ValidationError} it is no JSON, or would not be kept as it is */
function jsonValueOf(text: string): JsonValue {
  const read = readJson(text);
  if (read.ok) return read.value;
  const [{ reason, path, message }] = read.faults;
  throw new ValidationError(
    reason === "invalid_json" ? "the line is no JSON" : `${path || "the line"}: ${message}`,
  );
}

/**
 * The event of a record; null when it is about something else.
 *
 * @throws {ValidationError} it is about a task, but not whole
 */
async function eventOf(value: unknown): Promise<TaskEvent | null> {
  if (!isObject(value)) throw new ValidationError("expected an object");
  const event = "event_type" in value ? await recordEvent(value) : await legacyEvent(value);
  if (event === null) return null;
  const personal = forbiddenValue(event.taskId);
  if (personal !== null)
    throw new ValidationError(`the task_id holds ${personal}; expected an id of our own`);
  return event;
}

async function recordEvent(record: JsonObject): Promise<TaskEvent | null> {
  const { event_type: type, event_id: id } = record;
  if (typeof type === "string" && !(taskEventTypes as readonly string[]).includes(type)) return null;
  // The stream takes ids of one form only, so others are replaced by one that is always the same for them.
  if (typeof id === "string" && isUuidV4(id)) return fromRecord({ ...record, event_id: id.toLowerCase() });
  if (id === undefined || id === null) {
    const draft = fromRecord({ ...record, event_id: "none" });
    return withId(draft, await uuidOf(JSON.stringify(toRecord(draft))), null);
  }
  const event = fromRecord(record);
  return withId(event, await uuidOf(JSON.stringify(["event_id", event.eventId])), event.eventId);
}

function withId(event: TaskEvent, eventId: string, originalId: string | null): TaskEvent {
  const metadata =
    originalId === null ? event.metadata : { ...event.metadata, original_event_id: originalId };
  return createTaskEvent({ ...event, eventId, metadata } as TaskEventInput);
}

async function legacyEvent(record: JsonObject): Promise<TaskEvent | null> {
  const { type, task_id: taskId, title, timestamp } = record;
  const eventType = eventTypeOf(type);
  if (eventType === null && typeof type === "string" && type !== "") return null;
  const content = JSON.stringify([eventType, taskId, title ?? null, legacyTime(timestamp)]);
  return fromLegacy(record, await uuidOf(content));
}

/** A UUID that is the same for the same text: the beginning of its SHA-256, in the form of version 4. */
async function uuidOf(text: string): Promise<string> {
  const hex = await sha256Hex(text.toWellFormed());
  const variant = "89ab"[Number.parseInt(hex[16] ?? "0", 16) % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
