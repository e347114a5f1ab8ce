import type pg from "pg";
import type { Stack } from "./connect.ts";
import { type BenchEvent, batchBody, makers } from "./events.ts";
import { drainFully, effectTimes, flood, inParallel, record, untilRelayed } from "./load.ts";
import type { Peer } from "./peer-process.ts";
import { ownCpuMs, usageOf } from "./processes.ts";
import { percentiles } from "./report.ts";

/** One round of one side: what it reached. */

export interface Sizes {
  readonly events: number;
  readonly singles: number;
  readonly flight: number;
  /** Of the load at 200 events/s. */
  readonly seconds: number;
}

/** Processor time of each process, ms. */
export interface Cpu {
  readonly worker: number;
  readonly gateways: number;
  readonly redis: number;
  readonly postgres: number;
}

export interface Drain {
  readonly perSecond: number;
  /** Per 1,000 events. */
  readonly cpu: Cpu;
}

/** Ms. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

export interface Round {
  /** Per second. */
  readonly oneByOne: number;
  readonly inFlight: number;
  readonly bulk: number;
  /** By the way in which handlers are written; a peer has one way. */
  readonly drains: Readonly<Record<string, Drain>>;
  /** From the request to the effect at a steady rate, by the same ways. */
  readonly flows: Readonly<Record<string, Latency>>;
  /** What was lost, doubled or refused, in words. */
  readonly faults: readonly string[];
}

const bulkSize = 1_000;
const width = 32;
const pacePerSecond = 200;

async function cpuOf(
  stack: Stack,
  worker: () => Promise<number>,
  gateways: () => Promise<number>,
): Promise<Cpu> {
  const [redis, postgres] = await Promise.all([
    usageOf(stack.pid, "redis-server"),
    usageOf(stack.pid, "postgres"),
  ]);
  return {
    worker: await worker(),
    gateways: await gateways(),
    redis: redis.cpuMs,
    postgres: postgres.cpuMs,
  };
}

/**
 * What a drain of `n` costs and how fast it is; `drain` gives its time, ms. Postgres does before it what autovacuum would
 * else do in the middle of one drain or another, for what was published just before.
 */
async function measureDrain(
  db: pg.Pool,
  n: number,
  cpu: () => Promise<Cpu>,
  drain: () => Promise<number>,
): Promise<Drain> {
  await db.query("VACUUM ANALYZE");
  const before = await cpu();
  const ms = await drain();
  const after = await cpu();
  const cost = (process: keyof Cpu) => ((after[process] - before[process]) * 1_000) / n;
  return {
    perSecond: (n * 1_000) / ms,
    cpu: {
      worker: cost("worker"),
      gateways: cost("gateways"),
      redis: cost("redis"),
      postgres: cost("postgres"),
    },
  };
}

interface Counted {
  readonly effects: number;
  readonly different: number;
  readonly claims: number;
}

function faultsOf(what: string, wanted: number, { effects, different, claims }: Counted): string[] {
  const faults: string[] = [];
  if (different < wanted) faults.push(`${what}: ${wanted - different} of ${wanted} LOST`);
  if (effects > different) faults.push(`${what}: ${effects - different} DOUBLED`);
  if (claims !== different) faults.push(`${what}: ${claims} claims of ${different} effects`);
  return faults;
}

async function countPeer(db: pg.Pool): Promise<Counted> {
  const { rows } = await db.query(`
    SELECT count(*)::int AS effects, count(DISTINCT event_id)::int AS different,
      (SELECT count(*)::int FROM peer_processed) AS claims
    FROM peer_effects`);
  return rows[0] as Counted;
}

export async function warmUpPeer(peer: Peer): Promise<void> {
  await peer.clear();
  await peer.publish(200, 8);
  await peer.publishBulk(2_000, bulkSize);
  await peer.drain(2_200);
  await peer.clear();
}

export async function measurePeer(stack: Stack, db: pg.Pool, peer: Peer, sizes: Sizes): Promise<Round> {
  const { events, singles, flight, seconds } = sizes;
  await peer.clear();
  const oneByOneMs = await peer.publish(singles, 1);
  const inFlightMs = await peer.publish(flight, width);
  await peer.clear();
  const bulkMs = await peer.publishBulk(events, bulkSize);
  const cpu = () =>
    cpuOf(
      stack,
      () => ownCpuMs(peer.pid),
      () => Promise.resolve(0),
    );
  const drain = await measureDrain(db, events, cpu, () => peer.drain(events));
  const faults = faultsOf("drain", events, await countPeer(db));
  await peer.clear();
  const paced = pacePerSecond * seconds;
  const sent = await peer.paced(paced, pacePerSecond);
  faults.push(...faultsOf("at 200/s", paced, await countPeer(db)));
  const { rows } = await db.query("SELECT event_id, extract(epoch FROM at) * 1000 AS at FROM peer_effects");
  const at = new Map(rows.map((row) => [row.event_id as string, Number(row.at)]));
  const { p50, p99 } = percentiles(sent.map(([id, sentAt]) => (at.get(id) ?? Number.NaN) - sentAt));
  await peer.clear();
  return {
    oneByOne: (singles * 1_000) / oneByOneMs,
    inFlight: (flight * 1_000) / inFlightMs,
    bulk: (events * 1_000) / bulkMs,
    drains: { own: drain },
    flows: { own: { p50, p99 } },
    faults,
  };
}

