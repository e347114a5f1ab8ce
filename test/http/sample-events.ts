import { randomUUID } from "node:crypto";

/** Short form of an event with an open part, for data of every shape. */
export function healthReport<Fields extends object = object>(
  details: unknown = { load: 0.5 },
  fields: Fields = {} as Fields,
) {
  return { type: "system.health", payload: { component: "relay", status: "ok", details }, ...fields };
}

/** A complete envelope of the same event, as another program would send it. */
export function healthEnvelope(fields: Record<string, unknown> = {}) {
  return {
    id: randomUUID(),
    type: "system.health",
    source: "probe",
    target: null,
    payload: { component: "relay", status: "ok" },
    timestamp: "2026-03-01T10:00:00.123Z",
    meta: { schema_version: 1, producer: "probe", source_module: "core" },
    mission_id: null,
    task_id: null,
    correlation_id: null,
    tenant_id: null,
    actor_id: null,
    severity: null,
    ...fields,
  };
}

/** JSON text of an event whose `details` are arrays in arrays. */
export function nestedReport(levels: number): string {
  const text = JSON.stringify(healthReport("@"));
  return text.replace('"@"', `{"a":${"[".repeat(levels)}${"]".repeat(levels)}}`);
}
