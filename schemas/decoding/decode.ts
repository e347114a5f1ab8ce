import type { Catalog } from "../catalog.ts";
import type { EventDefinition } from "../define-event.ts";
import type { Envelope } from "../envelope.ts";
import type { JsonObject } from "../json/json.ts";
import { type EventKind, mendLegacy } from "./decode-legacy.ts";
import type { DecodeNote } from "./decode-note.ts";
import {
  changedText,
  type DecodeFailure,
  EntryFault,
  type RawEntry,
  readGivenMeta,
  readMeta,
  readObject,
  readSeverity,
  readSource,
  readText,
  readTimestamp,
  required,
  uuid,
} from "./raw-entry.ts";

/** An entry as an event, or the reason why it is none with the raw fields for the dead letter. */
export type Decoded =
  | {
      readonly ok: true;
      readonly event: Envelope;
      readonly kind: EventKind;
      /** Null unless `kind` is `known`. */
      readonly definition: EventDefinition | null;
      readonly notes: readonly DecodeNote[];
    }
  | {
      readonly ok: false;
      readonly reason: DecodeFailure;
      readonly message: string;
      readonly fields: Record<string, string>;
    };

function decodeRaw(
  catalog: Catalog,
  raw: RawEntry,
  notes: DecodeNote[],
  latestMs: number,
): Extract<Decoded, { ok: true }> {
  const id = required(raw, "id", notes);
  if (!uuid.test(id)) notes.push("non_uuid_id");
  if (raw.target === "") notes.push("empty_target");
  if (raw.payload === undefined || raw.payload === null || raw.payload === "") {
    throw new EntryFault("missing_field", 'The field "payload" is missing or empty.');
  }
  const type = required(raw, "type", notes);
  const source = readSource(raw, notes);
  const target = readText(raw, "target", notes);
  const payload = readObject("payload", raw.payload);
  const timestamp = readTimestamp(raw, notes, latestMs);
  const givenMeta = readGivenMeta(raw);
  const event: Envelope = {
    id,
    type,
    source,
    target,
    payload,
    timestamp,
    meta: readMeta(givenMeta, notes),
    mission_id: readText(raw, "mission_id", notes),
    task_id: readText(raw, "task_id", notes),
    correlation_id: readText(raw, "correlation_id", notes),
    tenant_id: readText(raw, "tenant_id", notes),
    actor_id: readText(raw, "actor_id", notes),
    severity: readSeverity(raw, notes),
  };
  for (const [name, value] of [
    ["payload", payload],
    ["meta", givenMeta],
  ] as const) {
    const text = changedText(raw[name], value, notes);
    if (text !== null) event.meta[`raw_${name}`] = text;
  }
  const { kind, definition } = mendLegacy(catalog, event, notes);
  return { ok: true, event, kind, definition, notes };
}

/** How much the clock of a producer may run ahead before it is noted, ms. */
const clockAheadMs = 300_000;

export interface DecodeOptions {
  /** Now, ms since 1970; without it no timestamp is noted as one of the future. */
  readonly nowMs?: number;
}

function settle(
  catalog: Catalog,
  raw: RawEntry,
  fields: () => Record<string, string>,
  { nowMs = Number.POSITIVE_INFINITY }: DecodeOptions,
  notes: DecodeNote[] = [],
): Decoded {
  try {
    return decodeRaw(catalog, raw, notes, nowMs + clockAheadMs);
  } catch (error) {
    const fault =
      error instanceof EntryFault ? error : new EntryFault("invalid_field", "The entry could not be read.");
    return { ok: false, reason: fault.reason, message: fault.message, fields: fields() };
  }
}

function pairs(flat: readonly unknown[]): [string, unknown][] {
  const result: [string, unknown][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2)
    result.push([String(flat[index]), flat[index + 1]]);
  return result;
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/**
 * Reads a stream entry in any shape that history holds, flat or as an object. Never throws: what cannot be read is a
 * result with a reason, to be stored as a dead letter. A payload or meta that JSON cannot keep as it is (a number beyond
 * a double, a key that stands twice) is read all the same: its text stays in `meta.raw_payload` or `meta.raw_meta`.
 */
export function decodeEntry(
  catalog: Catalog,
  fields: readonly string[] | Readonly<Record<string, string>>,
  options: DecodeOptions = {},
): Decoded {
  const entries: [string, unknown][] = Array.isArray(fields) ? pairs(fields) : Object.entries(fields);
  const texts = () => Object.fromEntries(entries.map(([name, value]) => [name, asText(value)]));
  return settle(catalog, Object.fromEntries(entries), texts, options);
}

/** Records of the task domain: flat, `event_id`, `event_type` in PascalCase, the aggregate's id. */
function fromTaskRecord(record: RawEntry): RawEntry {
  const { event_id, event_type, timestamp, aggregate_id, task_id, metadata, ...rest } = record;
  const payload = { task_id: task_id ?? aggregate_id, ...rest };
  const meta =
    typeof metadata === "object" && metadata !== null && Object.keys(metadata).length > 0
      ? metadata
      : undefined;
  return {
    id: event_id,
    type: event_type,
    source: "tasks",
    payload,
    timestamp,
    task_id: task_id ?? aggregate_id,
    meta,
  };
}

/**
 * Reads one line of the daily log, a message of a live channel, or a record of the task domain's JSONL files.
 * Never throws; `fields.record` of a failure is the line.
 */
export function decodeLogRecord(catalog: Catalog, text: string, options: DecodeOptions = {}): Decoded {
  const fields = () => ({ record: text });
  let record: JsonObject;
  try {
    record = readObject("record", text);
  } catch (error) {
    const reason = error instanceof EntryFault ? error.reason : "invalid_json";
    return {
      ok: false,
      reason,
      message: error instanceof Error ? error.message : "Not JSON.",
      fields: fields(),
    };
  }
  const isTaskRecord = record.type === undefined && typeof record.event_type === "string";
  const decoded = settle(catalog, isTaskRecord ? fromTaskRecord(record) : record, fields, options, [
    "log_record",
  ]);
  if (!decoded.ok) return decoded;
  const notes = [...decoded.notes];
  const kept = changedText(text, record, notes);
  if (kept !== null) decoded.event.meta.raw_record = kept;
  return { ...decoded, notes };
}
