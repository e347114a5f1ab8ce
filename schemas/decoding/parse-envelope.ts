import type { Catalog } from "../catalog.ts";
import { type EventDefinition, type Severity, severities } from "../define-event.ts";
import { type Envelope, type EnvelopeMeta, isUuidV4, maxLengths } from "../envelope.ts";
import { CharterError, type CharterIssue, describeReceived } from "../errors.ts";
import { guardValues } from "../guards/guard-values.ts";
import { forbiddenValue } from "../guards/pii.ts";
import { hasControlCharacters, isPlainObject, type JsonValue } from "../json/json.ts";
import { checkPayload } from "../payloads/payload.ts";
import { readTime } from "../time.ts";

const traceparent = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const traceState = /^[ -~]{1,512}$/;
const moduleName = /^[a-z][a-z0-9_]*$/;
const envelopeKeys: ReadonlySet<string> = new Set([
  "id",
  "type",
  "source",
  "target",
  "payload",
  "timestamp",
  "meta",
  "mission_id",
  "task_id",
  "correlation_id",
  "tenant_id",
  "actor_id",
  "severity",
]);
/** Keys that older producers put into meta, with the place where they belong now. */
const misplacedMeta: Readonly<Record<string, string>> = {
  tenant_id: "set tenant_id at the top level of the envelope instead",
  correlation_id: "set correlation_id at the top level of the envelope instead",
  version: "set meta.schema_version instead",
};
const metaKeys: ReadonlySet<string> = new Set([
  "schema_version",
  "producer",
  "source_module",
  "causation_id",
  "traceparent",
  "tracestate",
  "replay",
]);

function typeError(catalog: Catalog, type: unknown): CharterError {
  if (typeof type !== "string" || type.length > maxLengths.type || hasControlCharacters(type, false)) {
    return new CharterError("invalid_envelope", "The event was refused.", [
      {
        path: "type",
        message: "expected the wire name of a catalogued event",
        received: describeReceived(type),
      },
    ]);
  }
  if (catalog.isForeign(type)) {
    return new CharterError("foreign_event_type", `The event "${type}" was refused.`, [
      { path: "type", message: "the type belongs to a module outside this system and is only read here" },
    ]);
  }
  const suggestion = catalog.suggest(type);
  const advice =
    suggestion === null
      ? "define it with defineEvent and add it to the catalog"
      : catalog.isReadAlias(type)
        ? `it is an older name that is only read; publish "${suggestion}"`
        : `did you mean "${suggestion}"? A new event needs a definition in the catalog`;
  const shown = forbiddenValue(type) === null ? `"${type}" ` : "";
  return new CharterError("unknown_event_type", `The event ${shown}was refused.`, [
    { path: "type", message: `the type is not catalogued; ${advice}` },
  ]);
}

/** Why a text of the envelope is refused, or null. */
function textFault(value: unknown, maxLength: number): string | null {
  if (typeof value !== "string" || value === "") return "expected a text that is not empty";
  if (value.length > maxLength) return `expected at most ${maxLength} characters`;
  if (hasControlCharacters(value, false))
    return "control characters and halves of surrogate pairs are not allowed";
  return null;
}

interface Reading {
  readonly input: Record<string, unknown>;
  readonly issues: CharterIssue[];
  readonly forbidden: CharterIssue[];
}

function readText(
  reading: Reading,
  from: Record<string, unknown>,
  name: keyof typeof maxLengths,
  path: string,
): string {
  const value = from[name];
  const fault = textFault(value, maxLengths[name]);
  if (fault !== null) {
    reading.issues.push({ path, message: fault, received: describeReceived(value) });
    return "";
  }
  const text = value as string;
  // What stands in meta is guarded as a whole.
  const what = path === name ? forbiddenValue(text) : null;
  if (what !== null)
    reading.forbidden.push({ path, message: `the text holds ${what}; use our own id instead` });
  return text;
}

function readOptional(reading: Reading, name: keyof typeof maxLengths): string | null {
  const value = reading.input[name];
  return value === null || value === undefined ? null : readText(reading, reading.input, name, name);
}

function readId(reading: Reading): string {
  const { id } = reading.input;
  if (typeof id === "string" && isUuidV4(id)) return id.toLowerCase();
  reading.issues.push({
    path: "id",
    message: "expected a UUID of version 4",
    received: describeReceived(id),
  });
  return "";
}

function readTimestamp(reading: Reading): string {
  const { timestamp } = reading.input;
  const time = typeof timestamp === "string" ? readTime(timestamp) : null;
  if (time?.shape === "offset") return time.iso;
  reading.issues.push({
    path: "timestamp",
    message:
      'expected ISO-8601 with an offset, e.g. "2025-12-28T10:00:00.123Z"; a time without offset is ambiguous',
    received: describeReceived(timestamp),
  });
  return "";
}

function readSeverity(reading: Reading): Severity | null {
  const { severity } = reading.input;
  if (severity === null || severity === undefined) return null;
  const known = severities.find((candidate) => candidate === severity);
  if (known !== undefined) return known;
  reading.issues.push({
    path: "severity",
    message: `expected one of ${severities.join(", ")}, or null`,
    received: describeReceived(severity),
  });
  return null;
}

