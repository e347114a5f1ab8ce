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
import { jsonOf, readText } from "./kit/request-body.ts";

/*
 * The events that a request brings: as envelopes or in the short form, one or a batch, or as CloudEvents in any of their
 * modes. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 */

const maxBatch = 1_000;

/** What `ingest` takes; an item that could not be read is its error. */
export interface GivenEvents {
  readonly inputs: readonly unknown[];
  /** The answer is that of a batch. */
  readonly isBatch: boolean;
}

/**
 * @throws {BadRequestError} it cannot be read at all
 * @throws {ValidationError} the one event would not be kept as it is
 * @throws {UnsupportedMediaTypeError} CloudEvents in another format than JSON
 */
export async function readEvents(c: Context, invocation: Invocation): Promise<GivenEvents> {
  const cloud = await readCloudEvents(c, invocation);
  if (cloud !== null) return cloud;
  const event = jsonOf(await readText(c));
  const list = listIn(event);
  if (list !== null) {
    throw new ValidationError(
      `Received ${list}; expected one event, an object with type and payload. POST /api/events/batch takes a list.`,
      { issues: [{ path: "", message: "expected one event" }] },
    );
  }
  return { inputs: [event], isBatch: false };
}

/** A list where an event should be, or an object around one, in words; null: it is neither. */
function listIn(value: unknown): string | null {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value !== "object" || value === null || hasType(value)) return null;
  const members = Object.entries(value);
  const around = members.find(
    ([, member]) => Array.isArray(member) && (members.length === 1 || hasType(member[0])),
  );
  return around === undefined ? null : `an object with a list as "${around[0].slice(0, 50)}"`;
}

/** The same where every answer is that of a batch. */
export async function readBatchOfEvents(c: Context, invocation: Invocation): Promise<readonly unknown[]> {
  const cloud = await readCloudEvents(c, invocation);
  return cloud === null ? readBatch(await readText(c), c.req.header("content-type") ?? "") : cloud.inputs;
}

/** Null: the request has no CloudEvents. */
async function readCloudEvents(c: Context, { catalog, now }: Invocation): Promise<GivenEvents | null> {
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
      return { inputs, isBatch: true };
    }
    case "application/cloudevents+json":
      return { inputs: [toInput(jsonOf(await readText(c)))], isBatch: false };
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
  return { inputs: [toInput(data === undefined ? attributes : { ...attributes, data })], isBatch: false };
}

/** What else it may be, is refused with the event. */
function isJson(type: JsonValue | undefined): boolean {
  return type === undefined || (typeof type === "string" && type.toLowerCase().includes("json"));
}

/** The id of an event whose own is no UUID: made of source and id, which together name an event. */
function deriveId(source: string, id: string): string {
  // Ids of events are of version 4; which digits of it are random nobody can tell.
  return uuidv5(JSON.stringify([source, id]), uuidv5.URL).replace(/^(.{14})./, "$14");
}

function hasType(value: unknown): boolean {
  return typeof value === "object" && value !== null && "type" in value;
}

/**
 * A JSON array, or one event a line (`application/x-ndjson`). An item that is JSON, but would not be kept as it is, is
 * its own error.
 */
function readBatch(text: string, contentType: string): unknown[] {
  const areLines = /ndjson|jsonl/.test(contentType);
  const whole = readJson(text);
  const isArray = whole.ok && Array.isArray(whole.value);
  const around = whole.ok && !isArray ? listIn(whole.value) : null;
  if (around !== null) {
    throw new BadRequestError(`Received ${around}. Expected ${batchForms} Nothing was stored.`);
  }
  if (areLines) return bounded(readLines(text));
  if (text.trimStart().startsWith("[")) return bounded(readItems(text, whole));
  // One event may stand over several lines.
  const isOne = whole.ok || whole.faults[0].reason !== "invalid_json";
  return bounded(isOne ? [itemOf(text, () => "The body is not JSON.")] : readLines(text));
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
