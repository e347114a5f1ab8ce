import { type Catalog, compareMessageIds, decodeEntry, type Envelope, type MessageId } from "@brain/schemas";
import { TooMuchAtOnceError } from "../core/errors.ts";
import type { Invocation, StreamInvocation } from "../invocation.ts";
import { askThere, isAway, toShards } from "../stream/databases.ts";
import { parseReadEntries, type ReadEntry } from "../stream/replies.ts";
import { readHeads } from "../stream/trim.ts";

/*
 * The newest entries of the streams, read once for all who follow them in this isolate.
 *
 * Nobody is the reader: each follower looks here first, and the one that finds the last look too old reads for all.
 * So the end of an invocation, which stops everything that it had begun, stops nobody else. Nor does a follower wait for a
 * promise of another one's request: Workers let no request touch the I/O of another.
 */

/** Entries that one look at Redis reads at most, for each shard. */
const entriesPerLook = 200;
/** What is kept at most for each shard; whoever is further behind reads Redis. */
const keptEntries = 1_000;
const keptCharacters = 4_000_000;
/** Pause between two looks at Redis: short while events come, longer when nothing does, ms. */
const busyPauseMs = 200;
const idlePauseMs = 1_000;
/** A look that takes longer may belong to an invocation that was ended: another one is begun beside it, ms. */
const lookMs = 250;
/** Nobody has looked for so long that what came since may be more than is kept: the tail begins anew, ms. */
const staleMs = 5_000;
/** Followers that read Redis for themselves at the same time, and the time after which one counts as ended, ms. */
const catchUpsAtOnce = 8;
const catchUpMs = 6_000;

export interface TailEntry {
  readonly id: MessageId;
  /** Null: an entry that is no event. */
  readonly event: Envelope | null;
}

interface Part {
  /** Everything on the stream behind `floor`, up to `top`, is in `entries`. */
  floor: MessageId;
  top: MessageId;
  readonly entries: (TailEntry & { readonly characters: number })[];
  characters: number;
}

export interface Tail {
  readonly parts: readonly Part[];
  /** Looks at Redis begun so far, and the number of the newest one that has come to its end. */
  begun: number;
  done: number;
  /** Unix ms. */
  lookedAtMs: number;
  grewAtMs: number;
  /** When the look that is under way began, Unix ms; null: none is. */
  lookingSinceMs: number | null;
  /** The newest look found no more than it could read. */
  atEnd: boolean;
}

/**
 * Tails of this isolate by system. A second old at most while somebody follows; a few megabytes that the last follower
 * gives back.
 */
const isolateTails = new Map<string, Map<Catalog, Tail>>();
/** When those who read Redis for themselves began, Unix ms. */
const isolateCatchUps = new Map<symbol, number>();

const keyOf = ({ scope, publish }: Invocation) => `${scope}/${publish.shards}`;

/** The tail as it is; null when nobody has looked lately. */
export function currentTail(invocation: Invocation): Tail | null {
  // What is kept was read by a catalog, so it is for those alone who read by the same.
  const tail = isolateTails.get(keyOf(invocation))?.get(invocation.catalog);
  return tail === undefined || Math.abs(invocation.now() - tail.lookedAtMs) > staleMs ? null : tail;
}

/** A new tail that begins behind these ids. */
export function beginTail(invocation: Invocation, last: readonly MessageId[]): Tail {
  const tail: Tail = {
    parts: last.map((id) => ({ floor: id, top: id, entries: [], characters: 0 })),
    begun: 0,
    done: 0,
    lookedAtMs: invocation.now(),
    grewAtMs: 0,
    lookingSinceMs: null,
    atEnd: false,
  };
  const key = keyOf(invocation);
  const tails = isolateTails.get(key) ?? new Map<Catalog, Tail>();
  isolateTails.set(key, tails.set(invocation.catalog, tail));
  return tail;
}

/** Gives the memory back. */
export function dropTail(invocation: Invocation): void {
  isolateTails.delete(keyOf(invocation));
}

/** True when all that came behind these offsets is in the tail or will be. */
export function covers({ parts }: Tail, offsets: readonly MessageId[]): boolean {
  return parts.every(({ floor }, shard) => isAtOrBehind(offsets[shard], floor));
}

function isAtOrBehind(offset: MessageId | undefined, floor: MessageId): boolean {
  return offset !== undefined && compareMessageIds(offset, floor) >= 0;
}

/** Time until a follower should look again, ms. */
export function pauseOf({ grewAtMs }: Tail, nowMs: number): number {
  return nowMs - grewAtMs < idlePauseMs ? busyPauseMs : idlePauseMs;
}

/**
 * Looks at Redis for all followers, if it is time and nobody else does.
 *
 * @param seen the look that the caller needs at least, by its number
 * @throws {TransientError} Redis cannot be reached
 */
export async function refresh(invocation: StreamInvocation, tail: Tail, seen: number): Promise<void> {
  const { now } = invocation;
  // A clock that was set back must not keep all from looking until it is again as late as before.
  const since = (ms: number) => Math.abs(now() - ms);
  const isLooking = tail.lookingSinceMs !== null && since(tail.lookingSinceMs) < lookMs;
  const isDue = tail.done < seen || !tail.atEnd || since(tail.lookedAtMs) >= pauseOf(tail, now());
  if (isLooking || !isDue) return;
  tail.begun += 1;
  const own = tail.begun;
  tail.lookingSinceMs = now();
  try {
    const { lists, count } = await readBehind(
      invocation,
      tail.parts.map(({ top }) => top),
    );
    tail.atEnd = lists.every((entries) => entries === null || entries.length < count);
    for (const [shard, part] of tail.parts.entries()) {
      if (keep(part, lists[shard] ?? [])) tail.grewAtMs = now();
    }
    tail.done = Math.max(tail.done, own);
    tail.lookedAtMs = now();
  } finally {
    if (tail.begun === own) tail.lookingSinceMs = null;
  }
}

