import { type MessageId, messageIdMs } from "@brain/schemas";
import { sql } from "drizzle-orm";
import type { Consumer } from "../../consume/consumer.ts";
import { sentUnder } from "../../db/stream-ids.ts";
import type { Invocation } from "../../invocation.ts";
import {
  parseStreamState,
  type StreamState,
  strangersIn,
  streamStateCommand,
} from "../../stream/group-states.ts";
import { type Pause, type PauseRow, pausesSql, toPause } from "./pauses.ts";

/** What an operator wants to know of one consumer on one shard. Ages in ms; null means none, or unknown. */
export interface ConsumerState {
  readonly subscriber: string;
  readonly group: string;
  readonly shard: number;
  readonly handles: readonly string[];
  readonly catches_all: boolean;
  /** Entries on the stream that were not read yet; null when nobody can tell, which is not 0. */
  readonly lag: number | null;
  readonly oldest_unread_age_ms: number | null;
  /** Entries read and not acked; null without a stream. */
  readonly pending: number | null;
  readonly oldest_pending_age_ms: number | null;
  /** Names of others who read in the group, which is ours alone: what they ack, we never see. */
  readonly foreign_readers: readonly string[];
  /** Deliveries that wait in Postgres for this shard's drain. */
  readonly queued: number;
  readonly oldest_queued_age_ms: number | null;
  /** Open dead letters of the subscriber, all shards. */
  readonly dead_letters: number;
  /** Pauses of the subscriber that hold now. */
  readonly paused: readonly Pause[];
  /** The circuit breaker; null while it is closed. */
  readonly brake: OpenBreaker | null;
  /** Redrives and replays for the subscriber that are not finished. */
  readonly jobs: readonly RunningBulk[];
  readonly last_tick: unknown;
}

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

export interface RunningBulk {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  /** `running` or `paused`. */
  readonly status: string;
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
}

/**
 * State of consumers, one entry a shard: one round trip to Redis and one to Postgres, side by side, and one more to
 * Postgres when something waits on a stream, for its age.
 */
export async function consumerStates(
  invocation: Invocation,
  consumers: readonly Consumer[] = [...invocation.consumers.values()],
): Promise<ConsumerState[]> {
  const { keys, publish } = invocation;
  const consumerShards = consumers.flatMap((consumer) =>
    Array.from({ length: publish.shards }, (_, shard) => ({ consumer, shard })),
  );
  const [stored, live] = await Promise.all([
    readStored(invocation),
    readLive(
      invocation,
      consumerShards.map(({ consumer, shard }) => ({
        stream: keys.stream(shard),
        group: consumer.group,
        shard,
      })),
    ),
  ]);
  const ageOf = await agesOf(invocation, live);
  return consumerShards.map(({ consumer, shard }, index): ConsumerState => {
    const { subscriber, group } = consumer;
    const state = live[index];
    const deferred = stored.deferred.get(`${subscriber}:${shard}`);
    return {
      subscriber,
      group,
      shard,
      handles: [...consumer.byType.keys()],
      catches_all: consumer.any !== null,
      lag: state?.lag ?? null,
      oldest_unread_age_ms: ageOf(state?.oldestUnread ?? null),
      pending: state?.pending ?? null,
      oldest_pending_age_ms: ageOf(state?.oldestPending ?? null),
      foreign_readers: state?.foreignReaders ?? [],
      queued: deferred?.count ?? 0,
      oldest_queued_age_ms: deferred?.oldest_ms ?? null,
      dead_letters: stored.deadLetters.get(subscriber) ?? 0,
      paused: stored.pauses.filter((row) => row.subscriber === subscriber).map(toPause),
      brake: state?.brake ?? null,
      jobs: stored.bulk.filter((one) => one.subscriber === subscriber).map(toBulk),
      last_tick: state?.heartbeat ?? null,
    };
  });
}

/** One consumer with its settings and its state on each shard. */
export async function consumerDetails(invocation: Invocation, consumer: Consumer) {
  const states = await consumerStates(invocation, [consumer]);
  const { subscriber, group, retry } = consumer;
  const first = states[0];
  return {
    subscriber,
    group,
    handles: [...consumer.byType.keys()],
    catches_all: consumer.any !== null,
    settings: {
      max_attempts: retry.maxAttempts,
      max_programming_attempts: retry.maxProgrammingAttempts,
      max_deaths: retry.maxDeaths,
      brake_after: consumer.brake.after,
      after_dead_letter: consumer.afterDeadLetter,
      start_at: consumer.startAt,
      backoff_base_ms: retry.baseMs,
      backoff_cap_ms: retry.capMs,
      handler_timeout_ms: consumer.handlerTimeoutMs,
      batch_size: consumer.batchSize,
      concurrency: consumer.concurrency,
    },
    paused: first?.paused ?? [],
    jobs: first?.jobs ?? [],
    dead_letters: first?.dead_letters ?? 0,
    queued: states.reduce((sum, state) => sum + state.queued, 0),
    shards: states.map((state) => ({
      shard: state.shard,
      lag: state.lag,
      oldest_unread_age_ms: state.oldest_unread_age_ms,
      pending: state.pending,
      oldest_pending_age_ms: state.oldest_pending_age_ms,
      foreign_readers: state.foreign_readers,
      queued: state.queued,
      oldest_queued_age_ms: state.oldest_queued_age_ms,
      brake: state.brake,
      last_tick: state.last_tick,
    })),
  };
}

