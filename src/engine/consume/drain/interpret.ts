import {
  type Catalog,
  type Decoded,
  type DecodeNote,
  decodeEntry,
  type Envelope,
  type EventDefinition,
  parseEventPayload,
} from "@brain/schemas";
import { type Issue, ValidationError } from "../../core/errors.ts";
import { fieldsToObject } from "../../stream/entry-fields.ts";
import type { CatchAll, Consumer, Subscription } from "../consumer.ts";

/** What an entry means to one consumer. */
export type Content = Handled | Skipped | Refused | Lost;

/** It has a handler. */
export interface Handled {
  readonly kind: "handle";
  readonly event: Envelope;
  readonly subscription: Subscription;
  /** What a watcher of entries is told beside it; left out for other handlers. */
  readonly watched?: Watched;
}

/** What was found out about an entry. */
export interface Watched {
  readonly type: string | null;
  /** Why it is no event, in which case the event is a stand-in without a tenant; null: it is one. */
  readonly unread: string | null;
  readonly notes: readonly DecodeNote[];
  readonly key: string | null;
}

/** Nobody here handles the type: acked without a claim. */
export interface Skipped {
  readonly kind: "skip";
}

/** Can never be handled. */
export interface Refused {
  readonly kind: "refuse";
  readonly reason: "undecodable" | "invalid_payload";
  readonly error: Error;
  readonly event: Envelope | null;
  /** The type, when it can be read; null: nobody can tell whom the entry concerns. */
  readonly type: string | null;
}

/** Neither the stream nor the record has its body. */
export interface Lost {
  readonly kind: "lost";
  /** What else is known of the event; null where nothing is. */
  readonly eventId: string | null;
  readonly type: string | null;
  readonly tenantId: string | null;
}

/** What an entry that is there means, and its ordering key; null means that the event has no order among others. */
export interface Interpreted {
  readonly content: Handled | Skipped | Refused;
  readonly key: string | null;
}

/** The entry could not be read as an event at all. */
export class UndecodableError extends ValidationError {}

/**
 * Decodes an entry, finds its handler and validates the payload for it. What cannot be decoded concerns those who handle
 * its type; when not even that can be read, everybody. Pure.
 */
export function interpretEntry(catalog: Catalog, consumer: Consumer, fields: readonly string[]): Interpreted {
  const decoded = decodeEntry(catalog, fields);
  if (consumer.any?.kind === "entries") return watched(decoded, consumer.any, fields);
  if (!decoded.ok) {
    const type = readableType(fields);
    if (type !== null && !handles(catalog, consumer, type)) return { content: { kind: "skip" }, key: null };
    const error = new UndecodableError(`The stream entry is not an event: ${decoded.message}`);
    return { content: { kind: "refuse", reason: "undecodable", error, event: null, type }, key: null };
  }
  const { event, definition } = decoded;
  const subscription = handlerOf(consumer, event.type);
  const key = definition === null ? null : safeKey(definition, event.payload);
  if (subscription === null) return { content: { kind: "skip" }, key };
  if (subscription.kind === "any" || definition === null) {
    return { content: { kind: "handle", event, subscription }, key };
  }
  const parsed = parseEventPayload(event, definition);
  if (!parsed.ok) {
    const issues: Issue[] = parsed.issues.map(({ path, message }) => ({ path, message }));
    const error = new ValidationError(`The payload of "${event.type}" does not fit its schema.`, { issues });
    return { content: { kind: "refuse", reason: "invalid_payload", error, event, type: event.type }, key };
  }
  const { payload } = parsed;
  return {
    content: { kind: "handle", event: { ...event, payload }, subscription },
    key: safeKey(definition, payload),
  };
}

/** A watcher takes what there is, in the order of the stream alone. */
function watched(decoded: Decoded, subscription: CatchAll, fields: readonly string[]): Interpreted {
  if (!decoded.ok) {
    const type = readableType(fields);
    const found: Watched = { type, unread: decoded.message, notes: [], key: null };
    const event = { ...noEvent, type: type ?? noEvent.type };
    return { content: { kind: "handle", event, subscription, watched: found }, key: null };
  }
  const { event, definition, notes } = decoded;
  const key = definition === null ? null : safeKey(definition, event.payload);
  const found: Watched = { type: event.type, unread: null, notes, key };
  return { content: { kind: "handle", event, subscription, watched: found }, key: null };
}

/** Stands where an entry is no event; whoever hands it on looks at `watched` first. */
const noEvent: Envelope = {
  id: "",
  type: "",
  source: "",
  target: null,
  payload: {},
  timestamp: new Date(0).toISOString(),
  meta: { schema_version: 1, producer: "", source_module: "" },
  mission_id: null,
  task_id: null,
  correlation_id: null,
  tenant_id: null,
  actor_id: null,
  severity: null,
};

function handlerOf({ byType, any }: Consumer, type: string): Subscription | null {
  return byType.get(type) ?? any ?? null;
}

function handles(catalog: Catalog, consumer: Consumer, type: string): boolean {
  return handlerOf(consumer, type) !== null || handlerOf(consumer, catalog.canonicalType(type)) !== null;
}

/** The type that stands in an entry's fields, when it looks like one. */
function readableType(fields: readonly string[]): string | null {
  const { type } = fieldsToObject(fields);
  return type !== undefined && /^[\w.:-]{1,100}$/.test(type) ? type : null;
}

/** A payload that lacks its key field is refused by its schema; until then it has no order. */
function safeKey(definition: EventDefinition, payload: unknown): string | null {
  try {
    return definition.keyOf(payload);
  } catch {
    return null;
  }
}
