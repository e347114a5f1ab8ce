import { severities } from "../define-event.ts";
import type { Envelope } from "../envelope.ts";
import { isJsonObject } from "../json/json.ts";
import type { DecodeNote } from "./decode-note.ts";

/* What the Python programs of the charter's history did to events, beside giving them other names. */

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

export function rederiveType(event: Envelope, notes: DecodeNote[]): void {
  if (event.type !== "system.alert") return;
  const real = realType(event);
  if (real === null || real === event.type) return;
  event.type = real;
  notes.push("type_rederived");
  liftSeverity(event, notes);
}

/** Plain objects of the task queue and the agent manager: `{ type, task_id, timestamp, data: {…} }`. */
export function unwrapDictStyle(event: Envelope, wireType: string, notes: DecodeNote[]): void {
  const { type, timestamp: _published, data, ...ids } = event.payload;
  if (type !== wireType || !isJsonObject(data)) return;
  event.payload = { ...data, ...ids };
  notes.push("task_payload_unwrapped");
  if (event.task_id === null && typeof ids.task_id === "string" && ids.task_id !== "") {
    event.task_id = ids.task_id;
    notes.push("lifted_task_id");
  }
}