function readMetaExtras(reading: Reading, meta: Record<string, unknown>): void {
  const { causation_id: causation, traceparent: trace, tracestate, replay } = meta;
  const refuse = (path: string, message: string, value: unknown) =>
    reading.issues.push({ path: `meta.${path}`, message, received: describeReceived(value) });
  if (causation !== undefined) {
    const fault = textFault(causation, maxLengths.id);
    if (fault !== null) refuse("causation_id", fault, causation);
  }
  if (trace !== undefined && !(typeof trace === "string" && traceparent.test(trace))) {
    refuse("traceparent", "expected a W3C traceparent, 00-{32 hex}-{16 hex}-{2 hex}", trace);
  }
  if (tracestate !== undefined && !(typeof tracestate === "string" && traceState.test(tracestate))) {
    refuse("tracestate", "expected a W3C tracestate, 1 to 512 printable characters", tracestate);
  }
  if (replay !== undefined && !isPlainObject(replay)) refuse("replay", "expected an object", replay);
  for (const key of Object.keys(meta)) {
    const advice = Object.hasOwn(misplacedMeta, key) ? misplacedMeta[key] : undefined;
    if (advice !== undefined) reading.issues.push({ path: `meta.${key}`, message: advice });
  }
  const findings = guardValues(meta, "meta", metaKeys);
  reading.issues.push(...findings.invalid);
  reading.forbidden.push(...findings.forbidden);
}

function readMeta(reading: Reading, definition: EventDefinition): EnvelopeMeta {
  const { meta } = reading.input;
  if (!isPlainObject(meta)) {
    reading.issues.push({
      path: "meta",
      message: "expected an object with schema_version, producer and source_module; it is never filled in",
      received: describeReceived(meta),
    });
    return { schema_version: definition.version, producer: "", source_module: "" };
  }
  if (meta.schema_version !== definition.version) {
    reading.issues.push({
      path: "meta.schema_version",
      message: `expected the integer ${definition.version}, the current version of "${definition.type}"`,
      received: describeReceived(meta.schema_version),
    });
  }
  const producer = readText(reading, meta, "producer", "meta.producer");
  const sourceModule = readText(reading, meta, "source_module", "meta.source_module");
  if (sourceModule !== "" && !moduleName.test(sourceModule)) {
    reading.issues.push({ path: "meta.source_module", message: "expected a snake_case module name" });
  }
  readMetaExtras(reading, meta);
  const { schema_version: _version, producer: _producer, source_module: _module, ...extras } = meta;
  const kept: EnvelopeMeta = { schema_version: definition.version, producer, source_module: sourceModule };
  for (const [key, value] of Object.entries(extras)) if (value !== undefined) kept[key] = value as JsonValue;
  return kept;
}

/**
 * Validates an event that is about to be published, and brings it into the canonical form: known fields only, in the
 * order of the wire, UTC timestamp, absent optional fields null. When the payload names a tenant and the envelope
 * does not, the envelope takes it, as every reader would. The size of the payload is the caller's to bound.
 *
 * @throws {CharterError} naming every refused field: `unknown_event_type` (with the nearest catalogued name),
 *   `foreign_event_type`, `invalid_envelope`, `invalid_payload`, or `forbidden_content` when nothing else is wrong
 *   than personal data, secrets or provider ids
 * @param options.seals the caller seals personal fields before it stores them, so they may hold what is about a person
 */
export function parseEnvelope(
  catalog: Catalog,
  input: unknown,
  { seals = false }: { readonly seals?: boolean } = {},
): Envelope {
  if (!isPlainObject(input)) {
    throw new CharterError("invalid_envelope", "The event was refused.", [
      { path: "", message: "expected an event envelope, an object", received: describeReceived(input) },
    ]);
  }
  const definition = typeof input.type === "string" ? catalog.find(input.type) : undefined;
  if (definition === undefined) throw typeError(catalog, input.type);
  const reading: Reading = { input, issues: [], forbidden: [] };
  for (const key of Object.keys(input)) {
    if (envelopeKeys.has(key)) continue;
    const path = hasControlCharacters(key, false) || key.length > maxLengths.type ? "(a key)" : key;
    reading.issues.push({
      path,
      message: "unknown field; put the data of the event into payload, other facts into meta",
    });
  }
  const payload = checkPayload(definition, input.payload, seals);
  const event: Envelope = {
    id: readId(reading),
    type: definition.type,
    source: readText(reading, input, "source", "source"),
    target: readOptional(reading, "target"),
    payload: payload.value,
    timestamp: readTimestamp(reading),
    meta: readMeta(reading, definition),
    mission_id: readOptional(reading, "mission_id"),
    task_id: readOptional(reading, "task_id"),
    correlation_id: readOptional(reading, "correlation_id"),
    tenant_id: readOptional(reading, "tenant_id"),
    actor_id: readOptional(reading, "actor_id"),
    severity: readSeverity(reading),
  };
  const forbidden = [...reading.forbidden, ...payload.forbidden];
  const issues = [...reading.issues, ...payload.invalid, ...forbidden];
  if (issues.length > 0) {
    const code =
      reading.issues.length > 0
        ? "invalid_envelope"
        : payload.invalid.length > 0
          ? "invalid_payload"
          : "forbidden_content";
    throw new CharterError(
      code,
      `The event "${definition.type}" was refused; nothing was published.`,
      issues,
    );
  }
  const { tenant_id: payloadTenant } = event.payload;
  if (event.tenant_id === null && typeof payloadTenant === "string" && payloadTenant !== "")
    event.tenant_id = payloadTenant;
  return event;
}
