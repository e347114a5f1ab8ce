import { BadRequestError, type Invocation, UnsupportedMediaTypeError, ValidationError } from "@brain/engine";
import {
  elementTexts,
  fromCloudEvent,
  type JsonValue,
  type ReadJson,
  readBinaryHeaders,
  readJson,
} from "@brain/schemas";
import type { Context } from "hono";
import { v5 as uuidv5 } from "uuid";
import type { AppEnv } from "../host.ts";
import { jsonOf, readText } from "../kit/request-body.ts";

/*
 * The events that a request brings: as envelopes or in the short form, one or a batch, or as CloudEvents in any of their
 * modes. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 */

const maxBatch = 1_000;

/** What `ingest` takes; an item that could not be read is its error. */
export interface GivenEvents {
  readonly inputs: readonly unknown[];
  /** Of ids that were made for them: see `IngestContext.formerIds`. */
  readonly formerIds: ReadonlyMap<string, string>;
  /** The answer is that of a batch. */
  readonly isBatch: boolean;
}

/**
 * @throws {BadRequestError} it cannot be read at all
 * @throws {ValidationError} the one event would not be kept as it is
 * @throws {UnsupportedMediaTypeError} CloudEvents in another format than JSON
 */
export async function readEvents(c: Context<AppEnv>, invocation: Invocation): Promise<GivenEvents> {
  const cloud = await readCloudEvents(c, invocation);
  if (cloud !== null) return cloud;
  const text = await readText(c);
  const read = readJson(text);
  const lines = read.ok ? 0 : linesOfEvents(text);
  if (lines > 0) throw new BadRequestError(`Received ${lines} lines of JSON; ${oneEvent}`);
  const event = read.ok ? read.value : jsonOf(text);
  const around = aroundEvents(event);
  if (around !== null) throw notOneEvent(around);
  return { inputs: [event], formerIds: noIds, isBatch: false };
}

const noIds: ReadonlyMap<string, string> = new Map();

const oneEvent =
  'expected one event itself, { "type": …, "payload": … }. POST /api/events/batch takes a list, or one event a line (application/x-ndjson).';

const notOneEvent = (received: string) =>
  new ValidationError(`Received ${received}; ${oneEvent}`, {
    issues: [{ path: "", message: `expected one event, received ${received}` }],
  });

/** How many lines there are, when the first two are objects of JSON each; otherwise 0. */
function linesOfEvents(text: string): number {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const areObjects = lines.slice(0, 2).every((line) => {
    const read = readJson(line);
    return read.ok && isObject(read.value);
  });
  return lines.length > 1 && areObjects ? lines.length : 0;
}

/** What stands where an event should be: a list, or an object around what is meant. In words; null: it is neither. */
function aroundEvents(value: unknown): string | null {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (!isObject(value) || hasType(value)) return null;
  const members = Object.entries(value);
  for (const [name, member] of members) {
    const isList = Array.isArray(member) && (members.length === 1 || hasType(member[0]));
    // One with a payload is an event, whose type is missing.
    const isOne = !("payload" in value) && (hasType(member) || /^events?$/i.test(name));
    if (!isList && !isOne) continue;
    return `an object with ${hasType(member) ? "an event" : wordOf(member)} as "${name.slice(0, 50)}"`;
  }
  return null;
}

function wordOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "text";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** The same where every answer is that of a batch. */
export async function readBatchOfEvents(
  c: Context<AppEnv>,
  invocation: Invocation,
): Promise<Omit<GivenEvents, "isBatch">> {
  const cloud = await readCloudEvents(c, invocation);
  if (cloud !== null) return cloud;
  return { inputs: readBatch(await readText(c), c.req.header("content-type") ?? ""), formerIds: noIds };
}

