import { type MessageId, messageIdMs } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { sentUnder } from "../../db/stream-ids.ts";
import type { Invocation, StreamInvocation } from "../../invocation.ts";
import {
  askThere,
  isAway,
  type NumberedCommand,
  type RedisDatabases,
  toShards,
} from "../../stream/databases.ts";
import {
  parseStreamState,
  type StreamState,
  strangersIn,
  streamStateCommand,
} from "../../stream/group-states.ts";
import type { Command } from "../../stream/redis.ts";

/* What Redis knows of consumers, cron and janitor. Commands and replies are apart, so that more can be asked with them. */

/** Why a consumer tries nothing for a while: what it depends on seems to be away. */
export interface OpenBreaker {
  /** Different events that failed in a row before it opened. */
  readonly failures: number;
  /** Tries since then that failed too. */
  readonly probes: number;
  readonly open_since: string;
  /** When it tries one event to see whether the outage is over. */
  readonly probe_at: string | null;
  readonly error: string | null;
}

/** When cron and janitor last came, ISO 8601; null when they never did, or there is no stream. */
export async function lastVisits({ redis, keys }: Invocation) {
  return redis === null
    ? { cronAt: null, janitorAt: null }
    : toVisits(await redis.pipeline(visitCommands(keys)));
}

/** The commands whose replies `toVisits` takes. */
export function visitCommands(keys: Invocation["keys"]): Command[] {
  return [
    ["GET", keys.cronTick()],
    ["HGET", keys.heartbeats(), "janitor"],
  ];
}

/** As `lastVisits`. @throws {RedisReplyError} Redis refused */
export function toVisits([cron, janitor]: readonly unknown[]) {
  for (const reply of [cron, janitor]) if (reply instanceof Error) throw reply;
  const visit = typeof janitor === "string" ? parseObject(janitor) : null;
  return { cronAt: typeof cron === "string" ? toTime(Number(cron)) : null, janitorAt: toTime(visit?.at) };
}

export interface GroupShard {
  readonly stream: string;
  readonly group: string;
  readonly shard: number;
}

/** What Redis knows of a consumer on a shard. */
export interface LiveState {
  readonly shard: number;
  readonly lag: number | null;
  readonly pending: number;
  readonly oldestPending: MessageId | null;
  readonly oldestUnread: MessageId | null;
  readonly foreignReaders: readonly string[];
  readonly heartbeat: Readonly<Record<string, unknown>> | null;
  readonly brake: OpenBreaker | null;
}

/** What Redis knows of each, in the order given, null where its database is away; empty without a stream. */
export async function readLive(
  invocation: Invocation,
  consumerShards: readonly GroupShard[],
): Promise<readonly (LiveState | null)[]> {
  const { databases } = invocation;
  if (databases === null) return [];
  const replies = await askThere(databases, liveCommands({ ...invocation, databases }));
  return toLive(databases, replies, consumerShards);
}

/** The commands whose replies `toLive` takes. */
export function liveCommands({
  keys,
  publish,
  databases,
}: Pick<StreamInvocation, "keys" | "publish" | "databases">): NumberedCommand[] {
  return [
    ...databases.all.flatMap((_, index): NumberedCommand[] => [
      { number: index + 1, command: ["HGETALL", keys.heartbeats()] },
      { number: index + 1, command: ["HGETALL", keys.breakers()] },
    ]),
    ...toShards(databases, publish.shards, (shard) => streamStateCommand(keys.stream(shard))),
  ];
}

/** Of the replies to `liveCommands`, those that hold the circuit breakers. */
export function breakerReplies({ all }: RedisDatabases, replies: readonly unknown[]): readonly unknown[] {
  return replies.slice(0, 2 * all.length).filter((_, at) => at % 2 === 1);
}

/** As `readLive`. @throws {RedisReplyError} Redis refused */
export function toLive(
  databases: RedisDatabases,
  replies: readonly unknown[],
  consumerShards: readonly GroupShard[],
): readonly (LiveState | null)[] {
  const hashes = replies.slice(0, 2 * databases.all.length).map(toMap);
  const streams = replies
    .slice(2 * databases.all.length)
    .map((reply): StreamState | null | "away" => (isAway(reply) ? "away" : parseStreamState(reply)));
  return consumerShards.map(({ group, shard }) => {
    const stream = streams[shard] ?? null;
    if (stream === "away") return null;
    const at = 2 * databases.numberOf(shard) - 2;
    const [heartbeats, breakers] = hashes.slice(at, at + 2);
    const state = stream?.groups.find((found) => found.group === group);
    return {
      shard,
      lag: state?.lag ?? null,
      // A group that is not there yet has read nothing.
      pending: state?.pending ?? 0,
      oldestPending: state?.oldestPending ?? null,
      oldestUnread: state === undefined ? (stream?.first ?? null) : state.oldestUnread,
      foreignReaders: state === undefined ? [] : strangersIn(state),
      heartbeat: parseObject(heartbeats?.get(`${group}:${shard}`)),
      brake: toBreaker(parseObject(breakers?.get(`${group}:${shard}`))),
    };
  });
}

/**
 * How long ago entries were sent, as the record says. What other programs appended is not there; then the id tells, if
 * it can be true: one that is ahead of the clock was given by another clock, or is no time at all.
 *
 * @param asksRecord false: the id alone tells, and Postgres is left alone
 */
export async function agesOf(
  { db, now }: Invocation,
  live: readonly (LiveState | null)[],
  asksRecord = true,
): Promise<(id: MessageId | null) => number | null> {
  const waiting = new Map<number, Set<MessageId>>();
  for (const { shard, oldestPending, oldestUnread } of live.filter((one) => one !== null)) {
    const ids = waiting.get(shard) ?? new Set();
    for (const id of [oldestPending, oldestUnread]) if (id !== null) ids.add(id);
    if (ids.size > 0) waiting.set(shard, ids);
  }
  const answers =
    waiting.size === 0 || !asksRecord
      ? []
      : await db.batch(
          [...waiting].map(
            ([shard, ids]) => sql`
        SELECT given.id, floor(extract(epoch FROM now() - s.sent_at) * 1000)::float8 AS age_ms
        FROM ${sentUnder(shard, [...ids])}`,
          ),
        );
  const recorded = new Map(
    (answers.flat() as { id: string; age_ms: number }[]).map((row) => [row.id, Math.max(0, row.age_ms)]),
  );
  // No two streams give the same id to an event of ours.
  return (id) => {
    if (id === null) return null;
    const byId = now() - messageIdMs(id);
    return recorded.get(id) ?? (byId >= 0 ? byId : null);
  };
}

function toMap(reply: unknown): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  if (!Array.isArray(reply)) return map;
  for (let at = 0; at + 1 < reply.length; at += 2) map.set(String(reply[at]), String(reply[at + 1]));
  return map;
}

function parseObject(text: string | undefined): Readonly<Record<string, unknown>> | null {
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** A breaker counts failures before it opens; only an open one concerns an operator. */
function toBreaker(stored: Readonly<Record<string, unknown>> | null): OpenBreaker | null {
  const openSince = toTime(stored?.open_since);
  if (stored === null || openSince === null) return null;
  return {
    failures: Number(stored.failures ?? 0),
    probes: Number(stored.probes ?? 0),
    open_since: openSince,
    probe_at: toTime(stored.probe_at),
    error: typeof stored.error === "string" ? stored.error : null,
  };
}

/** Unix ms or ISO 8601, as ISO 8601; null for anything else. */
function toTime(value: unknown): string | null {
  if (typeof value !== "number" && typeof value !== "string") return null;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}
