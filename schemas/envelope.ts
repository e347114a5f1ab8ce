import type { Severity } from "./define-event.ts";
import type { JsonObject, JsonValue } from "./json/json.ts";

/** Facts about the event's origin. The first three are never defaulted on write (Event Charter v1.0, envelope). */
export interface EnvelopeMeta {
  schema_version: number;
  /** Name of the producing service. */
  producer: string;
  /** snake_case name of the producing module. */
  source_module: string;
  /** Id of the event that caused this one. */
  causation_id?: string;
  /** W3C trace context. */
  traceparent?: string;
  /** What systems on the way of the trace passed along. */
  tracestate?: string;
  /** Set on events that an operator replays. */
  replay?: JsonObject;
  /** When it came in, if another program handed it in long after it happened. ISO-8601, UTC. */
  received_at?: string;
  [extra: string]: JsonValue | undefined;
}

/** One event. `null` means: not given, not applicable; a null `target` means everybody. */
export interface Envelope<P = JsonObject, T extends string = string> {
  /** UUID v4 on write; older ids are kept as they are on read. */
  id: string;
  type: T;
  source: string;
  target: string | null;
  payload: P;
  /** ISO-8601, UTC, milliseconds, `Z`. */
  timestamp: string;
  meta: EnvelopeMeta;
  mission_id: string | null;
  task_id: string | null;
  correlation_id: string | null;
  tenant_id: string | null;
  /** Only for actions of a user: an id, never a name or e-mail address. */
  actor_id: string | null;
  severity: Severity | null;
}

/** Characters that each text of an envelope may have; the record's columns are as wide. */
export const maxLengths = {
  id: 100,
  type: 100,
  source: 100,
  target: 100,
  mission_id: 100,
  task_id: 100,
  correlation_id: 255,
  tenant_id: 100,
  actor_id: 100,
  producer: 100,
  source_module: 100,
} as const;

/** Bounds of the payload's JSON text in bytes of UTF-8 that suit most deployments; enforced where one is configured, the guideline nowhere. */
export const payloadLimits = { guidelineBytes: 1024, warnBytes: 8 * 1024, maxBytes: 64 * 1024 } as const;

const uuidV4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

export function isUuidV4(text: string): boolean {
  return uuidV4.test(text);
}
