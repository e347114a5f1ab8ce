import { type SQL, sql } from "drizzle-orm";
import type { Consumer } from "../../consume/consumer.ts";
import { missingRename } from "../../consume/define/define-consumer.ts";
import { recordedTypes } from "../../consume/define/recorded-types.ts";
import { besideEachOther } from "../../consume/sources/deferred-sql.ts";
import { hasStream, type Invocation, type StreamInvocation } from "../../invocation.ts";
import { askThere } from "../../stream/databases.ts";
import { overTimeCommands, type TimeWindow, toOverTime, totalsOf } from "../metrics/over-time.ts";
import { agesOf, type LiveState, liveCommands, type OpenBreaker, readLive, toLive } from "./live-state.ts";
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
  /**
   * Of those queued, what no handler of this release takes, by type: it waits for a worker of a release that has one, and is
   * passed over an hour after it was queued.
   */
  readonly without_handler: readonly WithoutHandler[];
  /** Open dead letters of the subscriber, all shards. */
  readonly dead_letters: number;
  /** Pauses of the subscriber that hold now. */
  readonly paused: readonly Pause[];
  /** The circuit breaker; null while it is closed. */
  readonly brake: OpenBreaker | null;
  /** Redrives and replays for the subscriber that are not finished. */
  readonly jobs: readonly RunningBulk[];
  readonly last_tick: unknown;
  /** Why it does not begin: it has another name now, and the migration that says so is missing. Null: nothing is. */
  readonly missing_rename: string | null;
}

export interface WithoutHandler {
  readonly event_type: string;
  readonly count: number;
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
  const [stored, live] = await Promise.all([
    invocation.db.batch(storedStatements(invocation)).then(toStored),
    readLive(invocation, shardsOf(invocation, consumers)),
  ]);
  return toStates(invocation, consumers, stored, live);
}

/** Each consumer on each shard, in the order of their states. */
export function shardsOf(
  { keys, publish }: Pick<Invocation, "keys" | "publish">,
  consumers: readonly Consumer[],
) {
  return consumers.flatMap((consumer) =>
    Array.from({ length: publish.shards }, (_, shard) => ({
      consumer,
      group: consumer.group,
      shard,
      stream: keys.stream(shard),
    })),
  );
}

/**
 * The states of consumers, of what was read. One round trip to Postgres when something waits on a stream.
 *
 * @param live of `shardsOf` the consumers, null where nobody can tell; empty without a stream
 */
export async function toStates(
  invocation: Invocation,
  consumers: readonly Consumer[],
  stored: Stored,
  live: readonly (LiveState | null)[],
): Promise<ConsumerState[]> {
  const ageOf = await agesOf(invocation, live);
  return shardsOf(invocation, consumers).map(({ consumer, shard }, index): ConsumerState => {
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
      without_handler: withoutHandler(deferred, recordedTypes(invocation.catalog, consumer)),
      dead_letters: stored.deadLetters.get(subscriber) ?? 0,
      paused: stored.pauses.filter((row) => row.subscriber === subscriber).map(toPause),
      brake: state?.brake ?? null,
      jobs: stored.bulk.filter((one) => one.subscriber === subscriber).map(toBulk),
      last_tick: state?.heartbeat ?? null,
      missing_rename: stored.begun.has(`${subscriber}:${shard}`)
        ? null
        : missingRename(consumer, (name) => stored.begun.has(`${name}:${shard}`)),
    };
  });
}

/**
 * One consumer with its settings, its events, its state on each shard and what it did over time. Round trips as
 * `consumerStates`.
 */
export async function consumerDetails(invocation: Invocation, consumer: Consumer, window: TimeWindow) {
  const nowMs = invocation.now();
  const [stored, asked] = await Promise.all([
    invocation.db.batch(storedStatements(invocation)).then(toStored),
    hasStream(invocation) ? askLive(invocation, [consumer], window, nowMs) : null,
  ]);
  const states = await toStates(invocation, [consumer], stored, asked?.live ?? []);
  const overTime = asked?.overTime ?? null;
  const tries = overTime?.tries(consumer.subscriber) ?? null;
  const { subscriber, group, retry } = consumer;
  const first = states[0];
  return {
    subscriber,
    group,
    handles: [...consumer.byType.keys()],
    catches_all: consumer.any !== null,
    events: [...consumer.byType.keys()].map((type) => ({
      type,
      criticality: invocation.catalog.find(type)?.criticality ?? null,
      when: invocation.catalog.find(type)?.when ?? null,
    })),
    window,
    // Null without a stream.
    traffic:
      overTime === null || tries === null
        ? null
        : { from: overTime.from, bucket_ms: overTime.bucketMs, ...tries, totals: totalsOf(tries) },
    critical_time: overTime?.criticalTime(subscriber) ?? null,
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
      without_handler: state.without_handler,
      brake: state.brake,
      last_tick: state.last_tick,
      missing_rename: state.missing_rename,
    })),
  };
}

