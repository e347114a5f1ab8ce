import { randomUUID } from "node:crypto";
import { cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { startStack } from "./connect.ts";
import { percentiles, type Row, table } from "./report.ts";
import { benchRoundTrips } from "./round-trips.ts";
import { benchSeeds } from "./seeds.ts";
import { benchStress } from "./stress.ts";

/*
 * `npm run bench`: everything on this machine — load, workerd, gateways, Redis, PostgreSQL — so the figures say what a
 * small box does, and compare with each other in one run rather than with figures from elsewhere.
 */

const only = process.argv.slice(2);
if (only[0] === "seeds") process.exit(await benchSeeds(only.slice(1)));
if (only[0] === "stress") process.exit(await benchStress(only.slice(1)));
if (only[0] === "roundtrips") process.exit(await benchRoundTrips());

const { info, db, call, stop } = await startStack("bench");
const headers = { authorization: `Bearer ${info.apiKey}`, "content-type": "application/json" };

const distribution = (n: number) => ({
  distribution_id: `dist_${n.toString(16).padStart(16, "0")}`,
  slug: `bench-course-${n}`,
});
const at = () => new Date().toISOString();
const makers = {
  viewed: (n: number) => ({
    type: "distribution.viewed",
    source: "bench",
    payload: { ...distribution(n % 100), view_count: n, viewed_at: at(), referrer_category: null },
  }),
  clicked: (n: number) => ({
    type: "distribution.enrollment_clicked",
    source: "bench",
    payload: { ...distribution(n % 100), enrollment_count: n, clicked_at: at(), cta_type: "primary_button" },
  }),
  bumped: (n: number) => ({
    type: "distribution.version_bumped",
    source: "bench",
    payload: {
      ...distribution(n % 100),
      old_version: "v1",
      new_version: "v2",
      bumped_at: at(),
      changelog: null,
    },
  }),
  /** Nobody consumes it: ingest and relay alone. */
  deleted: (n: number) => ({
    type: "distribution.deleted",
    source: "bench",
    payload: { ...distribution(n % 100), course_id: randomUUID(), deleted_at: at(), deleted_by: null },
  }),
};

/** Runs `jobs` with at most `width` under way; the time of each, ms. */
async function inParallel(jobs: readonly (() => Promise<unknown>)[], width: number): Promise<number[]> {
  const times: number[] = [];
  let next = 0;
  const lane = async () => {
    while (next < jobs.length) {
      const job = jobs[next];
      next += 1;
      const startedMs = performance.now();
      await job?.();
      times.push(performance.now() - startedMs);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return times;
}

async function until(what: string, check: () => Promise<boolean>, limitMs = 30_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await check())) {
    if (performance.now() > endMs) {
      const state = await (await call("/api/events/stats")).text();
      throw new Error(
        `timed out waiting until ${what}; ${await count("SELECT count(*) AS n FROM bench_effects")} effects; ${state}`,
      );
    }
    await delay(5);
  }
}
const count = async (statement: string) => Number((await db.query(statement)).rows[0].n);
const unsent = () => count("SELECT count(*) AS n FROM events WHERE sent_at IS NULL");

async function ingestSingle(): Promise<Row> {
  const jobs = Array.from({ length: 2_000 }, (_, n) => {
    const body = JSON.stringify(makers.deleted(n));
    return () => call("/api/events", body);
  });
  const startedMs = performance.now();
  const times = await inParallel(jobs, 16);
  const seconds = (performance.now() - startedMs) / 1_000;
  await until("all is relayed", async () => (await unsent()) === 0);
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
  const bodies = Array.from({ length: 40 }, (_, batch) =>
    JSON.stringify(Array.from({ length: size }, (_, n) => makers.deleted(batch * size + n))),
  );
  const startedMs = performance.now();
  const times = await inParallel(
    bodies.map((body) => () => call("/api/events/batch", body)),
    2,
  );
  await until("all is relayed", async () => (await unsent()) === 0);
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

/** Fills the record without the relay, the way a transaction of somebody else would. */
async function record(make: (n: number) => { type: string; payload: object }, n: number): Promise<void> {
  const sample = make(0);
  await db.query(
    `INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at, key)
     SELECT gen_random_uuid(), $1, 'bench', 1, 'bench', 'course_distribution',
       '{"schema_version":1,"producer":"bench","source_module":"course_distribution"}',
       $2::jsonb || jsonb_build_object('distribution_id', 'dist_' || lpad(to_hex(i % 100), 16, '0')), now(),
       'dist_' || lpad(to_hex(i % 100), 16, '0')
     FROM generate_series(1, $3::integer) AS i`,
    [sample.type, JSON.stringify(sample.payload), n],
  );
}

async function relayRate(): Promise<Row> {
  const n = 20_000;
  await record(makers.deleted, n);
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
  make: (n: number) => { type: string; payload: object },
  n: number,
  target: string,
): Promise<Row> {
  // The group must exist and stand behind everything older before the clock starts.
  await drainFully(subscriber);
  await record(make, n);
  await call("/bench/relay");
  await db.query("TRUNCATE bench_effects");
  const startedMs = performance.now();
  await drainFully(subscriber);
  const seconds = (performance.now() - startedMs) / 1_000;
  const effects = await count("SELECT count(*) AS n FROM bench_effects");
  if (effects !== n) throw new Error(`${effects} effects of ${n} events`);
  return { name, n, perSecond: n / seconds, p50: null, p95: null, p99: null, target };
}

async function drainFully(subscriber: string): Promise<void> {
  for (let more = true; more; ) {
    const result = (await (await call(`/bench/drain?subscriber=${subscriber}`)).json()) as {
      more: boolean;
      stopped: string | null;
    };
    if (result.stopped !== null) throw new Error(result.stopped);
    more = result.more;
  }
}

/** What became of requests that were sent at their times, whatever became of those before. */
interface Flood {
  /** Unix ms at which each accepted event was sent, by id. */
  readonly accepted: ReadonlyMap<string, number>;
  /** Times of the answers, ms. */
  readonly answered: readonly number[];
  readonly refused: readonly number[];
  /** Without an answer: reset, or nobody took the connection. */
  readonly failed: number;
}

/** Sends `n` events at `perSecond`, on time also when the answers are not. */
async function flood(n: number, perSecond: number): Promise<Flood> {
  const accepted = new Map<string, number>();
  const answered: number[] = [];
  const refused: number[] = [];
  let failed = 0;
  const send = async (i: number) => {
    const id = randomUUID();
    const [sentAt, startedMs] = [Date.now(), performance.now()];
    const body = JSON.stringify({ ...makers.bumped(i), id });
    try {
      const { status } = await post("/api/events", body);
      const tookMs = performance.now() - startedMs;
      if (status === 503) refused.push(tookMs);
      else if (status === 202) {
        answered.push(tookMs);
        accepted.set(id, sentAt);
      } else throw new Error(`/api/events answered ${status}`);
    } catch {
      failed += 1;
    }
  };
  const sent: Promise<void>[] = [];
  const beginMs = performance.now();
  for (let i = 0; i < n; i += 1) {
    const wait = beginMs + (i * 1_000) / perSecond - performance.now();
    if (wait > 0) await delay(wait);
    sent.push(send(i));
  }
  await Promise.all(sent);
  return { accepted, answered, refused, failed };
}

async function post(path: string, body: string): Promise<{ readonly status: number }> {
  const response = await fetch(`${info.url}${path}`, { method: "POST", headers, body });
  await response.text();
  return { status: response.status };
}

/** Times from the request to the effect, ms. Every accepted event must have its effect, and only once. */
async function effectTimes({ accepted }: Flood): Promise<number[]> {
  const seen = async () =>
    (await db.query("SELECT event_id, extract(epoch FROM at) * 1000 AS at FROM bench_effects")).rows;
  await until("all effects are there", async () => {
    const ids = new Set((await seen()).map((row) => row.event_id));
    return [...accepted.keys()].every((id) => ids.has(id));
  });
  const rows = await seen();
  if (new Set(rows.map((row) => row.event_id)).size !== rows.length) throw new Error("an effect came twice");
  return rows.flatMap((row) => {
    const sentAt = accepted.get(row.event_id);
    return sentAt === undefined ? [] : [Number(row.at) - sentAt];
  });
}

/** What happened to those that were not accepted; nothing when all were. */
function shortfall({ refused, failed }: Flood): string {
  if (refused.length + failed === 0) return "";
  return `; OVERLOADED: ${refused.length} refused, ${failed} without an answer`;
}

async function latencyAt200(): Promise<Row> {
  await drainFully("bench_latency");
  await db.query("TRUNCATE bench_effects");
  const result = await flood(2_000, 200);
  return {
    name: `request to effect, 200 events/s, ms${shortfall(result)}`,
    n: result.accepted.size,
    perSecond: null,
    ...percentiles(await effectTimes(result)),
    target: "p50 <= 30 ms",
  };
}

/** Twice as much as it can take, beside half of it. */
async function overload(): Promise<Row[]> {
  await drainFully("bench_latency");
  await db.query("TRUNCATE bench_effects");
  const jobs = Array.from(
    { length: 1_000 },
    (_, n) => () => call("/api/events", JSON.stringify(makers.deleted(n))),
  );
  const startedMs = performance.now();
  await inParallel(jobs, 16);
  const capacity = Math.round((1_000 * jobs.length) / (performance.now() - startedMs));
  await until("all is relayed", async () => (await unsent()) === 0);
  const rows: Row[] = [];
  for (const share of [0.5, 2]) {
    await db.query("TRUNCATE bench_effects");
    const perSecond = Math.round(capacity * share);
    const result = await flood(perSecond * 10, perSecond);
    const what = `${share} x the rate it can take (${perSecond}/s)`;
    const row = (name: string, times: readonly number[]): Row => ({
      name: `${what}: ${name}`,
      n: times.length,
      perSecond: null,
      ...percentiles(times),
      target: null,
    });
    rows.push(row(`accepted, ms${shortfall(result)}`, result.answered));
    if (result.refused.length > 0) rows.push(row("refused, ms", result.refused));
    rows.push(row("request to effect, ms", await effectTimes(result)));
  }
  return rows;
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
  ["overload", overload],
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
  await stop();
}
