import type { EventDefinition, PayloadOf } from "../define-event.ts";
import type { Envelope } from "../envelope.ts";
import type { CharterIssue } from "../errors.ts";
import type { JsonObject } from "../json/json.ts";
import { payloadIssues } from "../payloads/payload.ts";
import { upcast } from "./upcast.ts";

/** The typed payload, or any JSON object where the definition is not known to the compiler. */
type Typed<P> = unknown extends P ? JsonObject : P;

export type ReadPayload<P> =
  | { readonly ok: true; readonly payload: P }
  | { readonly ok: false; readonly issues: readonly CharterIssue[] };

/**
 * The typed payload of a decoded event: older shapes and versions are brought to the current one, unknown keys are
 * stripped, naive times and Unix seconds become ISO UTC. A refused payload stays refused: permanent.
 */
export function parseEventPayload<D extends EventDefinition>(
  event: Envelope,
  definition: D,
): ReadPayload<Typed<PayloadOf<D>>> {
  const version = event.meta.schema_version;
  let payload = event.payload;
  try {
    if (definition.legacy !== null) {
      const originalType =
        typeof event.meta.original_type === "string" ? event.meta.original_type : event.type;
      payload = definition.legacy(payload, {
        originalType,
        tenantId: event.tenant_id,
        timestamp: event.timestamp,
      });
    }
    payload = upcast(definition.upcasts, payload, version, definition.version);
  } catch (error) {
    const what = error instanceof Error ? error.name : "an error";
    return {
      ok: false,
      issues: [
        {
          path: "payload",
          message: `the step from version ${version} to ${definition.version} failed with ${what}`,
        },
      ],
    };
  }
  const missing = definition.nullOnlyInHistory.filter((name) => payload[name] === undefined);
  if (missing.length > 0)
    payload = { ...payload, ...Object.fromEntries(missing.map((name) => [name, null])) };
  const parsed = definition.reader.safeParse(payload);
  if (parsed.success) return { ok: true, payload: parsed.data as Typed<PayloadOf<D>> };
  const issues = payloadIssues(parsed.error, payload);
  if (version > definition.version) {
    issues.push({
      path: "meta.schema_version",
      message: `the event is newer than version ${definition.version}, which this program knows; deploy the newer definition`,
      received: String(version),
    });
  }
  return { ok: false, issues };
}
