import { eventsTogether, type PathCost, pathCosts } from "./counts.ts";
import { type EventCpu, measured } from "./measured.ts";
import { neonPrices } from "./prices.ts";

/** How events come: each in a request of its own, or `eventsTogether` in one. */
export type Manner = "alone" | "together";

export interface Load {
  readonly eventsPerMonth: number;
  /** Those that handle each event. */
  readonly consumers: number;
  readonly shards: number;
  readonly manner: Manner;
  /** Days that events and claims are kept. */
  readonly keptDays: number;
}

/** What the vendors count in a month. */
export interface Usage {
  readonly workers: { readonly requests: number; readonly cpuMs: number };
  readonly redis: {
    /** Commands that are sent, a script as one. */
    readonly commands: number;
    /** The same with what scripts call. */
    readonly commandsWithScripts: number;
    readonly storedGb: number;
    readonly bandwidthGb: number;
  };
  readonly postgres: { readonly activeHours: number; readonly cu: number; readonly storedGb: number };
}

const daysPerMonth = 30;
export const hoursPerMonth = daysPerMonth * 24;
/** Cron comes every minute. */
const ticksPerMonth = hoursPerMonth * 60;
/** Entries of each stream that stay, by default. */
export const streamKeep = 10_000;
export const bytesPerGb = 1e9;

export interface Commands {
  readonly sent: number;
  readonly withScripts: number;
}

export const commandsOf = ({ redisCommands, commandsInScripts }: PathCost): Commands => ({
  sent: redisCommands,
  withScripts: redisCommands + commandsInScripts,
});

export const combine = (a: Commands, b: Commands, factor: number): Commands => ({
  sent: a.sent + factor * b.sent,
  withScripts: a.withScripts + factor * b.withScripts,
});

/** Redis commands of an event, from its relay to the last of its consumers. */
export function commandsPerEvent(manner: Manner, consumers: number): Commands {
  const isAlone = manner === "alone";
  const relay = commandsOf(isAlone ? pathCosts.relay : pathCosts.relayOfMany);
  const effect = commandsOf(isAlone ? pathCosts.effectOfOneStatement : pathCosts.effectOfManyEvents);
  const perGroup = combine(relay, combine(effect, relay, -1), consumers);
  return combine({ sent: 0, withScripts: 0 }, perGroup, 1 / (isAlone ? 1 : eventsTogether));
}

/** Redis commands of a cron tick that finds nothing to do. @param places consumers times shards */
export function commandsPerTick(places: number): Commands {
  const one = commandsOf(pathCosts.idle);
  return combine(one, combine(commandsOf(pathCosts.idleOfTwo), one, -1), Math.max(0, places - 1));
}

/** @param consumers those that handle it */
export function cpuPerEvent({ publish, handle }: EventCpu, consumers: number) {
  return {
    worker: publish.worker + consumers * handle.worker,
    postgres: publish.postgres + consumers * handle.postgres,
  };
}

/**
 * What a month needs when the events are spread evenly over it, which is the dearest way for a database that sleeps
 * when it is idle. Pure.
 */
export function usageOf({ eventsPerMonth, consumers, shards, manner, keptDays }: Load): Usage {
  const groups = manner === "alone" ? eventsPerMonth : eventsPerMonth / eventsTogether;
  const perEvent = commandsPerEvent(manner, consumers);
  const idle = commandsPerTick(consumers * shards);
  const cpu = cpuPerEvent(measured[manner], consumers);
  const { eventRow, claimRow, streamEntry } = measured.bytes;
  // Cron looks once an hour at a database that sleeps.
  const wakes = groups + hoursPerMonth;
  const activeHours = Math.min(hoursPerMonth, (wakes * neonPrices.sleepsAfterMinutes) / 60);
  const busyCores = (cpu.postgres * eventsPerMonth) / (activeHours * 3_600_000);
  const kept = (eventsPerMonth * keptDays) / daysPerMonth;
  return {
    workers: { requests: groups + ticksPerMonth, cpuMs: cpu.worker * eventsPerMonth },
    redis: {
      commands: idle.sent * ticksPerMonth + perEvent.sent * eventsPerMonth,
      commandsWithScripts: idle.withScripts * ticksPerMonth + perEvent.withScripts * eventsPerMonth,
      storedGb: (shards * streamKeep * streamEntry) / bytesPerGb,
      bandwidthGb: ((1 + consumers) * eventsPerMonth * streamEntry) / bytesPerGb,
    },
    postgres: {
      activeHours,
      cu: computeSize(busyCores),
      storedGb: (kept * (eventRow + consumers * claimRow)) / bytesPerGb,
    },
  };
}

/** Compute units for so many busy cores: one unit is about a core, and half of it stays free. */
export function computeSize(busyCores: number): number {
  const { least } = neonPrices.cu;
  return Math.max(least, Math.ceil((2 * busyCores) / least) * least);
}
