import {
  canonicalType,
  decodeEntry,
  type Envelope,
  type EventDefinition,
  type MessageId,
  parseEventPayload,
} from "@brain/schemas";
import { type Issue, ValidationError } from "../core/errors.ts";
import type { Consumer, Subscription } from "./define-consumer.ts";
import type { QueuedDelivery } from "./queued-delivery.ts";

/** A delivery that has a handler. */
export interface Incoming {
  /** Where it waits in the queue; null when it comes from the stream. */
  readonly queued: QueuedDelivery | null;
  readonly messageId: MessageId;
  /** The entry as it stood on the stream, for a dead letter. */
  readonly fields: readonly string[];
  readonly event: Envelope;
  /** Ordering key; null means that the event has no order among others. */
  readonly key: string | null;
  /** The try that comes, from 1. */
  readonly attempt: number;
  readonly subscription: Subscription;
}

/** What an entry means to one consumer. */
export type Routed =
  | { readonly kind: "handle"; readonly incoming: Incoming }
  /** Nobody here handles the type: acked without a claim. */
  | { readonly kind: "skip"; readonly key: string | null }
  /** Can never be handled. */
  | {
      readonly kind: "refuse";
      readonly reason: "undecodable" | "invalid_payload";
      readonly error: Error;
      readonly event: Envelope | null;
      /** The type, when it can be read; null: nobody can tell whom the entry concerns. */
      readonly type: string | null;
      readonly key: string | null;
    };

/** The entry could not be read as an event at all. */
export class UndecodableError extends ValidationError {}

/**
 * Decodes an entry, finds its handler and validates the payload for it. What cannot be decoded concerns those who handle
 * its type; when not even that can be read, everybody. Pure.
 */
export function routeEntry(
  consumer: Consumer,
  entry: { readonly id: MessageId; readonly fields: readonly string[] },
  attempt: number,
  queued: QueuedDelivery | null = null,
): Routed {
  const decoded = decodeEntry(entry.fields);
  if (!decoded.ok) {
    const type = readableType(entry.fields);
    if (type !== null && !handles(consumer, type)) return { kind: "skip", key: null };
    const error = new UndecodableError(`The stream entry is not an event: ${decoded.message}`);
    return { kind: "refuse", reason: "undecodable", error, event: null, type, key: null };
  }
  const { event, definition } = decoded;
  const subscription = handlerOf(consumer, event.type);
  const key = definition === null ? null : safeKey(definition, event.payload);
  if (subscription === null) return { kind: "skip", key };
  const incoming = { queued, messageId: entry.id, fields: entry.fields, key, attempt, subscription };
  if (subscription.kind === "any" || definition === null) {
    return { kind: "handle", incoming: { ...incoming, event } };
  }
  const payload = parseEventPayload(event, definition);
  if (!payload.ok) {
    const issues: Issue[] = payload.issues.map(({ path, message }) => ({ path, message }));
    const error = new ValidationError(`The payload of "${event.type}" does not fit its schema.`, { issues });
    return { kind: "refuse", reason: "invalid_payload", error, event, type: event.type, key };
  }
  return {
    kind: "handle",
    incoming: {
      ...incoming,
      event: { ...event, payload: payload.payload },
      key: safeKey(definition, payload.payload),
    },
  };
}

function handlerOf({ byType, any }: Consumer, type: string): Subscription | null {
  return byType.get(type) ?? any ?? null;
}

function handles(consumer: Consumer, type: string): boolean {
  return handlerOf(consumer, type) !== null || handlerOf(consumer, canonicalType(type)) !== null;
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

/** The way back from `fieldsToObject`. */
export function objectToFields(object: Readonly<Record<string, string>>): string[] {
  return Object.entries(object).flat();
}

/** Flat fields as an object, for a dead letter. */
export function fieldsToObject(fields: readonly string[]): Record<string, string> {
  const object: Record<string, string> = {};
  for (let at = 0; at + 1 < fields.length; at += 2) object[fields[at] ?? ""] = fields[at + 1] ?? "";
  return object;
}
