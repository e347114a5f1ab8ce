import type { Catalog } from "@brain/schemas";
import type { Archive } from "./archive.ts";
import type { Consumer } from "./consume/consumer.ts";
import type { CallOutside } from "./consume/define/call-outside.ts";
import { watchesEntries } from "./consume/define/define-consumer.ts";
import type { ScheduledJob } from "./consume/define/define-job.ts";
import { recordedTypes } from "./consume/define/recorded-types.ts";
import type { DeliveryFailure } from "./consume/drain/base.ts";
import { createSubrequestMeter } from "./core/budget.ts";
import type { Clock } from "./core/clock.ts";
import type { MigrationSet } from "./core/schema-state.ts";
import type { Vault } from "./core/secrets/vault.ts";
import type { Logger } from "./core/telemetry/log.ts";
import type { AlertWatch } from "./db/alert-watch.ts";
import { prepareDatabase } from "./db/database.ts";
import { gatherEvents } from "./events/record-events.ts";
import type { DrainTurns, Invocation } from "./invocation.ts";
import { createKeyMemory, createPersonal } from "./publish/personal.ts";
import type { PublishSettings } from "./publish/publish.ts";
import { defaultBatchBounds, type RelaySettings } from "./relay/relay-deps.ts";
import { createHandOver } from "./relay/ride.ts";
import type { EngineSettings } from "./settings.ts";
import { createDatabases, evenNumbers } from "./stream/databases.ts";
import { createStreamKeys } from "./stream/keys.ts";
import { prepareRedis } from "./stream/redis.ts";
import { openTracer } from "./traces/tracer.ts";

/**
 * Workers allow six connections at a time, and each drain uses up to two. A turn begins with five or six round trips for
 * its lease and its connection, so it is long enough for them to be a small part of it.
 */
const drainTurns: DrainTurns = { atOnce: 3, turnMs: 2_000 };
/** Time limit of one call to Redis, ms. */
const redisTimeoutMs = 5_000;

/** What a program is made of, and what its host gives it; see `EngineOptions`. */
export interface EngineParts {
  readonly catalog: Catalog;
  readonly settings: EngineSettings;
  readonly consumers: ReadonlyMap<string, Consumer>;
  readonly jobs: ReadonlyMap<string, ScheduledJob>;
  readonly vault: Vault;
  readonly log: Logger;
  readonly now: Clock;
  readonly watches?: readonly AlertWatch[];
  readonly migrations?: readonly MigrationSet[];
  readonly archive?: Archive | null;
  readonly hostStartedMs?: number | null;
  readonly fetch?: CallOutside;
  readonly onFailure?: (failure: DeliveryFailure) => void;
}

/** Puts together what all invocations share, so that each is begun with little work. */
export function prepareInvocations(parts: EngineParts): () => Invocation {
  const { catalog, settings, vault, now } = parts;
  const { redis, furtherRedis = [] } = settings;
  const databaseFor = prepareDatabase(settings.databaseUrl);
  const redisFor = (redis === null ? [] : [redis, ...furtherRedis]).map((one) =>
    prepareRedis({ ...one, timeoutMs: redisTimeoutMs }),
  );
  const numbers = settings.shardDatabases ?? evenNumbers(settings.shards, redisFor.length);
  const shared = sharedParts(parts);
  const sealing = {
    catalog,
    vault,
    hasKey: (settings.secretsKeys?.current ?? null) !== null,
    memory: createKeyMemory(),
    now,
  };
  return () => {
    const meter = createSubrequestMeter(settings.subrequestLimit);
    const db = databaseFor(meter);
    const publish = { ...shared.publish, personal: createPersonal({ ...sealing, db }) };
    const all = redisFor.map((prepared) => prepared(meter));
    const databases = all.length === 0 ? null : createDatabases(all, numbers);
    return { ...shared, publish, db, redis: all[0] ?? null, databases, meter };
  };
}

function sharedParts({
  catalog,
  settings,
  consumers,
  jobs,
  log,
  now,
  watches = [],
  migrations = [],
  archive = null,
  hostStartedMs = null,
  fetch,
  onFailure,
}: EngineParts): Omit<Invocation, "db" | "redis" | "databases" | "meter"> {
  return {
    mode: settings.mode,
    catalog,
    migrations,
    keys: createStreamKeys(settings.redisPrefix),
    log,
    tracer: openTracer(settings.traces, log, now),
    publish: publishSettings(catalog, settings, log, now),
    gathering: gatherEvents(now),
    handOver: createHandOver(),
    relay: relaySettings(catalog, settings, consumers),
    leaseMs: settings.leaseMs,
    drains: drainTurns,
    followers: settings.followers,
    ingestPerMinute: settings.ingestPerMinute,
    relaySweepMs: settings.relaySweepMs,
    retention: settings.retention,
    alerts: settings.alerts,
    watches,
    archive,
    consumers,
    scheduled: jobs,
    now,
    hostStartedMs,
    ...(fetch === undefined ? {} : { fetch }),
    ...(onFailure === undefined ? {} : { onFailure }),
    scope: `${settings.redisPrefix}@${settings.redis?.url ?? "none"}`,
  };
}

/** Without `personal`, which asks the database of its invocation for keys. */
function publishSettings(
  catalog: Catalog,
  { shards, payload }: EngineSettings,
  log: Logger,
  now: Clock,
): PublishSettings {
  return {
    catalog,
    shards,
    payload,
    onLargePayload: ({ type, id, bytes }) =>
      log.warn(
        { event_type: type, event_id: id, bytes },
        "The payload is large; publish an id and let consumers read the rest.",
      ),
    now,
  };
}

/** Null: all. Who watches entries claims nothing: asked by its claims, it would need every event for ever. */
function neededTypes(catalog: Catalog, consumer: Consumer): readonly string[] | null {
  return watchesEntries(consumer) ? [] : recordedTypes(catalog, consumer);
}

function relaySettings(
  catalog: Catalog,
  settings: EngineSettings,
  consumers: ReadonlyMap<string, Consumer>,
): RelaySettings {
  return {
    ...defaultBatchBounds,
    leaseMs: settings.leaseMs,
    wireCompat: settings.wireCompat,
    fanOut: settings.pubsubFanout,
    restorableDays: settings.retention.dedupDays,
    readers: [...consumers.values()].map((consumer) => ({
      subscriber: consumer.subscriber,
      group: consumer.group,
      types: neededTypes(catalog, consumer),
    })),
  };
}
