import type { Envelope } from "./envelope.ts";

/** The one encoder of stream entries and of the daily log. */

export interface EncodeOptions {
  /**
   * Writes what the first Python reader can parse. It fails on an entry without `target`, so an empty text stands for
   * none. Its `datetime.fromisoformat` (Python before 3.11) takes neither `Z` nor any number of digits, so the time is
   * written as that program writes it: naive UTC with six digits. Nothing can be done about types: the reader knows 52 and
   * fails on any other. Default: false.
   *
   * @see https://docs.python.org/3.10/library/datetime.html#datetime.datetime.fromisoformat
   */
  readonly compat?: boolean;
}

const optionalFields = [
  "mission_id",
  "task_id",
  "correlation_id",
  "tenant_id",
  "actor_id",
  "severity",
] as const;

/** An envelope whose `payload` and `meta` are JSON text already, e.g. as a database keeps them. */
export type EncodedEnvelope = Omit<Envelope, "payload" | "meta" | "severity"> & {
  readonly payload: string;
  readonly meta: string;
  readonly severity: string | null;
};

/**
 * The flat fields of a stream entry, `[name, value, name, value, …]`, in the order of the wire. Fields that are null
 * are left out; `payload` and `meta` are JSON text.
 */
export function encodeEntry(event: Envelope, options: EncodeOptions = {}): string[] {
  const { payload, meta } = event;
  return encodeStored({ ...event, payload: JSON.stringify(payload), meta: JSON.stringify(meta) }, options);
}

/** `encodeEntry` for an envelope with JSON texts, which it takes as they are. */
export function encodeStored(event: EncodedEnvelope, options: EncodeOptions = {}): string[] {
  const fields = ["id", event.id, "type", event.type, "source", event.source];
  if (event.target !== null) fields.push("target", event.target);
  else if (options.compat === true) fields.push("target", "");
  fields.push("payload", event.payload);
  fields.push("timestamp", options.compat === true ? naiveTime(event.timestamp) : event.timestamp);
  for (const name of optionalFields) {
    const value = event[name];
    if (value !== null) fields.push(name, value);
  }
  fields.push("meta", event.meta);
  return fields;
}

/** As Python's `isoformat` writes it: no offset, six digits, and no fraction at all when it is zero. */
function naiveTime(timestamp: string): string {
  const [whole = "", fraction = ""] = timestamp.replace(/Z$/, "").split(".");
  return /^0*$/.test(fraction) ? whole : `${whole}.${fraction.padEnd(6, "0").slice(0, 6)}`;
}

/** One line of the daily log and of the live channels: all fields, nulls included, payload and meta as objects. */
export function encodeLogRecord(event: Envelope, options: EncodeOptions = {}): string {
  return JSON.stringify({
    id: event.id,
    type: event.type,
    source: event.source,
    target: event.target,
    payload: event.payload,
    timestamp: options.compat === true ? naiveTime(event.timestamp) : event.timestamp,
    mission_id: event.mission_id,
    task_id: event.task_id,
    correlation_id: event.correlation_id,
    tenant_id: event.tenant_id,
    actor_id: event.actor_id,
    severity: event.severity,
    meta: event.meta,
  });
}
