import { setTimeout as delay } from "node:timers/promises";
import { encodeEntry } from "@brain/schemas";
import type { RedisConnection } from "../../workers/local/redis/connection.ts";
import { plainReply } from "../../workers/local/redis/resp.ts";
import type { PublishedEvent } from "./checker.ts";
import { heartbeatOf } from "./content.ts";
import type { RedisProxy } from "./doors.ts";
import type { Edge } from "./edge.ts";
import type { Fault, TimedFault } from "./fault-plan.ts";
import { operate } from "./operator.ts";
import type { Random } from "./random.ts";
import type { Access, Servers } from "./servers.ts";

/** One worker with its way to the servers. */
export interface Site {
  readonly edge: Edge;
  readonly access: Access;
  readonly proxy: RedisProxy;
}

export interface StormOptions {
  readonly plan: readonly TimedFault[];
  /** Shards at the begin. */
  readonly shards: number;
  readonly sites: readonly Site[];
  readonly servers: Servers;
  /** For the foreign writer. */
  readonly redis: RedisConnection;
  readonly stream: string;
  readonly apiKey: string;
  readonly random: Random;
  readonly signal: AbortSignal;
}

export interface Storm {
  /** Faults that happened, by kind. */
  readonly counts: ReadonlyMap<string, number>;
  /** Counts what is done behind it. */
  note(kind: string): void;
  /** What the foreign writer sent. */
  readonly foreign: readonly PublishedEvent[];
  /** Fulfilled when the last fault is over. @throws {Error} a server did not come back */
  readonly done: Promise<void>;
}

/** Lets the faults happen at their times. */
export function startStorm(options: StormOptions): Storm {
  const counts = new Map<string, number>();
  const foreign: PublishedEvent[] = [];
  const note = (kind: string) => counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const startedMs = performance.now();
  const all = options.plan.map(async ({ atMs, fault }) => {
    const waitMs = atMs - (performance.now() - startedMs);
    await delay(Math.max(0, waitMs), undefined, { signal: options.signal });
    note(describe(fault));
    await strike(options, fault, foreign, note);
  });
  return { counts, note, foreign, done: Promise.all(all).then(() => undefined) };
}

function describe(fault: Fault): string {
  if (fault.kind === "redis network" || fault.kind === "commit cut") return `${fault.kind}: ${fault.how}`;
  if (fault.kind === "operator") return `${fault.kind}: ${fault.act}`;
  return fault.kind === "kill redis" ? `${fault.kind}: ${fault.data}` : fault.kind;
}

const quiet = () => undefined;

async function strike(
  options: StormOptions,
  fault: Fault,
  foreign: PublishedEvent[],
  note: (kind: string) => void,
): Promise<void> {
  const { sites, servers, signal } = options;
  const site = "edge" in fault ? sites[fault.edge] : undefined;
  switch (fault.kind) {
    case "redis network":
      site?.proxy.set({ kind: fault.how, share: fault.share, ms: 1_500 });
      await delay(fault.forMs, undefined, { signal });
      return site?.proxy.set(null);
    case "postgres cut":
      return site?.access[fault.where].cut();
    case "postgres slow":
      site?.access.back.slow(fault.ms);
      await delay(fault.forMs, undefined, { signal });
      return site?.access.back.slow(0);
    case "commit cut":
      return site?.access.back.breakCommits(fault.how, fault.times);
    case "kill worker":
      return site?.edge.crash();
    case "freeze worker":
      return site?.edge.freeze(fault.forMs);
    case "kill redis":
      return servers.killRedis(fault.data, fault.downMs, fault.tailBytes);
    case "kill postgres":
      return servers.killPostgres(fault.downMs);
    case "overlapping ticks":
      // A tick that dies with its worker is a fault of its own.
      for (let tick = 0; tick < fault.ticks; tick += 1)
        for (const { edge } of sites) edge.tick().catch(quiet);
      return;
    case "janitor":
      return callJanitor(options, site, note);
    case "foreign writer":
      return writeForeign(options, fault.events, foreign);
    case "operator":
      if (site !== undefined) note(await operate(site.edge.url, fault, options));
      return;
    case "reshard":
      for (const { edge } of sites)
        await edge.redeploy({ BRAIN_SHARDS: String(options.shards + fault.more) });
      return;
    case "release":
      for (const { edge } of sites) await edge.redeploy({ CHAOS_RELEASE: "2" });
      return;
    case "flush redis":
      await options.redis.send([["FLUSHALL"]], plainReply).catch(quiet);
      return;
  }
}

export async function callJanitor(
  { apiKey, signal }: Pick<StormOptions, "apiKey" | "signal">,
  site: Site | undefined,
  note: (kind: string) => void,
): Promise<void> {
  if (site === undefined) return;
  try {
    const answer = await fetch(`${site.edge.url}/api/maintenance/janitor`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      body: "{}",
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    });
    note(`janitor answered ${answer.status}`);
  } catch {
    note("janitor without an answer");
  }
}

/** Not in the record, so Redis may lose it: applied once, or not at all. */
async function writeForeign(options: StormOptions, events: number, foreign: PublishedEvent[]): Promise<void> {
  const { random, redis, stream } = options;
  for (let written = 0; written < events; written += 1) {
    const id = random.uuid();
    const { input, fates } = heartbeatOf(id, `foreign-${foreign.length}`, 1, 0);
    foreign.push({ id, certainty: "maybe", fates });
    const fields = encodeEntry({
      ...input,
      payload: { ...input.payload } as never,
      target: null,
      timestamp: new Date().toISOString(),
      meta: { schema_version: 1, producer: "foreign", source_module: "agent_management" },
      mission_id: null,
      task_id: null,
      correlation_id: id,
      tenant_id: null,
      actor_id: null,
      severity: null,
    });
    const command = ["XADD", stream, "*", ...fields];
    await redis.send([command, command], plainReply).catch(quiet);
  }
}