/** The ways in which our handlers are written: consumer, and which event it gets. */
const ourDrains: Readonly<
  Record<string, { readonly subscriber: string; readonly make: (n: number) => BenchEvent }>
> = {
  "set-based": { subscriber: "bench_set", make: makers.viewed },
  "one insert per event": { subscriber: "bench_each", make: makers.clicked },
  onSqlBatch: { subscriber: "bench_sql_batch", make: makers.niche },
  "onSql, one insert per event": { subscriber: "bench_sql", make: makers.unpublished },
};

/** The same of those that get events one by one. */
const ourFlows: typeof ourDrains = {
  "one insert per event": { subscriber: "bench_latency", make: makers.bumped },
  onSql: { subscriber: "bench_sql", make: makers.unpublished },
};

async function publishOurs(stack: Stack, n: number, atOnce: number): Promise<number> {
  const bodies = Array.from({ length: n }, (_, i) => JSON.stringify(makers.deleted(i)));
  const startedMs = performance.now();
  await inParallel(
    bodies.map((body) => () => mustAccept(stack, "/api/events", body)),
    atOnce,
  );
  return performance.now() - startedMs;
}

async function mustAccept(stack: Stack, path: string, body: string): Promise<void> {
  const { status } = await stack.post(path, body);
  if (status >= 300) throw new Error(`${path} answered ${status}`);
}

async function publishOursInBulk(stack: Stack, n: number): Promise<number> {
  const bodies = Array.from({ length: Math.ceil(n / bulkSize) }, (_, batch) =>
    batchBody(makers.deleted, bulkSize, batch * bulkSize),
  );
  const startedMs = performance.now();
  await inParallel(
    bodies.map((body) => () => mustAccept(stack, "/api/events/batch", body)),
    2,
  );
  await untilRelayed(stack);
  return performance.now() - startedMs;
}

async function drainOurs(stack: Stack, name: string, n: number): Promise<{ drain: Drain; faults: string[] }> {
  const { subscriber, make } = ourDrains[name] ?? { subscriber: "", make: makers.viewed };
  // The group must exist and stand behind everything older before the clock starts.
  await drainFully(stack, subscriber);
  await record(stack, make, n);
  await (await stack.call("/bench/relay")).text();
  await stack.db.query("TRUNCATE bench_effects");
  const cpu = () =>
    cpuOf(
      stack,
      async () => (await usageOf(stack.pid, "workerd")).cpuMs,
      () => ownCpuMs(stack.pid),
    );
  const drain = await measureDrain(stack.db, n, cpu, async () => {
    const startedMs = performance.now();
    await drainFully(stack, subscriber);
    return performance.now() - startedMs;
  });
  return { drain, faults: faultsOf(`drain, ${name}`, n, await countOurs(stack, subscriber)) };
}

async function countOurs({ db }: Stack, subscriber: string): Promise<Counted> {
  const { rows } = await db.query(
    `SELECT count(*)::int AS effects, count(DISTINCT event_id)::int AS different,
       (SELECT count(*)::int FROM processed_events
        WHERE subscriber_name = $1 AND event_id::text IN (SELECT event_id::text FROM bench_effects)) AS claims
     FROM bench_effects`,
    [subscriber],
  );
  return rows[0] as Counted;
}

export async function warmUpOurs(stack: Stack): Promise<void> {
  await publishOurs(stack, 300, 8);
  await publishOursInBulk(stack, 5_000);
  for (const name of Object.keys(ourDrains)) await drainOurs(stack, name, 2_000);
  await drainFully(stack, "bench_latency");
  await effectTimes(stack, await flood(stack, 100, 50));
}

export async function measureOurs(stack: Stack, sizes: Sizes): Promise<Round> {
  const { events, singles, flight, seconds } = sizes;
  const oneByOneMs = await publishOurs(stack, singles, 1);
  const inFlightMs = await publishOurs(stack, flight, width);
  await untilRelayed(stack);
  const bulkMs = await publishOursInBulk(stack, events);
  const drains: Record<string, Drain> = {};
  const faults: string[] = [];
  for (const name of Object.keys(ourDrains)) {
    const result = await drainOurs(stack, name, events);
    drains[name] = result.drain;
    faults.push(...result.faults);
  }
  const flows: Record<string, Latency> = {};
  for (const [way, { subscriber, make }] of Object.entries(ourFlows)) {
    const flow = await measureFlow(stack, subscriber, make, seconds);
    flows[way] = flow.latency;
    faults.push(...flow.faults);
  }
  return {
    oneByOne: (singles * 1_000) / oneByOneMs,
    inFlight: (flight * 1_000) / inFlightMs,
    bulk: (events * 1_000) / bulkMs,
    drains,
    flows,
    faults,
  };
}

async function measureFlow(
  stack: Stack,
  subscriber: string,
  make: (n: number) => BenchEvent,
  seconds: number,
): Promise<{ readonly latency: Latency; readonly faults: readonly string[] }> {
  // Its queue is as empty as those of the peers: it has read past what the drains before were for.
  await drainFully(stack, subscriber);
  await stack.db.query("TRUNCATE bench_effects");
  const result = await flood(stack, pacePerSecond * seconds, pacePerSecond, make);
  const { p50, p99 } = percentiles(await effectTimes(stack, result));
  const faults = faultsOf("at 200/s", result.accepted.size, await countOurs(stack, subscriber));
  const without = result.refused.size + result.failed;
  if (without > 0) faults.push(`at 200/s: ${without} NOT ACCEPTED`);
  return { latency: { p50, p99 }, faults };
}
