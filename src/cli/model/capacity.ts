import { type Bill, billOf } from "./bill.ts";
import { eventsTogether, pathCosts } from "./counts.ts";
import { measured } from "./measured.ts";
import { neonLimits, neonPrices, upstashPrices, workersLimits } from "./prices.ts";
import {
  batchesPerSecond,
  capacityPerSecond,
  poissonArrivals,
  type Server,
  seededRandom,
  serve,
} from "./queueing.ts";
import {
  bytesPerGb,
  combine,
  commandsOf,
  computeSize,
  cpuPerEvent,
  hoursPerMonth,
  streamKeep,
} from "./usage.ts";

/** What is asked of the system, and how it is set up. */
export interface Setup {
  /** Steady, day and night. */
  readonly eventsPerSecond: number;
  /** Those that handle each event. */
  readonly consumers: number;
  /** Null: as many as the rate needs. */
  readonly shards: number | null;
  /** Upstash databases, with as many shards each (BRAIN_MORE_REDIS). */
  readonly databases: number;
  /** Of a call from a worker to Redis or Postgres, there and back, ms. */
  readonly roundTripMs: number;
  /** Events that a request brings. */
  readonly perRequest: number;
  /** Days that events and claims are kept. */
  readonly keptDays: number;
}

/** Something that has an end: how much of it there is, and how much is needed. */
export interface Resource {
  readonly name: string;
  readonly about: string;
  readonly used: number;
  readonly limit: number;
  readonly unit: string;
  /** What to do when it is not enough. */
  readonly change: string;
  /** The engine copes with its end by itself. */
  readonly isHandled?: true;
}

export interface Plan {
  readonly setup: Setup;
  readonly shards: number;
  /** Of the time, how long relay and drain of a shard are busy; from 1 on events wait for ever longer. */
  readonly busy: { readonly relay: number; readonly drain: number };
  /** From the commit to the effect, ms; null: they wait for ever longer. */
  readonly latencyMs: { readonly p50: number; readonly p99: number } | null;
  /** The most used first. */
  readonly resources: readonly Resource[];
  /** US dollars a month. */
  readonly bill: Bill;
}

/** The setting takes no more. */
const mostShards = 64;
/** A shard is planned to be busy for this share of the time, so that a backlog shrinks. */
const plannedBusy = 0.6;
/** Entries that a relay sends at once, and a drain reads at once by default. */
const [relayBatch, drainBatch] = [1_000, 500];
/** A consumer that stands still this long must not fill a stream, s. */
const outageSeconds = 600;
const secondsPerMonth = hoursPerMonth * 3_600;

/** Relay and drain of one shard. A single event's extra processor time is that of a take. */
export function serversOf(roundTripMs: number): { readonly relay: Server; readonly drain: Server } {
  const { relay, effectOfOneStatement: effect } = pathCosts;
  const { alone, together, wall } = measured;
  const line = (calls: number, fixedMs: number, perEventMs: number) => (events: number) =>
    calls * roundTripMs + fixedMs + events * perEventMs;
  const handleFixed = alone.handle.worker - together.handle.worker;
  // Half of what a request with one event takes is its answer, the other half its relay.
  const relayFixed = (alone.publish.worker - together.publish.worker) / 2;
  const relayLine = line(relay.chain, relayFixed, wall.relay);
  return {
    relay: { maxBatch: relayBatch, throughMs: relayLine, busyMs: relayLine },
    drain: {
      maxBatch: drainBatch,
      throughMs: line(effect.toEffect - relay.chain, handleFixed, wall.drain),
      busyMs: line(effect.chain - relay.chain, handleFixed, wall.drain),
    },
  };
}

/**
 * Shards that a rate needs, also if that is more than there can be: no relay and no drain is busy for more than
 * `plannedBusy`, and a consumer that stands still for a while fills no stream.
 */
export function shardsFor(eventsPerSecond: number, roundTripMs: number): number {
  const { byTime, bySize } = shardsBy(eventsPerSecond, roundTripMs);
  return Math.max(byTime, bySize);
}

/** The two reasons apart: each could do with so many. */
function shardsBy(eventsPerSecond: number, roundTripMs: number): { byTime: number; bySize: number } {
  const { relay, drain } = serversOf(roundTripMs);
  const perShard = plannedBusy * Math.min(capacityPerSecond(relay), capacityPerSecond(drain));
  const entries = (upstashPrices.limits.recordMb * 1e6) / measured.bytes.streamEntry - streamKeep;
  const shards = (most: number) => Math.max(1, Math.ceil(eventsPerSecond / most));
  return { byTime: shards(perShard), bySize: shards(entries / outageSeconds) };
}

