import { compareMessageIds, type MessageId } from "@brain/schemas";
import type { PendingEntry } from "../core/delivery.ts";
import { FencedError } from "../core/errors.ts";
import type { ReadEntry } from "../stream/append.ts";
import {
  isMissingGroup,
  parsePending,
  parseReadNew,
  pendingCommand,
  readNewCommand,
} from "../stream/group.ts";
import type { Command } from "../stream/redis.ts";
import { type Identity, type TakeResult, takeQueued } from "./queue.ts";
import type { QueuedDelivery } from "./queued-delivery.ts";
import { bodiesOfPending } from "./recover.ts";
import { type Routed, routeEntry } from "./route.ts";
import { rememberExisting, startGroup } from "./start-group.ts";
import { type Tick, takeAcks } from "./tick.ts";
import { activePauses } from "./tick-state.ts";

/**
 * Entries that may be pending at once; Upstash advises about 1,000. New ones are read only into the room that is left,
 * so the list that one XPENDING gives is complete, and no entry runs ahead of an older one that was not listed.
 */
const maxPending = 1_000;

/** A delivery of the stream or the queue with what it means to this consumer; `routed` null when its body is gone. */
export interface Known {
  readonly entry: PendingEntry;
  readonly routed: Routed | null;
  readonly fields: readonly string[] | null;
  readonly key: string | null;
  /** Null when it comes from the stream. */
  readonly queued: QueuedDelivery | null;
  /** What the queue knows of an event whose body is gone; null when it comes from the stream. */
  readonly identity: Identity | null;
}

/** A pending or queued one with what the plan needs to know. */
export type Waiting = Known & {
  readonly due: boolean;
  /** Unix time, ms. */
  readonly dueAtMs: number;
  readonly deliveries: number;
};

/** What one round found. Each list is in the order of the stream. */
export interface Round {
  readonly pending: readonly Known[];
  readonly fresh: readonly Known[];
  /** As many new ones came as were asked for, so there may be more. */
  readonly full: boolean;
}

/**
 * Acks what is done, lists what is pending and reads what is new, in one round trip. In the same one it learns whether
 * an operator changed something (`tick.changed`) or somebody queued deliveries.
 *
 * @throws {FencedError} another worker took over
 */
export async function readRound(tick: Tick, maxCount: number): Promise<Round> {
  const { deps, group, state } = tick;
  const acks = takeAcks(tick);
  const count = state.backfilling ? 0 : Math.min(maxCount, maxPending - tick.pending);
  const stateKey = deps.keys.state(tick.consumer.group, tick.options.shard);
  const reads: Command[] = [["HMGET", stateKey, "epoch", "queued"], pendingCommand(group, maxPending)];
  if (count > 0) reads.push(readNewCommand(group, count));
  const replies = await deps.redis.pipeline([...acks, ...reads]);
  const [stateReply, pendingReply, newReply = null] = replies.slice(acks.length);
  if (isMissingGroup(pendingReply) || isMissingGroup(newReply)) {
    await startGroup(tick);
    tick.pending = 0;
    return readRound(tick, maxCount);
  }
  for (const reply of replies) if (reply instanceof Error) throw reply;
  noteState(tick, stateReply);
  if (state.startId === null) await rememberExisting(tick);
  const newEntries = parseReadNew(newReply);
  const newIds = new Set(newEntries.map((entry) => entry.id as string));
  const pendingEntries = parsePending(pendingReply).filter((entry) => !newIds.has(entry.id));
  tick.pending = pendingEntries.length + newEntries.length;
  const pending = pendingEntries.length === 0 ? [] : await lookUpPending(tick, pendingEntries);
  const fresh = newEntries.map((entry) => {
    const delivered: PendingEntry = { id: entry.id, idleMs: 0, deliveries: 1 };
    return toKnown(tick, delivered, entry.fields, 1);
  });
  return { pending, fresh, full: count > 0 && newEntries.length >= count };
}

function noteState(tick: Tick, reply: unknown): void {
  const [epoch, queued] = Array.isArray(reply) ? reply : [];
  if (epoch === null || epoch === undefined) tick.changed = true;
  else if (Number(epoch) !== tick.state.epoch) throw new FencedError();
  if (typeof queued === "string") tick.state = { ...tick.state, queued };
}

