import {
  compareMessageIds,
  decodeEntry,
  type Envelope,
  isMessageId,
  type MessageId,
  messageIdMs,
} from "@brain/schemas";
import { TransientError, ValidationError } from "../core/errors.ts";
import { parseReadEntries, readEdges, type StreamEdges } from "../stream/append.ts";
import type { Invocation } from "./invocation.ts";

/*
 * Live events for people and programs that look on. They read the streams without a consumer group, so nothing is
 * claimed, acked or held back; whoever needs every event applied once is a consumer.
 */

/** Wait between two looks: short while events come, longer when nothing does, ms. */
const busyPauseMs = 200;
const idlePauseMs = 1_000;
/** A listener hears of us at least this often, ms. */
const heartbeatMs = 15_000;
const entriesPerLook = 200;
/** Calls that are left for the end of the invocation. */
const reservedCalls = 4;

export interface FeedFilter {
  /** Whether to deliver the event. */
  readonly wants: (event: Envelope) => boolean;
  /** Called after each look, with the place behind all that was read, and whether the streams held no more. */
  readonly looked?: (cursor: string, atEnd: boolean) => void;
}

/** An event, or null when nothing came for a while; `cursor` is the place behind it. */
export interface FeedItem {
  readonly cursor: string;
  readonly event: Envelope | null;
  /** Only in the first item: time of the oldest entry there is, when older ones behind `after` were trimmed. */
  readonly truncatedBefore?: string | null;
}

/**
 * Events in the order of their shard, from now on or behind a cursor, until the deadline, the calls of the invocation or
 * the signal end it. The first item comes at once and says where the feed begins. Entries that are no events are passed
 * over; what was trimmed is in the history only.
 *
 * @param after cursor of an earlier item; null: only what comes
 * @throws {ValidationError} the cursor is not one of ours
 * @throws {TransientError} there is no stream, or it cannot be reached
 */
export async function* followEvents(
  invocation: Invocation,
  { wants, looked }: FeedFilter,
  after: string | null,
  { signal, deadlineMs }: { readonly signal: AbortSignal; readonly deadlineMs: number },
): AsyncGenerator<FeedItem> {
  const { redis, keys, publish, meter, now } = invocation;
  if (redis === null)
    throw new TransientError("There is no event stream here, so there is nothing to follow.");
  const streams = Array.from({ length: publish.shards }, (_, shard) => keys.stream(shard));
  const places = parseCursor(after, streams.length);
  const edges = await Promise.all(streams.map((stream) => readEdges(redis, stream)));
  let at = edges.map((edge, shard) => places[shard] ?? edge?.last ?? "0-0") as MessageId[];
  yield { cursor: at.join(","), event: null, truncatedBefore: truncatedBefore(edges, at, now()) };
  let heardAtMs = now();
  while (!signal.aborted && now() < deadlineMs && !meter.isNear(reservedCalls)) {
    const replies = await redis.pipeline(
      streams.map((stream, shard) => [
        "XRANGE",
        stream,
        `(${at[shard]}`,
        "+",
        "COUNT",
        String(entriesPerLook),
      ]),
    );
    let read = 0;
    let most = 0;
    for (const [shard, reply] of replies.entries()) {
      if (reply instanceof Error) throw reply;
      const entries = parseReadEntries(reply);
      most = Math.max(most, entries.length);
      for (const entry of entries) {
        read += 1;
        at = at.with(shard, entry.id);
        const decoded = entry.fields === null ? null : decodeEntry(entry.fields);
        if (decoded?.ok !== true || !wants(decoded.event)) continue;
        heardAtMs = now();
        yield { cursor: at.join(","), event: decoded.event };
        if (signal.aborted) return;
      }
    }
    const atEnd = most < entriesPerLook;
    looked?.(at.join(","), atEnd);
    if (!atEnd || signal.aborted) continue;
    if (now() - heardAtMs >= heartbeatMs) {
      heardAtMs = now();
      yield { cursor: at.join(","), event: null };
    }
    await pause(read > 0 ? busyPauseMs : idlePauseMs, signal);
  }
}

/** One message id per shard, joined by commas. Shards added since the cursor was given are read from their beginning. */
function parseCursor(after: string | null, shards: number): (MessageId | null)[] {
  if (after === null) return Array.from({ length: shards }, () => null);
  const ids = after.split(",");
  if (ids.length > shards || !ids.every(isMessageId)) {
    throw new ValidationError(
      "The cursor is not one of this feed. Send the last one you received, or none.",
      {
        issues: [{ path: "cursor", message: "expected message ids joined by commas, as received" }],
      },
    );
  }
  return Array.from({ length: shards }, (_, shard) => ids[shard] ?? "0-0") as MessageId[];
}

/** Time of the oldest entry on the streams of which older entries behind `at` are gone; null when none are. */
function truncatedBefore(
  edges: readonly (StreamEdges | null)[],
  at: readonly MessageId[],
  nowMs: number,
): string | null {
  const firstMs = edges.flatMap((edge, shard) => {
    const place = at[shard];
    if (edge === null || place === undefined || edge.wasTrimmed === false) return [];
    return compareMessageIds(place, edge.goneUpTo) < 0 ? [messageIdMs(edge.first ?? edge.last)] : [];
  });
  // An id may lie ahead of the clock, or be no time at all; no entry is younger than now.
  return firstMs.length === 0 ? null : new Date(Math.min(nowMs, Math.max(...firstMs))).toISOString();
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
