/** Reads the fields of a raw entry of the stream, one by one, and notes what is not as the charter has it. */

import { severities } from "../define-event.ts";
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

/** Unwinds to the entry point, which turns it into a result; never leaves this folder. */
export class EntryFault extends Error {
  readonly reason: DecodeFailure;

  constructor(reason: DecodeFailure, message: string) {
    super(message);
    this.reason = reason;
  }
}

export type RawEntry = Readonly<Record<string, unknown>>;

export const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

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
export function changedText(raw: unknown, value: JsonObject | null, notes: DecodeNote[]): string | null {
  if (typeof raw !== "string" || value === null) return null;
  const found = findTextFaults(raw, value, { integers: "lossy" }).flatMap(
    ({ reason }) => textNotes[reason] ?? [],
  );
  for (const note of found) if (!notes.includes(note)) notes.push(note);
  return found.length === 0 ? null : raw;
}

/** `payload` and `meta` are JSON text on the stream and objects in the log. */
export function readObject(name: string, raw: unknown): JsonObject {
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
export function readText(raw: RawEntry, name: keyof typeof maxLengths, notes: DecodeNote[]): string | null {
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

export function required(raw: RawEntry, name: keyof typeof maxLengths, notes: DecodeNote[]): string {
  const text = readText(raw, name, notes);
  if (text === null) throw new EntryFault("missing_field", `The field "${name}" is missing or empty.`);
  return text;
}

export function readTimestamp(raw: RawEntry, notes: DecodeNote[], latestMs: number): string {
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

export function readSeverity(raw: RawEntry, notes: DecodeNote[]): Envelope["severity"] {
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
export function readGivenMeta({ meta }: RawEntry): JsonObject | null {
  return meta === undefined || meta === null || meta === "" ? null : readObject("meta", meta);
}

export function readMeta(meta: JsonObject | null, notes: DecodeNote[]): EnvelopeMeta {
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

export function readSource(raw: RawEntry, notes: DecodeNote[]): string {
  const source = readText(raw, "source", notes);
  if (source === null) notes.push("source_defaulted");
  return source ?? "system";
}
