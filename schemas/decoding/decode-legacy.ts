import type { Catalog } from "../catalog.ts";
import type { EventDefinition } from "../define-event.ts";
import type { Envelope } from "../envelope.ts";
import type { DecodeNote } from "./decode-note.ts";

export type EventKind = "known" | "foreign" | "unknown";

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
  catalog: Catalog,
  event: Envelope,
  notes: DecodeNote[],
): { kind: EventKind; definition: EventDefinition | null } {
  catalog.legacy?.rederiveType(event, notes);
  const wireType = event.type;
  const type = catalog.canonicalType(wireType);
  if (type !== wireType) {
    event.type = type;
    event.meta.original_type = wireType;
    notes.push(catalog.dualNames.has(wireType) ? "dual_name" : "alias");
  }
  const definition = catalog.find(type);
  if (definition !== undefined) catalog.legacy?.unwrapPayload(event, wireType, notes);
  liftContext(event, notes);
  if (definition !== undefined) return { kind: "known", definition };
  const foreign = catalog.isForeign(type);
  notes.push(foreign ? "foreign_type" : "unknown_type");
  return { kind: foreign ? "foreign" : "unknown", definition: null };
}

/**
 * The same for both copies of a fact that a producer wrote under two names, else null. A consumer that acts on such
 * facts claims this key beside the event id.
 */
export function logicalKey({ dualNames }: Catalog, event: Envelope): string | null {
  const isDual = [...dualNames.values()].includes(event.type);
  if (!isDual) return null;
  const id =
    textOf(event.payload.escalation_id) ?? textOf(event.payload.id) ?? textOf(event.payload.event_id);
  return id === null ? null : `${event.type}:${id}`;
}