/** Null: the request has no CloudEvents. */
async function readCloudEvents(
  c: Context<AppEnv>,
  { catalog, now }: Invocation,
): Promise<GivenEvents | null> {
  const formerIds = new Map<string, string>();
  const whose = c.get("services").principal?.tenantId ?? null;
  const deriveId = (source: string, id: string, tenantId: string | null): string => {
    const tenant = tenantId ?? whose;
    if (tenant === null) return idOf(source, id);
    const made = idOf(source, id, tenant);
    formerIds.set(made, idOf(source, id));
    return made;
  };
  const [mediaType = ""] = (c.req.header("content-type") ?? "").toLowerCase().split(";");
  const toInput = (event: unknown): unknown => {
    if (event instanceof ValidationError) return event;
    const read = fromCloudEvent(catalog, event, { now: new Date(now()), deriveId });
    if (read.ok) return read.envelope;
    const issues = read.issues.map(({ path, message, received }) => ({
      path,
      message: received === undefined ? message : `${message} (received ${received})`,
    }));
    return new ValidationError("This is no CloudEvent that can be taken; see details.", { issues });
  };
  switch (mediaType.trim()) {
    case "application/cloudevents-batch+json": {
      const inputs = bounded(readItems(await readText(c))).map(toInput);
      return { inputs, formerIds, isBatch: true };
    }
    case "application/cloudevents+json":
      return { inputs: [toInput(jsonOf(await readText(c)))], formerIds, isBatch: false };
  }
  if (mediaType.startsWith("application/cloudevents")) {
    throw new UnsupportedMediaTypeError(
      "CloudEvents are read in their JSON format. Send application/cloudevents+json, application/cloudevents-batch+json, or ce- headers with a JSON body.",
      { issues: [{ path: "content-type", message: "expected a JSON format" }] },
    );
  }
  const attributes = readBinaryHeaders(c.req.raw.headers);
  if (attributes === null) return null;
  const text = await readText(c);
  const data = text.trim() === "" || !isJson(attributes.datacontenttype) ? undefined : jsonOf(text);
  const input = toInput(data === undefined ? attributes : { ...attributes, data });
  return { inputs: [input], formerIds, isBatch: false };
}

/** What else it may be, is refused with the event. */
function isJson(type: JsonValue | undefined): boolean {
  return type === undefined || (typeof type === "string" && type.toLowerCase().includes("json"));
}

/**
 * The id of an event whose own is no UUID. Source and id together name an event among those of one tenant: two may count
 * from 1 under the same source. Without a tenant, and in releases that knew of none here, it is made of these two alone.
 */
function idOf(...names: readonly string[]): string {
  // Ids of events are of version 4; which digits of it are random nobody can tell.
  return uuidv5(JSON.stringify(names), uuidv5.URL).replace(/^(.{14})./, "$14");
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const hasType = (value: unknown): boolean => isObject(value) && "type" in value;

/**
 * A JSON array, or one event a line (`application/x-ndjson`). An item that is JSON, but would not be kept as it is, is
 * its own error.
 */
function readBatch(text: string, contentType: string): unknown[] {
  const areLines = /ndjson|jsonl/.test(contentType);
  const whole = readJson(text);
  const isArray = whole.ok && Array.isArray(whole.value);
  const around = whole.ok && !isArray ? aroundEvents(whole.value) : null;
  if (around !== null) {
    throw new BadRequestError(`Received ${around}. Expected ${batchForms} Nothing was stored.`);
  }
  return bounded(itemsOf(text, whole, areLines)).map((item) => {
    const received = item instanceof ValidationError ? null : aroundEvents(item);
    return received === null ? item : notOneEvent(received);
  });
}

function itemsOf(text: string, whole: ReadJson, areLines: boolean): unknown[] {
  if (areLines) return readLines(text);
  if (text.trimStart().startsWith("[")) return readItems(text, whole);
  // One event may stand over several lines.
  const isOne = whole.ok || whole.faults[0].reason !== "invalid_json";
  return isOne ? [itemOf(text, () => "The body is not JSON.")] : readLines(text);
}

const batchForms =
  'the list itself, [{ "type": …, "payload": … }, …], or one event a line (application/x-ndjson).';

/** @throws {BadRequestError} too many, or none */
function bounded(items: unknown[]): unknown[] {
  if (items.length === 0) throw new BadRequestError("The batch is empty. Expected 1 to 1,000 events.");
  if (items.length > maxBatch) {
    throw new BadRequestError(
      `The batch holds ${items.length} events, at most ${maxBatch} are allowed. Send it in parts.`,
    );
  }
  return items;
}

/** @param read what the text is, where it was read already */
function readItems(text: string, read: ReadJson = readJson(text)): unknown[] {
  if (read.ok && Array.isArray(read.value)) return read.value;
  const items = read.ok ? null : elementTexts(text);
  if (items === null) {
    const why = read.ok ? "" : ` (${read.faults[0].message})`;
    throw new BadRequestError(`The body is not a JSON array of events${why}. Nothing was stored.`);
  }
  return items.map((item) => itemOf(item, () => "An item is not JSON."));
}

function readLines(text: string): unknown[] {
  const notJson = (index: number) => () =>
    `Line ${index + 1} is not JSON. Expected one event a line, or all of them as a JSON array; nothing was stored.`;
  return text
    .split("\n")
    .flatMap((line, index) => (line.trim() === "" ? [] : [itemOf(line, notJson(index))]));
}

/** @throws {BadRequestError} it is no JSON */
function itemOf(text: string, notJson: () => string): unknown {
  const read = readJson(text);
  if (read.ok) return read.value;
  if (read.faults[0].reason === "invalid_json") throw new BadRequestError(notJson());
  const issues = read.faults.map(({ path, message }) => ({ path, message }));
  return new ValidationError("The event would not be kept as it is; see details.", { issues });
}
