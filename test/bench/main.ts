import { cpus } from "node:os";
import { endWithUsage } from "../../tools/tool-options.ts";
import { benchAudit } from "./audit.ts";
import { benchBridge } from "./bridge.ts";
import { benchCold } from "./cold.ts";
import { startStack } from "./connect.ts";
import { benchConsole } from "./console.ts";
import { benchCpu } from "./cpu.ts";
import { type BenchEvent, batchBody, makers } from "./events.ts";
import { benchFlow } from "./flow.ts";
import { benchGrowth } from "./growth.ts";
import { drainFully, effectTimes, flood, inParallel, record, shortfall, untilRelayed } from "./load.ts";
import { benchModel } from "./model.ts";
import { benchOverload } from "./overload.ts";
import { benchPeers } from "./peers.ts";
import { percentiles, type Row, table } from "./report.ts";
import { benchRoundTrips } from "./round-trips.ts";
import { benchSeeds } from "./seeds.ts";
import { benchSoak } from "./soak.ts";
import { benchStress } from "./stress.ts";

/*
 * `npm run bench`: everything on this machine — load, workerd, gateways, Redis, PostgreSQL — so the figures say what a
 * small box does, and compare with each other in one run rather than with figures from elsewhere.
 */

/** The ones with a report of their own, and options. Each gives the exit code. */
const programs: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  seeds: benchSeeds,
  stress: benchStress,
  roundtrips: benchRoundTrips,
  cpu: benchCpu,
  flow: benchFlow,
  cold: benchCold,
  console: benchConsole,
  peers: benchPeers,
  bridge: benchBridge,
  audit: benchAudit,
  growth: benchGrowth,
  soak: benchSoak,
  model: benchModel,
  overload: benchOverload,
};

const only = process.argv.slice(2);
if (only[0]?.startsWith("-"))
  endWithUsage(
    `${only[0]} is not known.`,
    `usage: npm run bench [-- <name of a row> …], or one of ${Object.keys(programs).join(", ")}`,
  );
const program = programs[only[0] ?? ""];
if (program !== undefined) process.exit(await program(only.slice(1)));

const stack = await startStack("bench");
const { db, call, count } = stack;
const unsent = () => count("SELECT count(*) AS n FROM unsent_events");

async function ingestSingle(): Promise<Row> {
  const jobs = Array.from({ length: 2_000 }, (_, n) => {
    const body = JSON.stringify(makers.deleted(n));
    return () => call("/api/events", body);
  });
  const startedMs = performance.now();
  const times = await inParallel(jobs, 16);
  const seconds = (performance.now() - startedMs) / 1_000;
  await untilRelayed(stack);
  return {
    name: "ingest, one event a request, 16 at once",
    n: jobs.length,
    perSecond: jobs.length / seconds,
    ...percentiles(times),
    target: null,
  };
}

async function ingestBatch(): Promise<Row> {
  const size = 1_000;
  const bodies = Array.from({ length: 40 }, (_, batch) => batchBody(makers.deleted, size, batch * size));
  const startedMs = performance.now();
  const times = await inParallel(
    bodies.map((body) => () => call("/api/events/batch", body)),
    2,
  );
  await untilRelayed(stack);
  const seconds = (performance.now() - startedMs) / 1_000;
  const n = bodies.length * size;
  return {
    name: "ingest in batches of 1,000, committed and relayed",
    n,
    perSecond: n / seconds,
    ...percentiles(times),
    target: ">= 10,000/s",
  };
}

async function relayRate(): Promise<Row> {
  const n = 20_000;
  await record(stack, makers.deleted, n);
  const startedMs = performance.now();
  await call("/bench/relay");
  const seconds = (performance.now() - startedMs) / 1_000;
  if ((await unsent()) !== 0) throw new Error("the relay left events behind");
  return {
    name: "relay, batches of 1,000",
    n,
    perSecond: n / seconds,
    p50: null,
    p95: null,
    p99: null,
    target: null,
  };
}

async function drainRate(
  name: string,
  subscriber: string,
  make: (n: number) => BenchEvent,
  n: number,
  target: string,
): Promise<Row> {
  // The group must exist and stand behind everything older before the clock starts.
  await drainFully(stack, subscriber);
  await record(stack, make, n);
  await call("/bench/relay");
  await db.query("TRUNCATE bench_effects");
  const startedMs = performance.now();
  await drainFully(stack, subscriber);
  const seconds = (performance.now() - startedMs) / 1_000;
  const effects = await count("SELECT count(*) AS n FROM bench_effects");
  if (effects !== n) throw new Error(`${effects} effects of ${n} events`);
  return { name, n, perSecond: n / seconds, p50: null, p95: null, p99: null, target };
}

async function latencyAt200(): Promise<Row> {
  await drainFully(stack, "bench_latency");
  await db.query("TRUNCATE bench_effects");
  const result = await flood(stack, 2_000, 200);
  return {
    name: `request to effect, 200 events/s, ms${shortfall(result)}`,
    n: result.accepted.size,
    perSecond: null,
    ...percentiles(await effectTimes(stack, result)),
    target: "p50 <= 30 ms",
  };
}

async function publishOverhead(): Promise<Row[]> {
  const runs = 600;
  const plain: number[] = [];
  const withEvent: number[] = [];
  for (let i = 0; i < runs; i += 1) {
    plain.push(...(await inParallel([() => call("/bench/transaction?publish=0")], 1)));
    withEvent.push(...(await inParallel([() => call("/bench/transaction?publish=1")], 1)));
  }
  const a = percentiles(plain);
  const b = percentiles(withEvent);
  const difference = { p50: b.p50 - a.p50, p95: b.p95 - a.p95, p99: b.p99 - a.p99 };
  return [
    { name: "transaction with one insert, ms", n: runs, perSecond: null, ...a, target: null },
    { name: "the same with publish, ms", n: runs, perSecond: null, ...b, target: null },
    { name: "overhead of publish, ms", n: runs, perSecond: null, ...difference, target: "p50 <= 2 ms" },
  ];
}

const benches: readonly [string, () => Promise<Row | Row[]>][] = [
  ["single", ingestSingle],
  ["batch", ingestBatch],
  ["relay", relayRate],
  ["set", () => drainRate("drain, set-based handler", "bench_set", makers.viewed, 40_000, ">= 12,000/s")],
  [
    "each",
    () =>
      drainRate("drain, one insert per event, 4 lanes", "bench_each", makers.clicked, 10_000, ">= 2,500/s"),
  ],
  ["latency", latencyAt200],
  ["overhead", publishOverhead],
];

try {
  const [versions] = (await db.query("SELECT version() AS postgres")).rows;
  console.log(
    `node ${process.version}, ${String(versions.postgres).split(" on ")[0]}, ${cpus().length} x ${cpus()[0]?.model}`,
  );
  await inParallel(
    Array.from({ length: 50 }, (_, n) => () => call("/api/events", JSON.stringify(makers.deleted(n)))),
    4,
  );
  const rows: Row[] = [];
  for (const [name, bench] of benches) {
    if (only.length > 0 && !only.includes(name)) continue;
    const result = await bench();
    rows.push(...(Array.isArray(result) ? result : [result]));
    console.error(`  ${name} done`);
  }
  console.log(table(rows));
} finally {
  await stack.stop();
}