/** When cron and janitor last came, ISO 8601; null when they never did, or there is no stream. */
export async function lastVisits({ redis, keys }: Invocation) {
  if (redis === null) return { cronAt: null, janitorAt: null };
  const [cron, janitor] = await redis.pipeline([
    ["GET", keys.cronTick()],
    ["HGET", keys.heartbeats(), "janitor"],
  ]);
  const visit = typeof janitor === "string" ? parseObject(janitor) : null;
  return { cronAt: typeof cron === "string" ? toTime(Number(cron)) : null, janitorAt: toTime(visit?.at) };
}

type BulkRow = RunningBulk & { readonly subscriber: string };

function toBulk({ id, kind, name, status, total, succeeded, failed }: BulkRow): RunningBulk {
  return { id, kind, name, status, total, succeeded, failed };
}

/** What Postgres knows, of all consumers in one round trip. */
async function readStored({ db }: Invocation) {
  const [letters, deferrals, pauses, bulk] = await db.batch([
    sql`SELECT subscriber_name AS subscriber, count(*)::integer AS count
      FROM dead_letters WHERE status = 'open' GROUP BY subscriber_name`,
    sql`SELECT subscriber_name AS subscriber, shard, count(*)::integer AS count,
        floor(extract(epoch FROM now() - min(queued_at)) * 1000)::float8 AS oldest_ms
      FROM deliveries GROUP BY subscriber_name, shard`,
    pausesSql(null),
    sql`SELECT id::text, kind, subscriber_name AS subscriber, name, status, total, succeeded, failed
      FROM jobs WHERE status IN ('running', 'paused') AND subscriber_name IS NOT NULL ORDER BY jobs.id`,
  ]);
  const counts = (letters ?? []) as { subscriber: string; count: number }[];
  const deferred = (deferrals ?? []) as {
    subscriber: string;
    shard: number;
    count: number;
    oldest_ms: number;
  }[];
  return {
    deadLetters: new Map(counts.map((row) => [row.subscriber, row.count])),
    deferred: new Map(deferred.map((row) => [`${row.subscriber}:${row.shard}`, row])),
    pauses: (pauses ?? []) as PauseRow[],
    bulk: (bulk ?? []) as BulkRow[],
  };
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

/** What Redis knows of each, in the order given; empty without a stream. */
export async function readLive(
  { redis, keys, publish }: Invocation,
  consumerShards: readonly GroupShard[],
): Promise<readonly LiveState[]> {
  if (redis === null) return [];
  const [heartbeatReply, breakerReply, ...stateReplies] = await redis.pipeline([
    ["HGETALL", keys.heartbeats()],
    ["HGETALL", keys.breakers()],
    ...Array.from({ length: publish.shards }, (_, shard) => streamStateCommand(keys.stream(shard))),
  ]);
  const heartbeats = toMap(heartbeatReply);
  const breakers = toMap(breakerReply);
  const streams = stateReplies.map((reply): StreamState | null => parseStreamState(reply));
  return consumerShards.map(({ group, shard }) => {
    const stream = streams[shard] ?? null;
    const state = stream?.groups.find((found) => found.group === group);
    return {
      shard,
      lag: state?.lag ?? null,
      // A group that is not there yet has read nothing.
      pending: state?.pending ?? 0,
      oldestPending: state?.oldestPending ?? null,
      oldestUnread: state === undefined ? (stream?.first ?? null) : state.oldestUnread,
      foreignReaders: state === undefined ? [] : strangersIn(state),
      heartbeat: parseObject(heartbeats.get(`${group}:${shard}`)),
      brake: toBreaker(parseObject(breakers.get(`${group}:${shard}`))),
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
  live: readonly LiveState[],
  asksRecord = true,
): Promise<(id: MessageId | null) => number | null> {
  const waiting = new Map<number, Set<MessageId>>();
  for (const { shard, oldestPending, oldestUnread } of live) {
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
        SELECT given.id, floor(extract(epoch FROM now() - e.sent_at) * 1000)::float8 AS age_ms
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
