import {
  type Archive,
  type Consumer,
  createDatabase,
  createLogger,
  createRedis,
  createStreamKeys,
  createSubrequestMeter,
  type DrainTurns,
  defaultBatchBounds,
  describeUnknownSetting,
  type Invocation,
  type Logger,
  type LogSink,
  registerConsumers,
  type ScheduledJob,
} from "@brain/engine";
import { type Catalog, charter } from "@brain/schemas";
import type { Config } from "./config.ts";

/*
 * The composition root of the backbone. Workers, Deno, the local program and the tests call it; which modules run on it
 * is said in product.ts.
 */

/** What an isolate keeps: configuration, consumers and the logger. No connection. */
export interface System {
  readonly catalog: Catalog;
  readonly config: Config;
  readonly consumers: ReadonlyMap<string, Consumer>;
  readonly scheduled: ReadonlyMap<string, ScheduledJob>;
  readonly log: Logger;
  readonly now: () => number;
  readonly archive: Archive | null;
  readonly hostStartedMs: number | null;
}

export interface SystemOptions {
  /** The events that are published and understood; default: the charter's. */
  readonly catalog?: Catalog;
  /** Where log lines go; default: the console. */
  readonly sink?: LogSink;
  readonly now?: () => number;
  /** What time starts. */
  readonly jobs?: readonly ScheduledJob[];
  /** Where old events go; left out: they stay in the record. */
  readonly archive?: Archive | null;
  /** When the program that fires cron began, Unix ms; left out where none has to run for it. */
  readonly hostStartedMs?: number | null;
}

/** @throws {Error} two consumers, or two jobs, share a name */
export function createSystem(
  config: Config,
  consumers: readonly Consumer[],
  options: SystemOptions = {},
): System {
  const now = options.now ?? Date.now;
  const log = createLogger(
    options.sink ?? ((level, line) => console[level](line)),
    config.logLevel,
    () => new Date(now()),
  );
  if (config.redis === null) {
    log.warn(
      { mode: config.mode },
      "DEGRADED: no event stream is configured. Events wait in the record and reach no consumer.",
    );
  }
  for (const setting of config.unknown) log.warn({ setting: setting.name }, describeUnknownSetting(setting));
  const scheduled = registerJobs(options.jobs ?? []);
  const catalog = options.catalog ?? charter;
  return {
    config,
    catalog,
    consumers: registerConsumers(catalog, consumers),
    scheduled,
    log,
    now,
    archive: options.archive ?? null,
    hostStartedMs: options.hostStartedMs ?? null,
  };
}

function registerJobs(jobs: readonly ScheduledJob[]): ReadonlyMap<string, ScheduledJob> {
  const byName = new Map<string, ScheduledJob>();
  for (const job of jobs) {
    if (!/^[a-z][a-z0-9_]{0,99}$/.test(job.name)) {
      throw new Error(`"${job.name}" is no name of a job. Use lower-case letters, digits and underscores.`);
    }
    if (byName.has(job.name)) throw new Error(`Two jobs are called "${job.name}". Rename one.`);
    byName.set(job.name, job);
  }
  return byName;
}

/**
 * Workers allow six connections at a time, and each drain uses up to two. A turn begins with five or six round trips for
 * its lease and its connection, so it is long enough for them to be a small part of it.
 */
const drainTurns: DrainTurns = { atOnce: 3, turnMs: 2_000 };
/** Time limit of one call to Redis, ms. */
const redisTimeoutMs = 5_000;

/** Opens what one invocation works with. Cheap: nothing is connected before it is used. */
export function openInvocation(system: System): Invocation {
  const { config, catalog, consumers, scheduled, log, now, archive, hostStartedMs } = system;
  const meter = createSubrequestMeter(config.subrequestLimit);
  return {
    mode: config.mode,
    catalog,
    db: createDatabase(config.databaseUrl, meter),
    redis: config.redis === null ? null : createRedis({ ...config.redis, timeoutMs: redisTimeoutMs, meter }),
    keys: createStreamKeys(config.redisPrefix),
    log,
    meter,
    publish: {
      catalog,
      shards: config.shards,
      payload: config.payload,
      onLargePayload: ({ type, id, bytes }) =>
        log.warn(
          { event_type: type, event_id: id, bytes },
          "The payload is large; publish an id and let consumers read the rest.",
        ),
      now: () => new Date(now()),
    },
    relay: {
      ...defaultBatchBounds,
      leaseMs: config.leaseMs,
      wireCompat: config.wireCompat,
      fanOut: config.pubsubFanout,
      restorableDays: config.retention.dedupDays,
      readers: [...consumers.values()].map(({ subscriber, group, any, byType }) => ({
        subscriber,
        group,
        types: any === null ? [...byType.keys()] : null,
      })),
    },
    leaseMs: config.leaseMs,
    drains: drainTurns,
    followers: config.followers,
    ingestPerMinute: config.ingestPerMinute,
    relaySweepMs: config.relaySweepMs,
    retention: config.retention,
    archive,
    consumers,
    scheduled,
    now,
    hostStartedMs,
    scope: `${config.redisPrefix}@${config.redis?.url ?? "none"}`,
  };
}
