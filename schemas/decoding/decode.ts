import type { Catalog } from "../catalog.ts";
import { type EventDefinition, severities } from "../define-event.ts";
import { type Envelope, type EnvelopeMeta, maxLengths } from "../envelope.ts";
import {
  findJsonFault,
  hasNonFiniteToken,
  isJsonObject,
  isUnstorable,
  type JsonObject,
} from "../json/json.ts";
import { findTextFaults, type JsonTextReason } from "../json/read-json.ts";
import { readTime } from "../time.ts";
import { type EventKind, mendLegacy } from "./decode-legacy.ts";
import type { DecodeNote } from "./decode-note.ts";

/** Why an entry cannot become an event. Closed set; all are permanent. */
export type DecodeFailure =
  | "missing_field"
  | "invalid_json"
  | "not_an_object"
  | "non_finite_number"
  | "unstorable_text"
  | "too_deep"
  | "too_long"
  | "invalid_field"
  | "invalid_timestamp"
  | "invalid_schema_version";

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

/** Unwinds to the entry point, which turns it into a result; never leaves this file. */
class EntryFault extends Error {
  readonly reason: DecodeFailure;

  constructor(reason: DecodeFailure, message: string) {
    super(message);
    this.reason = reason;
  }
}

type RawEntry = Readonly<Record<string, unknown>>;

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

function readJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    if (hasNonFiniteToken(text)) {
      throw new EntryFault(
        "non_finite_number",
        `"${name}" holds NaN or Infinity, which JSON does not know; the producer must write null or a number.`,
      );
    }
    throw new EntryFault(
      "invalid_json",
      `"${name}" is not JSON (${text.length} characters); expected the JSON text of an object.`,
    );
  }
}

const textNotes = {
  unsafe_number: "number_rounded",
  duplicate_key: "duplicate_key",
  forbidden_key: "forbidden_key",
  // Told as failures below, for they cannot be stored at all.
  too_deep: null,
  unstorable_text: null,
  invalid_json: null,
} as const satisfies Record<JsonTextReason, DecodeNote | null>;

/**
 * Notes what JSON.parse changes of a text without a word.
 *
 * @param value what it made of it
 * @returns the text, to be kept beside the value; null when the value tells all of it
 */
function changedText(raw: unknown, value: JsonObject | null, notes: DecodeNote[]): string | null {
  if (typeof raw !== "string" || value === null) return null;
  const found = findTextFaults(raw, value, { integers: "lossy" }).flatMap(
    ({ reason }) => textNotes[reason] ?? [],
  );
  for (const note of found) if (!notes.includes(note)) notes.push(note);
  return found.length === 0 ? null : raw;
}

/** `payload` and `meta` are JSON text on the stream and objects in the log. */
function readObject(name: string, raw: unknown): JsonObject {
  const value = typeof raw === "string" ? readJson(name, raw) : raw;
  if (!isJsonObject(value)) {
    const received = Array.isArray(value) ? "an array" : value === null ? "null" : `a ${typeof value}`;
    throw new EntryFault("not_an_object", `"${name}" is ${received}; expected an object.`);
  }
  const fault = findJsonFault(value);
  if (fault === "non_finite_number")
    throw new EntryFault(fault, `"${name}" holds a number beyond the range of a double.`);
  if (fault === "too_deep") throw new EntryFault(fault, `"${name}" is nested too deeply to be stored.`);
  if (fault === "unstorable_text") {
    throw new EntryFault(fault, `"${name}" holds NUL or half a surrogate pair, which Postgres cannot store.`);
  }
  if (fault !== null) throw new EntryFault("invalid_json", `"${name}" holds values that are not JSON.`);
  return value;
}

/** Text of a field; null when absent, null or empty. Numbers come from clients that decode JSON on their own. */
function readText(raw: RawEntry, name: keyof typeof maxLengths, notes: DecodeNote[]): string | null {
  const value = raw[name];
  if (value === undefined || value === null || value === "") return null;
  if (typeof value !== "string" && typeof value !== "number") {
    throw new EntryFault("invalid_field", `"${name}" is a ${typeof value}; expected text.`);
  }
  const text = String(value);
  if (typeof value === "number") notes.push("coerced_to_text");
  if (text.length > maxLengths[name]) {
    throw new EntryFault(
      "too_long",
      `"${name}" has ${text.length} characters; at most ${maxLengths[name]} can be stored.`,
    );
  }
  if (isUnstorable(text)) {
    throw new EntryFault(
      "unstorable_text",
      `"${name}" holds NUL or half a surrogate pair, which Postgres cannot store.`,
    );
  }
  return text;
}

