import { isMessageId, messageIdMs } from "@brain/schemas";

/**
 * When an event was told, by our clocks: the time of its place on the stream, and never later than now. State that must
 * follow the order of events is decided by this and not by the times inside an event, which come from any clock: one
 * that is a year ahead would keep its word for a year.
 *
 * Of two events on one stream that are handled in order, the later one is never told earlier. Equal times are possible.
 *
 * @param streamMessageId of the delivery; an event that is handled again late keeps its time
 */
export function toldAt(streamMessageId: string, now: Date): Date {
  if (!isMessageId(streamMessageId)) return now;
  return new Date(Math.min(messageIdMs(streamMessageId), now.getTime()));
}

/** How far the clocks of two of our own machines may differ, ms. */
const clocksDifferMs = 300_000;

/** A stored time behind this one is from a clock that was wrong. */
export function latestPossible(now: Date): Date {
  return new Date(now.getTime() + clocksDifferMs);
}

/** True for a stored time that is so far ahead of now that a clock must have been wrong: it counts no more. */
export function isImpossible(at: Date, now: Date): boolean {
  return at > latestPossible(now);
}