const zero = "0-0" as MessageId;

type Kept = Part["entries"][number];

interface ReadBehind {
  /** By shard; null where its database is away, while the others go on. */
  readonly lists: readonly (readonly Kept[] | null)[];
  /** Entries that were asked for of each. */
  readonly count: number;
}

/** The next entries of each shard behind these ids; fewer of each while they are together too much for one answer. */
async function readBehind(
  invocation: StreamInvocation,
  after: readonly MessageId[],
  count = entriesPerLook,
): Promise<ReadBehind> {
  const { catalog, databases, keys } = invocation;
  try {
    const replies = await askThere(
      databases,
      toShards(databases, after.length, (shard) =>
        rangeCommand(keys.stream(shard), after[shard] ?? zero, count),
      ),
    );
    const tooMuch = replies.find((reply) => reply instanceof TooMuchAtOnceError);
    if (tooMuch !== undefined) throw tooMuch;
    return { lists: replies.map((reply) => (isAway(reply) ? null : parseReply(catalog, reply))), count };
  } catch (error) {
    if (!(error instanceof TooMuchAtOnceError)) throw error;
    if (count > 1) return readBehind(invocation, after, Math.ceil(count / 4));
  }
  const lists: Kept[][] = [];
  for (const [shard, id] of after.entries()) lists.push(await readNext(invocation, shard, id));
  return { lists, count };
}

/** The next entry of a shard, without its fields when it is too large by itself: then it is none that anybody may see. */
async function readNext(
  { catalog, databases, keys }: StreamInvocation,
  shard: number,
  after: MessageId,
): Promise<Kept[]> {
  const [redis, stream] = [databases.of(shard), keys.stream(shard)];
  try {
    return parseReply(catalog, await redis.command(rangeCommand(stream, after, 1)));
  } catch (error) {
    if (!(error instanceof TooMuchAtOnceError)) throw error;
    const heads = await readHeads(redis, stream, `(${after}`, "+", 1);
    return toKept(
      catalog,
      heads.map(({ id }) => ({ id, fields: null })),
    );
  }
}

function rangeCommand(stream: string, after: MessageId, count: number) {
  return ["XRANGE", stream, `(${after}`, "+", "COUNT", String(count)] as const;
}

function parseReply(catalog: Catalog, reply: unknown): Kept[] {
  if (reply instanceof Error) throw reply;
  return toKept(catalog, parseReadEntries(reply));
}

function toKept(catalog: Catalog, entries: readonly ReadEntry[]): Kept[] {
  return entries.map(({ id, fields }) => {
    const decoded = fields === null ? null : decodeEntry(catalog, fields);
    const characters = (fields ?? []).reduce((sum, text) => sum + text.length, 0);
    return { id, event: decoded?.ok === true ? decoded.event : null, characters };
  });
}

/** @returns true when there was something new; two looks at once may bring the same */
function keep(part: Part, entries: readonly Kept[]): boolean {
  const fresh = entries.filter(({ id }) => compareMessageIds(id, part.top) > 0);
  for (const entry of fresh) {
    part.entries.push(entry);
    part.characters += entry.characters;
    part.top = entry.id;
  }
  let dropped = 0;
  while (part.entries.length - dropped > keptEntries || part.characters > keptCharacters) {
    const oldest = part.entries[dropped];
    if (oldest === undefined) break;
    dropped += 1;
    part.characters -= oldest.characters;
    part.floor = oldest.id;
  }
  part.entries.splice(0, dropped);
  return fresh.length > 0;
}

/** What the tail has behind an offset, in order. */
export function entriesBehind(part: Part | undefined, offset: MessageId): readonly TailEntry[] {
  const entries = part?.entries ?? [];
  let low = 0;
  for (let high = entries.length; low < high; ) {
    const middle = (low + high) >>> 1;
    const entry = entries[middle];
    if (entry !== undefined && compareMessageIds(entry.id, offset) <= 0) low = middle + 1;
    else high = middle;
  }
  return entries.slice(low);
}

/** What one follower reads for itself, because the tail does not reach back so far. */
export interface CatchUp {
  readonly lists: readonly (readonly TailEntry[])[];
  /** Where the follower stands behind these entries. */
  readonly offsets: readonly MessageId[];
}

/**
 * The next entries behind these offsets; null when too many do the same at the moment.
 *
 * @throws {TransientError} Redis cannot be reached
 */
export async function catchUp(
  invocation: StreamInvocation,
  tail: Tail,
  offsets: readonly MessageId[],
): Promise<CatchUp | null> {
  const { now } = invocation;
  for (const [one, sinceMs] of isolateCatchUps) {
    if (now() - sinceMs > catchUpMs) isolateCatchUps.delete(one);
  }
  if (isolateCatchUps.size >= catchUpsAtOnce) return null;
  const own = Symbol("catch-up");
  isolateCatchUps.set(own, now());
  const floors = tail.parts.map(({ floor }) => floor);
  try {
    const { lists, count } = await readBehind(invocation, offsets);
    const after = offsets.map((offset, shard) => {
      const list = lists[shard];
      if (list === null || list === undefined) return offset;
      const last = list.at(-1)?.id ?? offset;
      const floor = floors[shard] ?? last;
      // All that there was has been read, so the tail, which began before, goes on from here.
      return list.length < count && compareMessageIds(last, floor) < 0 ? floor : last;
    });
    return { lists: lists.map((list) => list ?? []), offsets: after };
  } finally {
    isolateCatchUps.delete(own);
  }
}
