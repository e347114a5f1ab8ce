import type { Catalog } from "../catalog.ts";
import { type Envelope, isUuidV4 } from "../envelope.ts";
import { type CharterIssue, describeReceived } from "../errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { readJson } from "../json/read-json.ts";
import { decodeUtf8 } from "../json/utf8.ts";
import { schemaPath } from "../schema-address.ts";
import { sourceAsUri, sourceOfUri } from "./cloud-event-source.ts";

/*
 * Envelopes as CloudEvents 1.0, and back; the table of both stands in `schemas/cloud-events/README.md`. Nothing of an envelope is
 * lost on the way there and back, and nothing of a CloudEvent that an envelope can hold.
 *
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */

/** A CloudEvent in the JSON format: attributes and `data`. */
export interface CloudEvent {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly datacontenttype: string;
  readonly data: JsonObject;
  /** Extensions, and `subject` and `dataschema` of events that came with them. */
  readonly [attribute: string]: JsonValue | undefined;
}

/** An envelope as it leaves the record: what is known of its way there is told, too. */
export interface TravellingEnvelope extends Envelope {
  readonly position?: number | null;
  readonly stream_message_id?: string | null;
  readonly key?: string | null;
}

/** Field of the envelope → extension. Names are lower-case letters and digits, as CloudEvents wants them. */
const extensionOf = {
  tenant_id: "tenantid",
  correlation_id: "correlationid",
  target: "target",
  actor_id: "actorid",
  mission_id: "missionid",
  task_id: "taskid",
  severity: "severity",
} as const;

/** Field of `meta` → extension. All that `meta` has beside them is in `brainmeta`, as JSON. */
const extensionOfMeta = {
  schema_version: "schemaversion",
  producer: "producer",
  source_module: "sourcemodule",
  causation_id: "causationid",
  traceparent: "traceparent",
  tracestate: "tracestate",
} as const;

const restOfMeta = "brainmeta";
/** In `meta`: attributes of a CloudEvent that no field is for, so that it leaves as it came. */
const foreignAttributes = "cloudevents";
/** The id of a CloudEvent that was no UUID, beside them. */
const originalId = "originalid";
/** What the record gives; it is told and not taken. */
const toldOnly: ReadonlySet<string> = new Set(["partitionkey", "position", "streamid"]);

const attributeName = /^[a-z0-9]+$/;
const coreAttributes: ReadonlySet<string> = new Set([
  "specversion",
  "id",
  "source",
  "type",
  "time",
  "data",
  "data_base64",
]);
const ownExtensions: ReadonlySet<string> = new Set([
  ...Object.values(extensionOf),
  ...Object.values(extensionOfMeta),
  restOfMeta,
  ...toldOnly,
]);

const usualContentType = "application/json";

/** @param schemas origin at which the JSON Schemas of its catalogue are served; null: none is named */
export function toCloudEvent(event: TravellingEnvelope, schemas: string | null = null): CloudEvent {
  const { schema_version, producer, source_module, causation_id, traceparent, tracestate, ...rest } =
    event.meta;
  const foreign = rest[foreignAttributes];
  const returned = isReturnable(foreign) ? foreign : {};
  if (isReturnable(foreign)) delete rest[foreignAttributes];
  const optional: Record<string, JsonValue | undefined> = {
    ...Object.fromEntries(
      Object.entries(extensionOf).map(([field, name]) => [name, event[field as keyof typeof extensionOf]]),
    ),
    schemaversion: schema_version,
    producer,
    sourcemodule: source_module,
    causationid: causation_id,
    traceparent,
    tracestate,
    [restOfMeta]: Object.keys(rest).length === 0 ? undefined : attributeText(rest as JsonObject),
    partitionkey: event.key,
    // An integer of CloudEvents has 32 bits.
    position: event.position === null || event.position === undefined ? undefined : String(event.position),
    streamid: event.stream_message_id,
  };
  return {
    specversion: "1.0",
    id: event.id,
    source: sourceAsUri(event.source),
    type: event.type,
    time: event.timestamp,
    datacontenttype: usualContentType,
    ...(schemas === null ? {} : { dataschema: `${schemas}${schemaPath(event.type, schema_version)}` }),
    // What its producer said of it stays.
    ...returned,
    ...Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined && value !== null),
    ),
    data: event.payload,
  };
}