function required(raw: RawEntry, name: keyof typeof maxLengths, notes: DecodeNote[]): string {
  const text = readText(raw, name, notes);
  if (text === null) throw new EntryFault("missing_field", `The field "${name}" is missing or empty.`);
  return text;
}

function readTimestamp(raw: RawEntry, notes: DecodeNote[], latestMs: number): string {
  const value = raw.timestamp;
  if (value === undefined || value === null || value === "") {
    throw new EntryFault("missing_field", 'The field "timestamp" is missing or empty.');
  }
  const time = readTime(value);
  if (time === null) {
    throw new EntryFault(
      "invalid_timestamp",
      '"timestamp" is no point in time; expected ISO-8601 or Unix seconds.',
    );
  }
  if (time.shape === "naive") notes.push("legacy_timestamp");
  if (time.shape === "unix") notes.push("unix_timestamp");
  if (Date.parse(time.iso) > latestMs) notes.push("future_timestamp");
  return time.iso;
}

function readSeverity(raw: RawEntry, notes: DecodeNote[]): Envelope["severity"] {
  const value = raw.severity;
  if (value === undefined || value === null || value === "") return null;
  const upper = typeof value === "string" ? value.toUpperCase() : "";
  const known = severities.find((candidate) => candidate === upper) ?? null;
  if (known === null) notes.push("severity_dropped");
  else if (known !== value) notes.push("severity_upper_cased");
  return known;
}

function versionOf(value: unknown): number | null {
  const number = typeof value === "string" && /^\d{1,6}(?:\.0+)?$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isInteger(number) && number >= 1 ? number : null;
}

/** `"1.0"` and `meta.version` are older ways to say version 1; no meta at all is version 1 too. */
function readVersion(meta: JsonObject, notes: DecodeNote[]): number {
  const { schema_version: given, version: older } = meta;
  if (given === undefined || given === null) {
    const version = versionOf(older);
    notes.push(version === null ? "meta_defaulted" : "schema_version_from_version");
    return version ?? 1;
  }
  const version = versionOf(given);
  if (version === null) {
    throw new EntryFault(
      "invalid_schema_version",
      '"meta.schema_version" is no version; expected an integer from 1.',
    );
  }
  if (typeof given === "string") notes.push("schema_version_text");
  return version;
}

/** `meta` as it was sent; null: it has none. */
function readGivenMeta({ meta }: RawEntry): JsonObject | null {
  return meta === undefined || meta === null || meta === "" ? null : readObject("meta", meta);
}

function readMeta(meta: JsonObject | null, notes: DecodeNote[]): EnvelopeMeta {
  if (meta === null) {
    notes.push("meta_missing");
    return { schema_version: 1, producer: "legacy", source_module: "unknown" };
  }
  const schemaVersion = readVersion(meta, notes);
  const producer = typeof meta.producer === "string" && meta.producer !== "" ? meta.producer : null;
  const sourceModule =
    typeof meta.source_module === "string" && meta.source_module !== "" ? meta.source_module : null;
  if ((producer === null || sourceModule === null) && !notes.includes("meta_defaulted"))
    notes.push("meta_defaulted");
  if (producer === "event_stream" && sourceModule === "core") notes.push("generic_producer");
  const { version: _version, ...rest } = meta;
  return {
    ...(notes.includes("schema_version_from_version") ? rest : meta),
    schema_version: schemaVersion,
    producer: clamp(producer ?? "legacy", maxLengths.producer),
    source_module: clamp(sourceModule ?? "unknown", maxLengths.source_module),
  };
}

// Only names for people; an event is not lost because one of them is long.
function clamp(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : text.slice(0, maxLength).toWellFormed();
}

function readSource(raw: RawEntry, notes: DecodeNote[]): string {
  const source = readText(raw, "source", notes);
  if (source === null) notes.push("source_defaulted");
  return source ?? "system";
}

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
