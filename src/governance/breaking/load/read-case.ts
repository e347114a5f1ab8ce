import { type Catalog, parseEventPayload } from "@brain/schemas";
import type { ReadCase, ReadResult } from "./load-protocol.ts";

/** Reads a stored payload as a consumer of today would. */
export function readCase(known: Catalog, { type, version, payload }: ReadCase): ReadResult {
  const definition = known.find(known.canonicalType(type));
  if (definition === undefined)
    return { ok: false, payload: null, issues: ["the type is not known"], plain: false };
  const event = {
    id: "11111111-1111-4111-8111-111111111111",
    type: definition.type,
    source: "charter",
    payload,
    timestamp: "2026-01-01T10:00:00.000Z",
    tenant_id: null,
    meta: { schema_version: version, original_type: type },
  };
  const outcome = parseEventPayload(event as never, definition);
  const withoutLegacy = { ...definition, legacy: null, nullOnlyInHistory: [] };
  const plain = parseEventPayload(event as never, withoutLegacy).ok;
  return outcome.ok
    ? { ok: true, payload: outcome.payload, issues: [], plain }
    : {
        ok: false,
        payload: null,
        issues: outcome.issues.map(({ path, message }) => `${path}: ${message}`),
        plain,
      };
}
