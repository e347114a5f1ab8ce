import type { PendingEntry } from "../core/delivery.ts";
import type { ReadEntry } from "../stream/append.ts";
import {
  createGroup,
  isMissingGroup,
  parsePending,
  parseReadNew,
  pendingCommand,
  readNewCommand,
} from "../stream/group.ts";
import type { Command } from "../stream/redis.ts";
import { bodiesOfPending, restartPosition } from "./recover.ts";
import { type Routed, routeEntry } from "./route.ts";
import { type Tick, takeAcks } from "./tick.ts";

/**
 * Entries that may be pending at once; Upstash advises about 1,000. New ones are read only into the room that is left,
 * so the list that one XPENDING gives is complete, and no entry runs ahead of an older one that was not listed.
 */
const maxPending = 1_000;

/** A pending or new entry with what it means to this consumer; `routed` null when its body is gone. */
export interface Known {
  readonly entry: PendingEntry;
  readonly routed: Routed | null;
  readonly fields: readonly string[] | null;
  readonly key: string | null;
}

/** What one round found. */
export interface Round {
  /** Oldest first. */
  readonly pending: readonly Known[];
  readonly fresh: readonly Known[];
  /** As many new ones came as were asked for, so there may be more. */
  readonly full: boolean;
}

/** Acks what is done, lists what is pending and reads what is new, in one round trip. */
export async function readRound(tick: Tick, maxCount: number): Promise<Round> {
  const { deps, consumer, group } = tick;
  const acks = takeAcks(tick);
  const count = Math.min(maxCount, maxPending - tick.pending);
  const reads: Command[] = [pendingCommand(group, maxPending)];
  if (count > 0) reads.push(readNewCommand(group, count));
  const replies = await deps.redis.pipeline([...acks, ...reads]);
  const [pendingReply, newReply = null] = replies.slice(acks.length);
  if (isMissingGroup(pendingReply) || isMissingGroup(newReply)) {
    const startAt = await restartPosition(deps.db, consumer, group.stream);
    deps.log.info({ start_at: startAt }, "The consumer group does not exist; it is created.");
    await createGroup(deps.redis, group, startAt);
    tick.pending = 0;
    return readRound(tick, maxCount);
  }
  for (const reply of replies) if (reply instanceof Error) throw reply;
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

async function lookUpPending(tick: Tick, entries: readonly PendingEntry[]): Promise<Known[]> {
  const { deps, group, options, consumer } = tick;
  const retryKey = deps.keys.retryAt(consumer.group, options.shard);
  const { bodies, trimmed, failures } = await bodiesOfPending(deps, group, retryKey, entries);
  for (const [id, failure] of failures) tick.failures.set(id, failure);
  for (const id of trimmed) tick.trimmed.add(id);
  return entries.map((entry) => {
    const tries = Math.max(entry.deliveries, failures.get(entry.id)?.attempts ?? 0);
    return toKnown(tick, entry, bodies.get(entry.id) ?? null, tries + 1);
  });
}

function toKnown(tick: Tick, entry: PendingEntry, fields: ReadEntry["fields"], attempt: number): Known {
  if (fields === null) return { entry, routed: null, fields, key: null };
  const routed = routeEntry(tick.consumer, { id: entry.id, fields }, attempt);
  const key = routed.kind === "handle" ? routed.incoming.key : routed.key;
  return { entry, routed, fields, key };
}