/** Relay and drain may have time enough, and the stream no room for an outage: the latency tells of the first alone. */
function whyShards(eventsPerSecond: number, roundTripMs: number): string {
  const { byTime, bySize } = shardsBy(eventsPerSecond, roundTripMs);
  return bySize > byTime
    ? `to get over ${outageSeconds / 60} min of a consumer; ${byTime} keep up`
    : "to keep up with the rate";
}

/** Pure: the same setup gives the same plan. @param events simulated for the latency, on one shard */
export function planFor(setup: Setup, events = 50_000): Plan {
  const { eventsPerSecond, roundTripMs } = setup;
  const shards = setup.shards ?? Math.min(mostShards, shardsFor(eventsPerSecond, roundTripMs));
  const servers = serversOf(roundTripMs);
  const perShard = eventsPerSecond / shards;
  const busyOf = (server: Server) => perShard / capacityPerSecond(server);
  const busy = { relay: busyOf(servers.relay), drain: busyOf(servers.drain) };
  const isLost = busy.relay >= 1 || busy.drain >= 1;
  const resources = resourcesOf(setup, shards, busy);
  return {
    setup,
    shards,
    busy,
    latencyMs: isLost ? null : latencyOf(perShard, servers, events),
    resources: resources.toSorted((a, b) => b.used / b.limit - a.used / a.limit),
    bill: costOf(setup, shards),
  };
}

