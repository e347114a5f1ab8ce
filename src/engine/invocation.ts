import type { Catalog } from "@brain/schemas";
import type { Archive } from "./archive.ts";
import type { Consumer } from "./consume/consumer.ts";
import type { CallOutside } from "./consume/define/call-outside.ts";
import type { ScheduledJob } from "./consume/define/define-job.ts";
import type { DeliveryFailure } from "./consume/drain/base.ts";
import type { SubrequestMeter } from "./core/budget.ts";
import type { Clock } from "./core/clock.ts";
import { TransientError } from "./core/errors.ts";
import type { Gathering } from "./core/promises/gathering.ts";
import type { MigrationSet } from "./core/schema-state.ts";
import type { Logger } from "./core/telemetry/log.ts";
import type { Tracer } from "./core/telemetry/tracer.ts";
import type { AlertWatch } from "./db/alert-watch.ts";
import type { Database } from "./db/database.ts";
import type { PublishSettings } from "./publish/publish.ts";
import type { RecordedEvent } from "./publish/record.ts";
import type { RelaySettings } from "./relay/relay-deps.ts";
import type { HandOver } from "./relay/ride.ts";
import type { RedisDatabases } from "./stream/databases.ts";
import type { StreamKeys } from "./stream/keys.ts";
import type { RedisHttp } from "./stream/redis.ts";

/** How long what is kept. */
export interface Retention {
  /** Entries of each stream that stay for readers who look back. */
  readonly streamKeep: number;
  /** Days that claims are kept; a replay reaches no further back. */
  readonly dedupDays: number;
  /** Days that sent events stay in the record; 0: for ever. */
  readonly eventsDays: number;
}

/** From when on people are told. */
export interface AlertThresholds {
  /** How far back is looked for dead letters, minutes. */
  readonly windowMinutes: number;
  /** Dead letters of one consumer within the window. */
  readonly deadLetters: number;
  /** Age of the oldest event that a consumer has not handled, s. */
  readonly lagSeconds: number;
  /** Age of the oldest event that was not sent, s. */
  readonly relaySeconds: number;
  /** Time from publishing to effect that 95 % of a consumer's events stay below, s. */
  readonly criticalTimeSeconds: number;
}

/** How consumers share an invocation. */
export interface DrainTurns {
  /** Consumers drained at once. */
  readonly atOnce: number;
  /** A consumer that has more to do lets the next one in after this time, ms, if one waits. */
  readonly turnMs: number;
}

/** How many may follow the streams at once. */
export interface FollowerBounds {
  readonly perIsolate: number;
  readonly perCaller: number;
}

/** What one invocation (a request, a wake, a cron tick) works with; nothing of it outlives the invocation. */
export interface Invocation {
  readonly mode: "required" | "degraded";
  /** The events that are published and understood here. */
  readonly catalog: Catalog;
  readonly db: Database;
  /** What the database must have beside the engine's own tables. */
  readonly migrations: readonly MigrationSet[];
  /** Null in degraded mode without a stream: events wait in the record. */
  readonly redis: RedisHttp | null;
  /** Where the shards are; `redis` is the first of them, with all that is of no shard. Null: as `redis`. */
  readonly databases: RedisDatabases | null;
  readonly keys: StreamKeys;
  readonly log: Logger;
  /** Null: nobody traces. */
  readonly tracer: Tracer | null;
  readonly meter: SubrequestMeter;
  readonly publish: PublishSettings;
  /** Shared by all invocations of an isolate: events that come in at the same time are recorded by one statement. */
  readonly gathering: Gathering<RecordedEvent, boolean>;
  /** What commits hand to the relay of this isolate. */
  readonly handOver: HandOver;
  readonly relay: RelaySettings;
  readonly leaseMs: number;
  readonly drains: DrainTurns;
  readonly followers: FollowerBounds;
  /** Events that one caller may hand in a minute, over all isolates; null: any number. */
  readonly ingestPerMinute: number | null;
  /** Least time between looks at an idle database, ms. */
  readonly relaySweepMs: number;
  readonly retention: Retention;
  /** Where old events go; null: they stay in the record. */
  readonly archive: Archive | null;
  readonly consumers: ReadonlyMap<string, Consumer>;
  /** From when on people are told. */
  readonly alerts: AlertThresholds;
  /** What is watched beside what the engine watches itself. */
  readonly watches: readonly AlertWatch[];
  /** What time starts, by name. */
  readonly scheduled: ReadonlyMap<string, ScheduledJob>;
  readonly now: Clock;
  /** When the program that fires cron began, Unix ms; null where none has to run for it, as on Cloudflare. */
  readonly hostStartedMs: number | null;
  /** Tells systems in one process apart, e.g. in tests. */
  readonly scope: string;
  /** How handlers call the outside; left out: `callOutside`. */
  readonly fetch?: CallOutside;
  /** Told of each failure of a consumer; left out: the log has them. Must not throw. */
  readonly onFailure?: (failure: DeliveryFailure) => void;
}

/** An invocation of a system that has its event stream; whatever moves or reads entries takes this one. */
export interface StreamInvocation extends Invocation {
  readonly redis: RedisHttp;
  readonly databases: RedisDatabases;
}

/**
 * False in degraded mode without a stream. Asked where work begins, by the engine's calls and by the routes: below them
 * nothing is relayed, drained, compared or trimmed, and events wait in the record.
 */
export function hasStream(invocation: Invocation): invocation is StreamInvocation {
  return invocation.redis !== null && invocation.databases !== null;
}

/** The Redis of a shard, and the one with what is of no shard; for what works on one shard. */
export function ofShard({ redis, databases }: StreamInvocation, shard: number) {
  return { redis: databases.of(shard), sharedRedis: redis, redisNumber: databases.numberOf(shard) };
}

/**
 * @param consequence what cannot be done, to follow "There is no event stream in this mode"
 * @throws {TransientError} degraded mode without a stream
 */
export function requireStream(invocation: Invocation, consequence: string): StreamInvocation {
  if (hasStream(invocation)) return invocation;
  throw new TransientError(`There is no event stream in this mode${consequence}`);
}