/** True for attributes that were put aside when the event came in. Anything else under that name is data of `meta`. */
function isReturnable(value: JsonValue | undefined): value is JsonObject {
  return (
    value !== undefined &&
    isJsonObject(value) &&
    Object.keys(value).length > 0 &&
    Object.entries(value).every(
      ([name, held]) =>
        attributeName.test(name) &&
        !coreAttributes.has(name) &&
        !ownExtensions.has(name) &&
        !(name === "datacontenttype" && (held === usualContentType || !isJsonType(held))) &&
        isAttributeValue(held),
    )
  );
}

/** Integers of CloudEvents have 32 bits. */
function isAttributeValue(value: JsonValue | undefined): boolean {
  if (typeof value === "string") return value !== "";
  return typeof value === "boolean" || (typeof value === "number" && (value | 0) === value);
}

/** JSON without the control characters that no attribute may hold. */
function attributeText(value: JsonObject): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export type ReadCloudEvent =
  /** As `parseEnvelope` takes it: not checked yet. */
  | { readonly ok: true; readonly envelope: JsonObject }
  | { readonly ok: false; readonly issues: readonly CharterIssue[] };

export interface ReadCloudEventOptions {
  /** Time of an event that tells none. */
  readonly now: Date;
  /**
   * Id of an event whose own is no UUID of version 4: the same for the same source, id and tenant, and no other.
   * `tenantId` is the tenant that the event names; null: none.
   */
  readonly deriveId: (source: string, id: string, tenantId: string | null) => string;
}

/**
 * The envelope of a CloudEvent. What an event of another producer does not tell is taken from the catalog, as for the
 * short form of `POST /api/events`.
 */
export function fromCloudEvent(
  catalog: Catalog,
  given: unknown,
  { now, deriveId }: ReadCloudEventOptions,
): ReadCloudEvent {
  if (typeof given !== "object" || given === null || !isJsonObject(given as JsonValue)) {
    const issue = {
      path: "",
      message: "expected a CloudEvent, an object",
      received: describeReceived(given),
    };
    return { ok: false, issues: [issue] };
  }
  const event = withoutNulls(given as JsonObject);
  const issues = faultsOf(event);
  const data = readData(event, issues);
  const rest = readRestOfMeta(event, issues);
  if (issues.length > 0 || data === null || rest === null) return { ok: false, issues };
  const { schemaversion, producer, sourcemodule } = event;
  const isOurs = schemaversion !== undefined && producer !== undefined && sourcemodule !== undefined;
  const [id, type, source] = [
    String(event.id),
    String(event.type),
    sourceOfUri(String(event.source), isOurs),
  ];
  const definition = catalog.find(type);
  const foreign = foreignOf(isOurs ? withoutOwnSchema(event) : event, id);
  const fields = Object.entries(extensionOf).map(([field, name]) => [field, event[name] ?? null] as const);
  return {
    ok: true,
    envelope: {
      severity: isOurs ? null : (definition?.severity ?? null),
      ...Object.fromEntries(fields.filter(([field, value]) => field !== "severity" || value !== null)),
      id: isUuidV4(id) ? id : deriveId(String(event.source), id, tenantOf(event)),
      type,
      source,
      timestamp: event.time ?? now.toISOString(),
      payload: data,
      meta: {
        ...rest,
        ...(Object.keys(foreign).length === 0 ? {} : { [foreignAttributes]: foreign }),
        schema_version: schemaversion === undefined ? (definition?.version ?? 1) : wholeOf(schemaversion),
        producer: producer ?? source,
        source_module: sourcemodule ?? definition?.module ?? "unknown",
        ...(event.causationid === undefined ? {} : { causation_id: event.causationid }),
        ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
        ...(event.tracestate === undefined ? {} : { tracestate: event.tracestate }),
      },
    },
  };
}

