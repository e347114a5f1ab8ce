import { compareMessageIds, type Envelope, type MessageId } from "@brain/schemas";
import { fieldsToObject } from "../stream/entry-fields.ts";
import { type Claim, type ClaimIds, placing } from "./apply/claim.ts";
import type { Content, Handled } from "./drain/interpret.ts";

/** One event on its way to one consumer, from reading it to the last word on it. */
export interface Delivery<C extends Content = Content> {
  /** Where it waits, and what is told of it there. */
  readonly source: Source;
  /** Its row among the deferred deliveries, decimal; null when it has none. */
  readonly row: string | null;
  readonly messageId: MessageId;
  /** The entry as it stood on the stream; null when its body is gone. */
  readonly fields: readonly string[] | null;
  readonly content: C;
  /** Ordering key; null means that the event has no order among others. */
  readonly key: string | null;
  /** Tries begun before the one that comes. One that has not ended either ended its worker or never told its outcome. */
  readonly begun: number;
  /** Tries that came to an outcome and count. */
  readonly ended: number;
  /** Taking it has begun the try that comes: it was never tried before. */
  readonly isBegun: boolean;
  /** Unix time, ms; null when it never failed. */
  readonly firstFailedAtMs: number | null;
  /** Unix time, ms, from which it may be tried; 0: at once. */
  readonly dueAtMs: number;
  /** The last failure, one line; null when it never failed. */
  readonly lastError: string | null;
  /** Later events with its key need not wait for it. */
  readonly overtakable: boolean;
  /** Why an operator gave it up: it becomes a dead letter without another try; null when nobody did. */
  readonly skipReason: string | null;
  /** Its entry is pending and no longer on the stream. Redis would drop it from the pending list if it were claimed. */
  readonly isTrimmed: boolean;
  /** 0, or the generation of a forced replay: under it the event may be applied once more. */
  readonly replayGeneration: number;
  /** An operator replays it. */
  readonly isReplay: boolean;
  /** The dead letter that it comes from; null: none. */
  readonly deadLetterId: string | null;
}

/** One that has a handler. */
export type Runnable = Delivery<Handled>;

export function isRunnable(delivery: Delivery): delivery is Runnable {
  return delivery.content.kind === "handle";
}

/** What is known of the event; null when it could not be read. */
export function eventOf({ content }: Delivery): Envelope | null {
  if (content.kind === "handle") return (content.watched?.unread ?? null) === null ? content.event : null;
  return content.kind === "refuse" ? content.event : null;
}

/** Whose it is; empty when it belongs to no tenant, or nobody can tell. */
export function tenantOf(delivery: Delivery): string {
  const { content } = delivery;
  return (content.kind === "lost" ? content.tenantId : eventOf(delivery)?.tenant_id) ?? "";
}

/** Tries so far. */
export function triesOf({ begun, ended }: Pick<Delivery, "begun" | "ended">): number {
  return Math.max(begun, ended);
}

/** The try that comes, from 1. */
export function attemptOf(delivery: Pick<Delivery, "begun" | "ended">): number {
  return triesOf(delivery) + 1;
}

/** Tries that ended the worker: begun, and no outcome was stored. */
export function deathsOf(delivery: Pick<Delivery, "begun" | "ended">): number {
  return triesOf(delivery) - delivery.ended;
}

/** What tells the claim of a delivery: a forced replay has its own. */
export function claimOf({ messageId, content, replayGeneration }: Runnable): ClaimIds {
  return { messageId, eventId: content.event.id, replayGeneration };
}

/** What is claimed for a list of deliveries, in its order. */
export function claimsOf(list: readonly Runnable[]): Claim[] {
  const placeOf = placing();
  return list.map((delivery) => {
    const { messageId, replayGeneration, fields, deadLetterId: letterId } = delivery;
    const { id: eventId, tenant_id: tenantId } = delivery.content.event;
    const ids = { messageId, eventId, replayGeneration };
    return { ...ids, place: placeOf(ids), type: writtenType(delivery), tenantId, letterId, fields };
  });
}

/** The type under the name that its entry has: the release before, which runs beside this one, knows no later name of it. */
function writtenType({ content, fields }: Runnable): string {
  const { type, meta } = content.event;
  const written = meta.original_type ?? type;
  return written !== type && fields !== null && fieldsToObject(fields).type === written ? written : type;
}

/**
 * Where deliveries wait: on the stream, in the pending list of the consumer's group, or deferred, in a table of Postgres.
 * What is told of a delivery goes to its source; nobody else has to know which one that is.
 */
export interface Source {
  /**
   * Begins a try of each, so that a worker that ends leaves a trace; those whose try began with their being taken stay
   * as they are. Never together with others that were tried before: only one of them can be to blame.
   *
   * @throws {FencedError} another worker took over
   */
  begin(deliveries: readonly Delivery[]): Promise<void>;
  /** Puts them back as if they had not been taken for this try, so that waiting costs them no attempt. */
  putBack(deliveries: readonly Delivery[]): Promise<void>;
  /** Stores that a try of each failed, and when the next one is due. */
  retryAt(retries: readonly Retry[]): Promise<void>;
  /**
   * They are done: they are let go with the next round trip.
   *
   * @param as `passed_over`: nobody here handles it; a dead letter took its row along when it was stored
   */
  finish(deliveries: readonly Delivery[], as: "applied" | "passed_over" | "dead_letter"): void;
}

/** Of a delivery that waits nowhere: one that is tried out, or made up by a test. Nothing is told to it. */
export const noSource: Source = {
  begin: async () => undefined,
  putBack: async () => undefined,
  retryAt: async () => undefined,
  finish: () => undefined,
};

/** A delivery that will be tried again. */
export interface Retry {
  readonly delivery: Delivery;
  readonly failure: Failure;
}

/** What is stored when a try failed. */
export interface Failure {
  /** Unix time, ms, of the next try, by the clock of the worker on which this one failed. */
  readonly dueAtMs: number;
  /** Unix time, ms. */
  readonly firstFailedAtMs: number;
  /** Tries so far that count. */
  readonly attempts: number;
  /** Later entries with the same key need not wait for it. */
  readonly overtakable: boolean;
  /** The last failure, one line. */
  readonly error: string;
}

/** Together in the order of the stream. */
export function inStreamOrder(deliveries: readonly Delivery[]): Delivery[] {
  return deliveries.toSorted((a, b) => compareMessageIds(a.messageId, b.messageId));
}

/** What the stream gave. */
export interface TakenFromStream extends Taken {
  /**
   * The group has read the stream up to here; null: all of it. What waits behind this id may be newer than something of
   * its key that nobody has read: a replay defers events before they are read, and a group may be set back.
   */
  readonly readTo: MessageId | null;
  /**
   * When all of it was read: at least up to here. What came behind this id may have come only since then. Null: nobody knows
   * of any.
   */
  readonly seenTo: MessageId | null;
  /** Only the first of what waits: what is behind it had no room in the answer, and is looked at when these are gone. */
  readonly isPart?: boolean;
}

/** What was taken. Each list is in the order of the stream. */
export interface Taken {
  /** Met before: not due yet, or to be tried now. */
  readonly waiting: readonly Delivery[];
  /** New. */
  readonly fresh: readonly Delivery[];
  /** As many came as were asked for, so there may be more. */
  readonly isFull: boolean;
}