/** One round trip to each Redis database. */
async function askLive(
  invocation: StreamInvocation,
  consumers: readonly Consumer[],
  window: TimeWindow,
  nowMs: number,
) {
  const { databases } = invocation;
  const commands = liveCommands(invocation);
  const replies = await askThere(databases, [...commands, ...overTimeCommands(invocation, window, nowMs)]);
  return {
    live: toLive(databases, replies.slice(0, commands.length), shardsOf(invocation, consumers)),
    overTime: toOverTime(replies.slice(commands.length), window, nowMs),
  };
}

interface Deferred {
  readonly count: number;
  readonly oldest_ms: number;
  /** What may wait for a worker of another release. */
  readonly lately: readonly LatelyQueued[];
}

interface LatelyQueued extends WithoutHandler {
  /** As which the entry was sent, which may be an older name; null: it is read from the record. */
  readonly sent_as: string | null;
}

/** @param handled null: every type is */
function withoutHandler(deferred: Deferred | undefined, handled: readonly string[] | null): WithoutHandler[] {
  if (deferred === undefined || handled === null) return [];
  const counts = new Map<string, number>();
  for (const { event_type, sent_as, count } of deferred.lately) {
    if (handled.includes(event_type) || (sent_as !== null && handled.includes(sent_as))) continue;
    counts.set(event_type, (counts.get(event_type) ?? 0) + count);
  }
  return [...counts].map(([event_type, count]) => ({ event_type, count }));
}

interface Stored {
  /** Open ones by subscriber. */
  readonly deadLetters: ReadonlyMap<string, number>;
  /** By `{subscriber}:{shard}`. */
  readonly deferred: ReadonlyMap<string, Deferred>;
  readonly pauses: readonly PauseRow[];
  readonly bulk: readonly BulkRow[];
  /** Who has begun where, `{subscriber}:{shard}`; former names too. */
  readonly begun: ReadonlySet<string>;
}

type BulkRow = RunningBulk & { readonly subscriber: string };

function toBulk({ id, kind, name, status, total, succeeded, failed }: BulkRow): RunningBulk {
  return { id, kind, name, status, total, succeeded, failed };
}

/** What each consumer of this release handles, by the names of the record; of one that catches all nothing. */
function handledBySubscriber({ catalog, consumers }: Pick<Invocation, "catalog" | "consumers">) {
  return [...consumers.values()].flatMap((consumer) => {
    const types = recordedTypes(catalog, consumer);
    return types === null ? [] : [{ subscriber: consumer.subscriber, types }];
  });
}

/**
 * The statements whose rows `toStored` takes. A body says as which type an entry was sent; only those of types that their
 * consumer does not handle are read, for there may be many, and large ones.
 */
export function storedStatements(invocation: Pick<Invocation, "catalog" | "consumers">): SQL[] {
  const handled = JSON.stringify(handledBySubscriber(invocation));
  return [
    sql`SELECT subscriber_name AS subscriber, count(*)::integer AS count
      FROM dead_letters WHERE status = 'open' GROUP BY subscriber_name`,
    sql`SELECT subscriber, shard, sum(count)::integer AS count, max(oldest_ms) AS oldest_ms,
        coalesce(json_agg(json_build_object('event_type', event_type, 'sent_as', sent_as, 'count', count))
          FILTER (WHERE event_type IS NOT NULL AND lately), '[]') AS lately
      FROM (SELECT subscriber_name AS subscriber, shard, event_type, lately, sent_as, count(*) AS count,
          floor(extract(epoch FROM now() - min(queued_at)) * 1000)::float8 AS oldest_ms
        FROM deliveries CROSS JOIN LATERAL (SELECT queued_at > now() - ${besideEachOther} AS lately) of_time
          LEFT JOIN jsonb_to_recordset(${handled}::jsonb) AS h(subscriber text, types jsonb) ON h.subscriber = subscriber_name
          CROSS JOIN LATERAL (
            SELECT CASE WHEN lately AND NOT jsonb_exists(h.types, event_type) THEN raw_fields ->> 'type' END AS sent_as) as_sent
        GROUP BY subscriber_name, shard, event_type, lately, sent_as) of_type
      GROUP BY subscriber, shard`,
    pausesSql(null),
    sql`SELECT id::text, kind, subscriber_name AS subscriber, coalesce(given_name, name) AS name, status, total, succeeded, failed
      FROM jobs WHERE status IN ('running', 'paused') AND subscriber_name IS NOT NULL ORDER BY jobs.id`,
    sql`SELECT subscriber_name AS subscriber, shard FROM consumer_shards WHERE start_id IS NOT NULL`,
  ];
}

/** What Postgres knows, of all consumers. */
export function toStored([letters, deferrals, pauses, bulk, begun]: readonly (readonly unknown[])[]): Stored {
  const counts = (letters ?? []) as { subscriber: string; count: number }[];
  const deferred = (deferrals ?? []) as (Deferred & { subscriber: string; shard: number })[];
  return {
    deadLetters: new Map(counts.map((row) => [row.subscriber, row.count])),
    deferred: new Map(deferred.map((row) => [`${row.subscriber}:${row.shard}`, row])),
    pauses: (pauses ?? []) as PauseRow[],
    bulk: (bulk ?? []) as BulkRow[],
    begun: new Set(
      ((begun ?? []) as { subscriber: string; shard: number }[]).map(
        ({ subscriber, shard }) => `${subscriber}:${shard}`,
      ),
    ),
  };
}