/** What is no text is refused with the envelope. */
function tenantOf({ tenantid }: JsonObject): string | null {
  return typeof tenantid === "string" ? tenantid : null;
}

/** An attribute that is null is not there: JSON format, section 2.2. */
function withoutNulls(event: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(event).filter(([name, value]) => value !== null || name === "data"),
  );
}

function faultsOf(event: JsonObject): CharterIssue[] {
  const issues: CharterIssue[] = [];
  const refuse = (path: string, message: string) =>
    issues.push({ path, message, received: describeReceived(event[path]) });
  if (event.specversion !== "1.0") refuse("specversion", 'expected "1.0"');
  for (const name of ["id", "source", "type"] as const)
    if (typeof event[name] !== "string" || event[name] === "")
      refuse(name, "expected a text that is not empty");
  for (const [name, value] of Object.entries(event)) {
    if (coreAttributes.has(name) && name !== "time") continue;
    if (!attributeName.test(name)) {
      issues.push({
        path: name.length > 100 ? "(an attribute)" : name,
        message: "expected a name of lower-case letters and digits; the data of the event belongs into data",
      });
    } else if (!isAttributeValue(value))
      refuse(name, "expected a text, a whole number of 32 bits, true or false");
  }
  return issues;
}

function isJsonType(type: JsonValue | undefined): boolean {
  return (
    typeof type === "string" && /^[a-z0-9!#$&^_.+-]+\/(?:[a-z0-9!#$&^_.-]+\+)?json\s*(?:;|$)/i.test(type)
  );
}

/** The payload; null when there is none that an envelope can hold, which `issues` says. */
function readData(event: JsonObject, issues: CharterIssue[]): JsonObject | null {
  const refuse = (path: string, message: string) => {
    issues.push({ path, message, received: describeReceived(event[path]) });
    return null;
  };
  const { datacontenttype: type, data, data_base64: binary } = event;
  if (type !== undefined && !isJsonType(type))
    return refuse("datacontenttype", "expected application/json: a payload is a JSON object");
  if (binary !== undefined) {
    if (data !== undefined) return refuse("data_base64", "stands beside data; send one of them");
    const decoded = typeof binary === "string" ? fromBase64(binary) : null;
    return decoded ?? refuse("data_base64", "expected base64 of a JSON object in UTF-8");
  }
  return data !== undefined && isJsonObject(data) ? data : refuse("data", "expected a JSON object");
}

function fromBase64(text: string): JsonObject | null {
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
  const decoded = decodeUtf8(bytes);
  const read = decoded.ok ? readJson(decoded.text) : null;
  return read?.ok === true && isJsonObject(read.value) ? read.value : null;
}

function readRestOfMeta(event: JsonObject, issues: CharterIssue[]): JsonObject | null {
  const text = event[restOfMeta];
  if (text === undefined) return {};
  const read = typeof text === "string" ? readJson(text) : null;
  if (read?.ok === true && isJsonObject(read.value)) return read.value;
  issues.push({
    path: restOfMeta,
    message: "expected a JSON object as text",
    received: describeReceived(text),
  });
  return null;
}

/** The schema that we named is no news; another one is kept. */
function withoutOwnSchema({ dataschema, ...event }: JsonObject): JsonObject {
  const own = schemaPath(String(event.type), Number(event.schemaversion));
  const isOwn = typeof dataschema === "string" && dataschema.endsWith(own);
  return isOwn || dataschema === undefined ? event : { ...event, dataschema };
}

function foreignOf(event: JsonObject, id: string): JsonObject {
  const others = Object.entries(event).filter(
    ([name, value]) =>
      !coreAttributes.has(name) &&
      !ownExtensions.has(name) &&
      !(name === "datacontenttype" && value === usualContentType),
  );
  return { ...Object.fromEntries(others), ...(isUuidV4(id) ? {} : { [originalId]: id }) };
}

/** In binary mode every attribute is a text. */
function wholeOf(value: JsonValue): JsonValue {
  return typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value;
}