/** Nearest-rank percentiles of the time from commit to effect; the first tenth, into an empty system, is left out. */
export function latencyOf(
  perSecond: number,
  { relay, drain }: { readonly relay: Server; readonly drain: Server },
  events: number,
): { readonly p50: number; readonly p99: number } {
  const arrivals = poissonArrivals(events, perSecond, seededRandom(1));
  const { departures } = serve(serve(arrivals, relay).departures, drain);
  const times = departures
    .map((time, index) => time - (arrivals[index] ?? 0))
    .slice(Math.floor(events / 10))
    .sort((a, b) => a - b);
  const at = (share: number) => times[Math.ceil(share * times.length) - 1] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** Redis commands a second, those in scripts too. */
function commandsPerSecond({ eventsPerSecond, consumers, roundTripMs }: Setup, shards: number): number {
  const { relay, drain } = serversOf(roundTripMs);
  const perShard = eventsPerSecond / shards;
  const one = commandsOf(pathCosts.relay).withScripts;
  const many = commandsOf(pathCosts.relayOfMany).withScripts;
  // An entry is a command of its own; the rest comes once a batch.
  const perEntry = (many - one) / (eventsTogether - 1);
  const round = combine(commandsOf(pathCosts.effectOfManyEvents), commandsOf(pathCosts.relayOfMany), -1);
  const takes = (server: Server) => shards * batchesPerSecond(server, perShard);
  return (
    eventsPerSecond * perEntry +
    takes(relay) * (one - perEntry) +
    consumers * takes(drain) * round.withScripts
  );
}

/** In the order in which `charter capacity` prints them. */
function resourcesOf(setup: Setup, shards: number, busy: Plan["busy"]): Resource[] {
  return [
    ...timeOfShards(busy),
    ...redisResources(setup, shards),
    ...neonResources(setup, shards),
    ...workerResources(setup, shards),
    {
      name: "shards",
      about: whyShards(setup.eventsPerSecond, setup.roundTripMs),
      used: shardsFor(setup.eventsPerSecond, setup.roundTripMs),
      limit: mostShards,
      unit: "shards",
      change: "another log",
    },
  ];
}

function timeOfShards(busy: Plan["busy"]): Resource[] {
  return [
    {
      name: "relay time",
      about: "how long the relay of a shard is busy",
      used: busy.relay,
      limit: 1,
      unit: "of the time",
      change: "more shards (BRAIN_SHARDS)",
    },
    {
      name: "drain time",
      about: "how long a consumer is busy on a shard",
      used: busy.drain,
      limit: 1,
      unit: "of the time",
      change: "set-based handlers (onBatch), then more shards (BRAIN_SHARDS)",
    },
  ];
}

function redisResources(setup: Setup, shards: number): Resource[] {
  const perShard = setup.eventsPerSecond / shards;
  return [
    {
      name: "Upstash commands",
      about: "also those that scripts call",
      used: commandsPerSecond(setup, shards),
      limit: setup.databases * upstashPrices.limits.commandsPerSecond,
      unit: "a second",
      change: "more databases (BRAIN_MORE_REDIS, with more shards), or a plan with 16,000 commands a second",
    },
    {
      name: "stream size",
      about: `of one shard, when a consumer stands still for ${outageSeconds / 60} min`,
      used: ((streamKeep + perShard * outageSeconds) * measured.bytes.streamEntry) / 1e6,
      limit: upstashPrices.limits.recordMb,
      unit: "MB",
      change: "more shards, or a fixed plan with larger records",
    },
  ];
}

function neonResources(setup: Setup, shards: number): Resource[] {
  const { eventsPerSecond, consumers, roundTripMs, perRequest, keptDays } = setup;
  const { eventRow, claimRow } = measured.bytes;
  const cpu = cpuPerEvent(perRequest > 1 ? measured.together : measured.alone, consumers);
  const storedBytes = eventsPerSecond * 86_400 * keptDays * (eventRow + consumers * claimRow);
  const requestsMs = (eventsPerSecond / perRequest) * (pathCosts.publish.chain * roundTripMs);
  const sessions = requestsMs / 1_000 + shards * consumers;
  return [
    {
      name: "Neon compute",
      about: "half of it stays free",
      used: computeSize((eventsPerSecond * cpu.postgres) / 1_000),
      limit: neonPrices.cu.mostAutoscaling,
      unit: "CU",
      change: `a fixed size of up to ${neonPrices.cu.most} CU, fewer statements a handler, then another log`,
    },
    {
      name: "Neon storage",
      about: `events and claims of ${keptDays} days, with indexes`,
      used: storedBytes / 1e12,
      limit: neonLimits.storageTb,
      unit: "TB",
      change: "keep less: BRAIN_EVENTS_DAYS with an archive, BRAIN_DEDUP_DAYS",
    },
    {
      name: "Postgres sessions",
      about: "through the pooler",
      used: sessions,
      limit: neonLimits.pooledConnections,
      unit: "at once",
      change: "more events in a request",
    },
  ];
}

function workerResources({ eventsPerSecond, roundTripMs }: Setup, shards: number): Resource[] {
  const perShard = eventsPerSecond / shards;
  const drainCpuMs = perShard * measured.together.handle.worker * 20;
  return [
    {
      name: "drain CPU",
      about: "of an invocation of 20 s",
      used: drainCpuMs,
      limit: workersLimits.cpuMs.standard,
      unit: "ms",
      change: "limits.cpu_ms in wrangler.toml, or more shards",
    },
    {
      name: "drain calls",
      about: "of an invocation of 20 s",
      used:
        20 * batchesPerSecond(serversOf(roundTripMs).drain, perShard) * pathCosts.effectOfManyEvents.calls,
      limit: workersLimits.subrequests.paid,
      unit: "calls",
      change: "nothing: it stops at 80 % and goes on in a new invocation",
      isHandled: true,
    },
  ];
}

function costOf(setup: Setup, shards: number): Bill {
  const { eventsPerSecond, consumers, databases, perRequest, keptDays } = setup;
  const { eventRow, claimRow, streamEntry } = measured.bytes;
  const cpu = cpuPerEvent(perRequest > 1 ? measured.together : measured.alone, consumers);
  const events = eventsPerSecond * secondsPerMonth;
  const commands = commandsPerSecond(setup, shards) * secondsPerMonth;
  const usage = {
    workers: { requests: events / perRequest, cpuMs: events * cpu.worker },
    redis: {
      commands,
      commandsWithScripts: commands,
      storedGb: (shards * streamKeep * streamEntry) / bytesPerGb,
      bandwidthGb: ((1 + consumers) * events * streamEntry) / bytesPerGb,
    },
    postgres: {
      activeHours: hoursPerMonth,
      cu: computeSize((eventsPerSecond * cpu.postgres) / 1_000),
      storedGb: (eventsPerSecond * 86_400 * keptDays * (eventRow + consumers * claimRow)) / bytesPerGb,
    },
  };
  return billOf(usage, databases);
}

/** The first to be used up, and the rate at which it is; linear, so a guide and no promise. */
export function breaksFirst({
  resources,
  setup,
}: Plan): { readonly resource: Resource; readonly atPerSecond: number } | null {
  const resource = resources.find(({ isHandled }) => isHandled !== true);
  if (resource === undefined) return null;
  return { resource, atPerSecond: (setup.eventsPerSecond * resource.limit) / resource.used };
}
