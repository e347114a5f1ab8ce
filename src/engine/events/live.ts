import { compareMessageIds, type Envelope, isMessageId, type MessageId, messageIdMs } from "@brain/schemas";
import { ValidationError } from "../core/errors.ts";
import { type Invocation, requireStream, type StreamInvocation } from "../invocation.ts";
import { readEdges, type StreamEdges } from "../stream/replies.ts";
import { admitFollower, type FollowerOwner } from "./followers.ts";
import {
  beginTail,
  catchUp,
  covers,
  currentTail,
  dropTail,
  entriesBehind,
  pauseOf,
  refresh,
  type Tail,
  type TailEntry,
} from "./tail.ts";

/*
 * Live events for people and programs that look on. They read the streams without a consumer group, so nothing is
 * claimed, acked or held back; whoever needs every event applied once is a consumer.
 *
 * A follower has no buffer: it takes the next event when the one before was taken from it. What it has not taken stays
 * in the tail that all share, and then on the stream.
 */

/** A listener hears of us at least this often, ms. */
const heartbeatMs = 15_000;
/** Pause while another follower is looking for us, or others catch up, doubled up to the last, ms. */
const shortPauseMs = 10;
const longPauseMs = 200;
/** Calls that are left for the end of the invocation. */
const reservedCalls = 4;

export interface LiveFilter {
  /** Whether to deliver the event. */
  readonly wants: (event: Envelope) => boolean;
  /** Called after each look, with the cursor behind all that was read, and whether the streams held no more. */
  readonly looked?: (cursor: string, atEnd: boolean) => void;
}

/** An event, or null when nothing came for a while; `cursor` is behind it. */
export interface LiveItem {
  readonly cursor: string;
  readonly event: Envelope | null;
  /** Only in the first item: time of the oldest entry there is, when older ones behind `after` were trimmed. */
  readonly truncatedBefore?: string | null;
}

/** How live events end, and whose share they take. */
export interface LiveBounds extends FollowerOwner {
  readonly signal: AbortSignal;
  /** Unix time, ms. */
  readonly deadlineMs: number;
  /** Called when it was admitted. */
  readonly onAdmitted?: () => void;
}

/**
 * Events in the order of their shard, from now on or behind a cursor, until the deadline, the calls of the invocation or
 * the signal end it. The first item comes at once and says where they begin. Entries that are no events are passed
 * over; what was trimmed is in the history only.
 *
 * @param after cursor of an earlier item; null: only what comes
 * @throws {ValidationError} the cursor is not one of ours
 * @throws {TooManyRequestsError} too many follow already
 * @throws {TransientError} there is no stream, or it cannot be reached
 */
export async function* followEvents(
  invocation: Invocation,
  filter: LiveFilter,
  after: string | null,
  bounds: LiveBounds,
): AsyncGenerator<LiveItem> {
  const stream = requireStream(invocation, ", so there is nothing to follow.");
  const offsets = parseCursor(after, stream.publish.shards);
  const follower = admitFollower(stream, bounds);
  bounds.onAdmitted?.();
  try {
    yield* follow(stream, filter, offsets, bounds);
  } finally {
    if (follower.leave()) dropTail(stream);
  }
}