async function lookUpPending(tick: Tick, entries: readonly PendingEntry[]): Promise<Known[]> {
  const { deps, group, options, consumer } = tick;
  const { shard } = options;
  const place = { shard, retryKey: deps.keys.retryAt(consumer.group, shard) };
  const { bodies, trimmed, failures } = await bodiesOfPending(deps, group, place, entries);
  for (const [id, failure] of failures) tick.failures.set(id, failure);
  for (const id of trimmed) tick.trimmed.add(id);
  return entries.map((entry) => {
    const tries = Math.max(entry.deliveries, failures.get(entry.id)?.attempts ?? 0);
    return toKnown(tick, entry, bodies.get(entry.id) ?? null, tries + 1);
  });
}

function toKnown(
  tick: Tick,
  entry: PendingEntry,
  fields: ReadEntry["fields"],
  attempt: number,
  queued: QueuedDelivery | null = null,
): Known {
  if (fields === null) return { entry, routed: null, fields, key: null, queued, identity: null };
  const routed = routeEntry(tick.consumer, { id: entry.id, fields }, attempt, queued);
  const key = routed.kind === "handle" ? routed.incoming.key : routed.key;
  return { entry, routed, fields, key, queued, identity: null };
}

/** What the queue adds to a round. */
export interface QueueRound {
  /** Due now, in the order of the stream ids. */
  readonly due: readonly Known[];
  /** The oldest queued id of each key at hand that has something queued. */
  readonly heads: TakeResult["heads"];
  /** As many rows came as were asked for, so there may be more. */
  readonly full: boolean;
  /** Nothing is queued at all. */
  readonly empty: boolean;
  /** Unix time, ms; null when no retry waits. */
  readonly nextDueMs: number | null;
}

const noQueue: QueueRound = { due: [], heads: new Map(), full: false, empty: true, nextDueMs: null };

/** True when a round has to look at the queue in Postgres. */
function mayBeQueued({ state, consumer }: Tick, { pending, fresh }: Round): boolean {
  if (state.queued !== null) return true;
  return consumer.afterDeadLetter === "hold_key" && [...pending, ...fresh].some(({ key }) => key !== null);
}

/**
 * Takes what is due in the queue, and learns which of the entries at hand have to go behind it.
 *
 * @param blockedKeys keys that wait for an entry on the stream
 */
export async function readQueue(
  tick: Tick,
  round: Round,
  blockedKeys: readonly string[],
  limit: number,
): Promise<QueueRound> {
  if (!mayBeQueued(tick, round)) return noQueue;
  const { deps, consumer, options, state } = tick;
  const atHand = [...round.pending, ...round.fresh];
  const result = await takeQueued(
    deps.db,
    {
      subscriber: consumer.subscriber,
      shard: options.shard,
      nowMs: deps.now(),
      limit,
      pausedTypes: activePauses(state, deps.now()).flatMap(({ eventType }) => eventType ?? []),
      blockedKeys,
      keys: [...new Set(atHand.flatMap(({ key }) => key ?? []))],
      holdKeys: consumer.afterDeadLetter === "hold_key",
    },
    tick.done.splice(0),
  );
  const onStream = new Set(atHand.map(({ entry }) => entry.id as string));
  const due = result.taken.flatMap(({ delivery, messageId, fields, identity }): Known[] => {
    // The very entry stands on the stream too: it runs from there, and this row finds its claim in a later round.
    if (delivery.epoch === 0 && onStream.has(messageId)) return [];
    const entry = { id: messageId, idleMs: 0, deliveries: delivery.begun };
    const tries = Math.max(delivery.begun, delivery.attempts);
    return [{ ...toKnown(tick, entry, fields, tries + 1, delivery), identity }];
  });
  return {
    due,
    heads: result.heads,
    full: result.taken.length >= limit,
    empty: result.empty,
    nextDueMs: result.nextDueMs,
  };
}

/** Both lists as one, in the order of the stream. */
export function inStreamOrder(pending: readonly Waiting[], due: readonly Waiting[]): readonly Waiting[] {
  if (due.length === 0) return pending;
  return [...pending, ...due].sort((a, b) => compareMessageIds(a.entry.id, b.entry.id));
}

/** True when something older with the same key is queued. */
export function isBehindQueue({ key, entry, queued }: Known, heads: ReadonlyMap<string, MessageId>): boolean {
  if (key === null || queued !== null) return false;
  const head = heads.get(key);
  return head !== undefined && compareMessageIds(head, entry.id) < 0;
}
