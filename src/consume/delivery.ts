import type { Envelope, MessageId } from "@brain/schemas";
import type { Content, Handled } from "./interpret.ts";
import type { Source } from "./sources/source.ts";

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
  /** 0, or the epoch of a forced replay: under it the event may be applied once more. */
  readonly replayEpoch: number;
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
  return content.kind === "handle" || content.kind === "refuse" ? content.event : null;
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

/** The claim of a delivery: a forced replay has its own. */
export function claimOf({ messageId, content, replayEpoch }: Runnable): {
  readonly messageId: string;
  readonly eventId: string;
  readonly epoch: number;
} {
  return { messageId, eventId: content.event.id, epoch: replayEpoch };
}