async function* follow(
  invocation: StreamInvocation,
  { wants, looked }: LiveFilter,
  offsets: readonly (MessageId | null)[],
  { signal, deadlineMs }: LiveBounds,
): AsyncGenerator<LiveItem> {
  const { meter, now } = invocation;
  const start = await findStart(invocation, offsets);
  let { at } = start;
  yield { cursor: at.join(","), event: null, truncatedBefore: start.truncatedBefore };
  let heardAtMs = now();
  // What was there when the follower came is in the answer, so a look that began before is not enough.
  let { tail } = start;
  let seen = tail.begun + 1;
  let shortMs = shortPauseMs;
  while (!signal.aborted && now() < deadlineMs && !meter.isNear(reservedCalls)) {
    const look = await lookBehind(invocation, tail, at, seen);
    const wanted = look.entries.flatMap(({ event }) => (event !== null && wants(event) ? [event] : []));
    const clear = wanted.length === 0 ? undefined : await invocation.publish.personal?.reveal(wanted);
    let given = 0;
    for (const { shard, id, event } of look.entries) {
      at = at.with(shard, id);
      if (event === null || event !== wanted[given]) continue;
      heardAtMs = now();
      yield { cursor: at.join(","), event: clear?.[given] ?? event };
      given += 1;
      if (signal.aborted) return;
    }
    at = look.offsets;
    if (look.complete !== null) looked?.(at.join(","), look.complete);
    if (signal.aborted) return;
    if (Math.abs(now() - heardAtMs) >= heartbeatMs) {
      heardAtMs = now();
      yield { cursor: at.join(","), event: null };
    }
    if (look.complete === true) await pause(pauseOf(tail, now()), signal);
    else if (look.entries.length === 0) await pause(shortMs, signal);
    shortMs = look.entries.length === 0 ? Math.min(2 * shortMs, longPauseMs) : shortPauseMs;
    const current = currentTail(invocation);
    if (current !== tail) {
      tail = current ?? beginTail(invocation, at);
      seen = tail.begun + 1;
    }
  }
}

interface Start {
  readonly at: MessageId[];
  readonly tail: Tail;
  readonly truncatedBefore: string | null;
}

/** Where live events begin. Whoever comes back behind offsets that the tail has costs no call. */
async function findStart(
  invocation: StreamInvocation,
  offsets: readonly (MessageId | null)[],
): Promise<Start> {
  const { databases, keys, now } = invocation;
  const known = offsets.flatMap((offset) => offset ?? []);
  const shared = currentTail(invocation);
  const tops = shared?.parts.map(({ top }) => top) ?? [];
  if (shared !== null && known.length === offsets.length && covers(shared, known)) {
    return { at: known, tail: shared, truncatedBefore: null };
  }
  const edges = await Promise.all(
    offsets.map((_, shard) => readEdges(databases.of(shard), keys.stream(shard))),
  );
  const last = edges.map((edge) => edge?.last ?? zero);
  const at = offsets.map((offset, shard) => offset ?? last[shard] ?? zero);
  // A Redis that lost data goes on with smaller ids than the tail has seen.
  const wentBack = tops.some((top, shard) => compareMessageIds(last[shard] ?? top, top) < 0);
  const tail = (wentBack ? null : currentTail(invocation)) ?? beginTail(invocation, last);
  return { at, tail, truncatedBefore: truncatedBefore(edges, at, now()) };
}

const zero = "0-0" as MessageId;

interface Look {
  readonly entries: readonly (TailEntry & { readonly shard: number })[];
  /** Where the follower stands behind them. */
  readonly offsets: MessageId[];
  /** True: the streams held no more. False: they may. Null: nobody has looked yet. */
  readonly complete: boolean | null;
}

async function lookBehind(
  invocation: StreamInvocation,
  tail: Tail,
  at: readonly MessageId[],
  seen: number,
): Promise<Look> {
  if (!covers(tail, at)) {
    const own = await catchUp(invocation, tail, at);
    if (own === null) return { entries: [], offsets: [...at], complete: null };
    return { entries: withShards(own.lists), offsets: [...own.offsets], complete: false };
  }
  await refresh(invocation, tail, seen);
  // The tail may have moved on while Redis was asked.
  if (!covers(tail, at)) return { entries: [], offsets: [...at], complete: false };
  const entries = withShards(tail.parts.map((part, shard) => entriesBehind(part, at[shard] ?? zero)));
  const offsets = tail.parts.map(({ top }, shard) => later(at[shard] ?? zero, top));
  return { entries, offsets, complete: tail.done < seen ? null : tail.atEnd };
}

function withShards(lists: readonly (readonly TailEntry[])[]): Look["entries"] {
  return lists.flatMap((list, shard) => list.map(({ id, event }) => ({ id, event, shard })));
}

const later = (a: MessageId, b: MessageId) => (compareMessageIds(a, b) < 0 ? b : a);

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
    const offset = at[shard];
    if (edge === null || offset === undefined || edge.wasTrimmed === false) return [];
    return compareMessageIds(offset, edge.goneUpTo) < 0 ? [messageIdMs(edge.first ?? edge.last)] : [];
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
