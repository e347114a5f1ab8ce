import { canonicalType, dualNames } from "./aliases.ts";
import { findEvent } from "./charter.ts";
import { type EventDefinition, severities } from "./define-event.ts";
import type { Envelope } from "./envelope.ts";
import { isForeignType } from "./foreign.ts";
import { isJsonObject } from "./json.ts";

/** What a reader had to mend or wants to tell; stored with the event in the audit log. */
export type DecodeNote =
  | "alias"
  | "coerced_to_text"
  | "dual_name"
  | "duplicate_key"
  | "empty_target"
  | "forbidden_key"
  | "foreign_type"
  | "future_timestamp"
  | "generic_producer"
  | "legacy_timestamp"
  | "lifted_correlation_id"
  | "lifted_task_id"
  | "lifted_tenant_id"
  | "log_record"
  | "meta_defaulted"
  | "meta_missing"
  | "non_uuid_id"
  | "number_rounded"
  | "schema_version_from_version"
  | "schema_version_text"
  | "severity_dropped"
  | "severity_from_payload"
  | "severity_upper_cased"
  | "source_defaulted"
  | "task_payload_unwrapped"
  | "type_rederived"
  | "unix_timestamp"
  | "unknown_type";

export type EventKind = "known" | "foreign" | "unknown";

const typeShape = /^[A-Za-z][\w.]{0,99}$/;

/**
 * The first Python publisher relabelled every type it did not know as `system.alert` and left the real name in the
 * payload: under `event_type`, or under `type` when a plain object was published.
 */
function realType(event: Envelope): string | null {
  const { event_type: eventType, type } = event.payload;
  if (typeof eventType === "string" && typeShape.test(eventType)) {
    return event.source === "paycore" && !eventType.startsWith("paycore.")
      ? `paycore.${eventType}`
      : eventType;
  }
  return typeof type === "string" && type.includes(".") && typeShape.test(type) ? type : null;
}

/** Severities of the runtime envelope are lower case and stand in the payload. */
function liftSeverity(event: Envelope, notes: DecodeNote[]): void {
  const { severity } = event.payload;
  if (typeof severity !== "string") return;
  const known = severities.find((candidate) => candidate === severity.toUpperCase());
  if (known === undefined) return;
  if (known !== severity) {
    event.payload = { ...event.payload, severity: known };
    notes.push("severity_upper_cased");
  }
  if (event.severity === null) {
    event.severity = known;
    notes.push("severity_from_payload");
  }
}

function rederiveType(event: Envelope, notes: DecodeNote[]): void {
  if (event.type !== "system.alert") return;
  const real = realType(event);
  if (real === null || real === event.type) return;
  event.type = real;
  notes.push("type_rederived");
  liftSeverity(event, notes);
}

/** Plain objects of the task queue and the agent manager: `{ type, task_id, timestamp, data: {…} }`. */
function unwrapDictStyle(event: Envelope, wireType: string, notes: DecodeNote[]): void {
  const { type, timestamp: _published, data, ...ids } = event.payload;
  if (type !== wireType || !isJsonObject(data)) return;
  event.payload = { ...data, ...ids };
  notes.push("task_payload_unwrapped");
  if (event.task_id === null && typeof ids.task_id === "string" && ids.task_id !== "") {
    event.task_id = ids.task_id;
    notes.push("lifted_task_id");
  }
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** Tenant and correlation stood in meta, the tenant of some events only in the payload. */
function liftContext(event: Envelope, notes: DecodeNote[]): void {
  const tenant = textOf(event.meta.tenant_id);
  if (event.tenant_id === null) {
    event.tenant_id = tenant ?? textOf(event.payload.tenant_id);
    if (event.tenant_id !== null) notes.push("lifted_tenant_id");
  }
  const correlation = textOf(event.meta.correlation_id);
  if (event.correlation_id === null && correlation !== null) {
    event.correlation_id = correlation;
    notes.push("lifted_correlation_id");
  }
  // What the top level says as well is not kept twice; a differing value stays for the auditor.
  if (tenant !== null && tenant === event.tenant_id) delete event.meta.tenant_id;
  if (correlation !== null && correlation === event.correlation_id) delete event.meta.correlation_id;
}

/** Resolves what older producers did to type, payload and context. Changes `event`, which the decoder owns. */
export function mendLegacy(
  event: Envelope,
  notes: DecodeNote[],
): { kind: EventKind; definition: EventDefinition | null } {
  rederiveType(event, notes);
  const wireType = event.type;
  const type = canonicalType(wireType);
  if (type !== wireType) {
    event.type = type;
    event.meta.original_type = wireType;
    notes.push(dualNames.has(wireType) ? "dual_name" : "alias");
  }
  const definition = findEvent(type);
  if (definition !== undefined) unwrapDictStyle(event, wireType, notes);
  liftContext(event, notes);
  if (definition !== undefined) return { kind: "known", definition };
  const foreign = isForeignType(type);
  notes.push(foreign ? "foreign_type" : "unknown_type");
  return { kind: foreign ? "foreign" : "unknown", definition: null };
}

/**
 * The same for both copies of a fact that a producer wrote under two names, else null. A consumer that acts on such
 * facts claims this key beside the event id.
 */
export function logicalKey(event: Envelope): string | null {
  const isDual = [...dualNames.values()].includes(event.type);
  if (!isDual) return null;
  const id =
    textOf(event.payload.escalation_id) ?? textOf(event.payload.id) ?? textOf(event.payload.event_id);
  return id === null ? null : `${event.type}:${id}`;
}
