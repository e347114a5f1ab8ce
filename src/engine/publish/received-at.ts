import { type Envelope, type EnvelopeMeta, type MessageId, messageIdMs } from "@brain/schemas";
import { positionOf } from "./position.ts";

/*
 * When an event came to us. What a program sends after a time without a network, or imports from years ago, happened
 * long before that, and nobody here was late.
 */

/** The way of an event to us, and clocks that differ, are no reason to note when it came, ms. */
const usualMs = 10_000;

/**
 * The meta of an event that comes in from another program: `received_at` if its timestamp is older. What the sender says
 * of that is not known to be true.
 */
export function metaReceived(
  { meta, timestamp }: Pick<Envelope, "meta" | "timestamp">,
  came: { readonly ms: number; readonly iso: string },
): EnvelopeMeta {
  const isOld = came.ms - Date.parse(timestamp) > usualMs;
  if (isOld) return { ...meta, received_at: came.iso };
  if (meta.received_at === undefined) return meta;
  const { received_at: _told, ...own } = meta;
  return own;
}

/**
 * From when on the time counts until an event has its effect, Unix ms: when it was published here. Of one that another
 * program wrote to the stream itself its place there tells, as long as it says nothing that is yet to come.
 */
export function publishedMs(event: Envelope, messageId: MessageId, nowMs: number): number {
  const occurredMs = Date.parse(event.timestamp);
  const came = positionOf(event) === null ? messageIdMs(messageId) : receivedMs(event);
  return came > occurredMs && came <= nowMs ? came : occurredMs;
}

/** `NaN` where it does not say so: it came when it happened. */
function receivedMs({ meta: { received_at } }: Envelope): number {
  return typeof received_at === "string" ? Date.parse(received_at) : Number.NaN;
}
