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

/** Entries that may wait in the pending list before no new ones are read; Upstash advises about 1,000. */
const maxPending = 1_000;

/** A pending or new entry with what it means to this consumer; `routed` null when its body is gone. */
export interface Known {
  readonly entry: PendingEntry;
  /** False when its body is no longer on the stream: claiming it would drop it from the pending list. */
  readonly claimable: boolean;
  readonly routed: Routed | null;
  readonly fields: readonly string[] | null;
  readonly key: string | null;
}

/** Acks what is done, lists what is pending and reads what is new, in one round trip. */
export async function readRound(tick: Tick, count: number): Promise<{ pending: Known[]; fresh: Known[] }> {
  const { deps, consumer, group } = tick;
  const acks = takeAcks(tick);
  const reads: Command[] = [pendingCommand(group, maxPending)];
  if (!tick.crowded) reads.push(readNewCommand(group, count));
  const replies = await deps.redis.pipeline([...acks, ...reads]);
  const [pendingReply, newReply = null] = replies.slice(acks.length);
  if (isMissingGroup(pendingReply) || isMissingGroup(newReply)) {
    const startAt = await restartPosition(deps.db, consumer, group.stream);
    deps.log.warn({ start_at: startAt }, "The consumer group was missing; it is created.");
    await createGroup(deps.redis, group, startAt);
    return readRound(tick, count);
  }
  for (const reply of replies) if (reply instanceof Error) throw reply;
  const newEntries = parseReadNew(newReply);
  const newIds = new Set(newEntries.map((entry) => entry.id as string));
  const pendingEntries = parsePending(pendingReply).filter((entry) => !newIds.has(entry.id));
  tick.crowded = pendingEntries.length >= maxPending;
  const pending = pendingEntries.length === 0 ? [] : await lookUpPending(tick, pendingEntries);
  const fresh = newEntries.map((entry) => {
    const delivered: PendingEntry = { id: entry.id, idleMs: 0, deliveries: 1 };
    return toKnown(tick, delivered, entry.fields, 1, true);
  });
  return { pending, fresh };
}

async function lookUpPending(tick: Tick, entries: readonly PendingEntry[]): Promise<Known[]> {
  const { deps, group, options, consumer } = tick;
  const retryKey = deps.keys.retryAt(consumer.group, options.shard);
  const { bodies, trimmed, failures } = await bodiesOfPending(deps, group, retryKey, entries);
  for (const [id, failure] of failures) tick.failures.set(id, failure);
  return entries.map((entry) => {
    const tries = Math.max(entry.deliveries, failures.get(entry.id)?.attempts ?? 0);
    return toKnown(tick, entry, bodies.get(entry.id) ?? null, tries + 1, !trimmed.has(entry.id));
  });
}

function toKnown(
  tick: Tick,
  entry: PendingEntry,
  fields: ReadEntry["fields"],
  attempt: number,
  claimable: boolean,
): Known {
  if (fields === null) return { entry, claimable, routed: null, fields, key: null };
  const routed = routeEntry(tick.consumer, { id: entry.id, fields }, attempt);
  const key = routed.kind === "handle" ? routed.incoming.key : routed.key;
  return { entry, claimable, routed, fields, key };
}
