import type { Catalog } from "@brain/schemas";
import type { SubrequestMeter } from "../../core/budget.ts";
import type { Clock } from "../../core/clock.ts";
import type { Decision } from "../../core/retry.ts";
import type { MigrationSet } from "../../core/schema-state.ts";
import type { Logger } from "../../core/telemetry/log.ts";
import type { Tracer } from "../../core/telemetry/tracer.ts";
import type { Database } from "../../db/database.ts";
import type { PublishSettings, RecordAtEnd } from "../../publish/publish.ts";
import type { Group } from "../../stream/group.ts";
import type { StreamKeys } from "../../stream/keys.ts";
import type { RedisHttp } from "../../stream/redis.ts";
import type { Consumer } from "../consumer.ts";
import type { CallOutside } from "../define/call-outside.ts";
import type { HeldLease } from "../lease/lease.ts";
import type { DrainClock, ShardState } from "../lease/shard-state.ts";

/** What a drain needs of its invocation. */
export interface DrainDeps {
  /** What the entries of the stream are read by. */
  readonly catalog: Catalog;
  readonly db: Database;
  /** What the database must have beside the engine's own tables. */
  readonly migrations: readonly MigrationSet[];
  /** The database of the shard. */
  readonly redis: RedisHttp;
  /** The one with what is of no shard; left out: `redis`. */
  readonly sharedRedis?: RedisHttp;
  /** Number of the shard's database by the settings; left out: 1. */
  readonly redisNumber?: number;
  readonly keys: StreamKeys;
  readonly log: Logger;
  /** Left out or null: nobody traces. */
  readonly tracer?: Tracer | null;
  readonly publish: PublishSettings;
  /** Counts what this invocation sends out; null where nothing limits it. */
  readonly meter: SubrequestMeter | null;
  /** Unix time, ms. */
  readonly now: Clock;
  /** A drainer that vanished is succeeded after this time, ms. */
  readonly leaseMs: number;
  /** Called after each commit of handlers that published events; starts the relay. */
  readonly onPublished: () => void;
  /** How what handlers publish is recorded; left out: it is, and nothing else. */
  readonly recordAtEnd?: RecordAtEnd;
  /** Called before such a commit, so that the events are found even if this worker ends right behind it. */
  readonly beforePublish?: () => void;
  /** Called after each commit in which a handler ran. */
  readonly onEffects?: () => void;
  /** True when another trigger came since it was last asked: the drain goes on with what it has open. */
  readonly takeNews?: () => boolean;
  /** Waits for another trigger, or so many ms; left out: nobody tells of any. */
  readonly awaitNews?: (limitMs: number) => Promise<void>;
  /** True when others wait and the drain has had its time: it ends after what it has begun, and says that there is more. */
  readonly yields?: () => boolean;
  /**
   * How long a drain that applied something stays ready for news, ms; default 0. Nothing is held meanwhile but the lease
   * and the connection, which are what a new drain would spend most of its time on.
   */
  readonly lingerMs?: number;
  /** Events behind those that are read among which other tenants' are looked for, at a time; 0: none. Default 20,000. */
  readonly lookAhead?: number;
  /**
   * Called once when the group of a consumer that begins with the record is created on a shard; true when events that
   * are no longer on the stream are being delivered from the record, and what is on the stream waits for them.
   */
  readonly onStart?: (consumer: Consumer, shard: number) => Promise<boolean>;
  /** How handlers call the outside; left out: `callOutside`. */
  readonly fetch?: CallOutside;
  /** Told of each failure when it is known what comes next. Must not throw. */
  readonly onFailure?: (failure: DeliveryFailure) => void;
}

/** A try that failed, or a delivery that cannot be tried. */
export interface DeliveryFailure {
  readonly subscriber: string;
  /** Null where it could not be read. */
  readonly eventType: string | null;
  /** Null where it could not be read. */
  readonly eventId: string | null;
  /** Id of the stream entry, `{ms}-{seq}`. */
  readonly streamMessageId: string;
  /** The try that failed, from 1. */
  readonly attempt: number;
  /** What the handler threw, or why the delivery cannot be handled. */
  readonly error: unknown;
  readonly next: Exclude<Decision, { readonly action: "ack" }>;
}

export interface DrainOptions {
  readonly shard: number;
  /** Unix time, ms, after which nothing new is begun. */
  readonly deadlineMs: number;
  /** Entries read, at most. */
  readonly maxEvents: number;
  /** Somebody said that there is something to apply: the connection for it is opened while the lease is taken. */
  readonly expectsNews?: boolean;
}

/** Counts of one drain. */
export interface DrainResult {
  read: number;
  applied: number;
  /** Entries delivered again after they had been applied. */
  redelivered: number;
  /** Events that stood on the stream under a second id. */
  publishedTwice: number;
  /** Entries of types that nobody here handles. */
  skipped: number;
  retried: number;
  deadLettered: number;
  /** Read and set aside, behind an older event with the same key or because time was up. */
  setAside: number;
  /** Another drainer holds the lease. `waitMs` until it ends, for the one that left the mark first; else null. */
  busy: { readonly waitMs: number | null } | null;
  /** Time, count or calls were used up before everything was read. */
  more: boolean;
  /** Unix time, ms, at which the next retry is due; null when none waits. */
  nextDueMs: number | null;
  /** Why the drain ended early; null when it did not. */
  stopped: string | null;
  /** Entries that were deferred. */
  deferred: number;
  /** The consumer is paused: nothing was read. */
  paused: boolean;
  /** The circuit breaker is open. */
  breakerOpen: boolean;
  /** What became of it in this drain; null: nothing. */
  breaker: BreakerChange | null;
}

/** `opened_by_schema`: because something in Postgres is missing that a handler needs, or the right to use it. */
export type BreakerChange = "opened" | "opened_by_schema" | "closed";

/** What both sources of a drain work with. */
export interface DrainBase {
  /** The worker's own clock, and what `deps.now` adds to it. */
  readonly clock: DrainClock;
  readonly deps: DrainDeps;
  readonly consumer: Consumer;
  readonly options: DrainOptions;
  readonly group: Group;
  readonly lease: HeldLease;
  readonly result: DrainResult;
  state: ShardState;
  /** An operator changed what the drain must know: it ends, and the next one begins with the new. */
  hasChanged: boolean;
}

/** Notes when the next retry is due. */
export function noteDue(result: DrainResult, dueAtMs: number): void {
  result.nextDueMs = Math.min(result.nextDueMs ?? Number.POSITIVE_INFINITY, dueAtMs);
}
