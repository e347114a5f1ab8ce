import { setTimeout as delay } from "node:timers/promises";
import { createRedisConnection, type RedisConnection } from "../../workers/local/redis/connection.ts";
import { plainReply } from "../../workers/local/redis/resp.ts";
import { type Stack, startStack } from "./connect.ts";
import { batchBody, makers } from "./events.ts";
import { until } from "./load.ts";
import { usageOf } from "./processes.ts";
import { markdownTable, numberOptions, percentiles, short } from "./report.ts";
import { type Bad, isTrend, type Trend, trendOf } from "./trend.ts";
import { heldByWorkers } from "./worker-heaps.ts";

/*
 * `npm run bench soak`: the same load for a long time, with cron every minute, and what everything uses meanwhile. What
 * goes on using more per unit of work, or does less, is a trend. Tables that keep what comes are measured in bytes a row.
 */

/** Changes by less than this share of the mean in an hour are no trend. */
const tolerated = 0.05;
/** The first part of the time is not looked at: caches fill, Postgres vacuums for the first time. */
const warmUp = 0.25;
/** In a shorter run things that fill up look like things that grow: the lines are shown, and nothing follows from them. */
const judgedFromMinutes = 20;
const cronMs = 60_000;
/** A collection stops everything for some hundred ms, so it is seldom: so many in a run. */
const collections = 20;
const kept = ["events", "stream_entries", "processed_events"] as const;

/** What was seen at one time, by the name of the measure. */
type Sample = ReadonlyMap<string, number>;

interface Measure {
  readonly name: string;
  readonly unit: string;
  /** Null: told, and never a trend, because the load decides. */
  readonly bad: Bad | null;
}

const measures: readonly Measure[] = [
  { name: "accepted", unit: "events/s", bad: "down" },
  { name: "effects", unit: "events/s", bad: "down" },
  { name: "waiting", unit: "events", bad: "up" },
  { name: "answer, p50", unit: "ms", bad: "up" },
  { name: "answer, p99", unit: "ms", bad: "up" },
  { name: "both workers, held after a collection", unit: "MiB", bad: "up" },
  { name: "gateways, held after a collection", unit: "MiB", bad: "up" },
  // V8 collects when it has to, and gives back when it likes: what is resident says what is usual, and no leak.
  { name: "both workers (workerd), resident", unit: "MiB", bad: null },
  { name: "gateways, resident", unit: "MiB", bad: null },
  { name: "Redis", unit: "MiB", bad: "up" },
  { name: "file handles of workerd", unit: "", bad: "up" },
  { name: "file handles of the gateways", unit: "", bad: "up" },
  { name: "connections to Postgres", unit: "", bad: "up" },
  { name: "connections to Redis", unit: "", bad: "up" },
  { name: "entries on the stream", unit: "", bad: null },
  { name: "events, with indexes", unit: "bytes a row", bad: "up" },
  { name: "places on the stream, with indexes", unit: "bytes a row", bad: "up" },
  { name: "claims, with indexes", unit: "bytes a row", bad: "up" },
  { name: "all other tables but effects", unit: "MiB", bad: "up" },
  { name: "dead rows of events", unit: "% of rows", bad: "up" },
];

/**
 * @returns the exit code: 1 when something has a trend over 20 minutes or more, or an accepted event has not had its effect
 * once
 */
export async function benchSoak(args: readonly string[]): Promise<number> {
  const { minutes, rate } = numberOptions(args, { minutes: 60, rate: 200 });
  const stack = await startStack("bench", { inspected: true });
  const redis = createRedisConnection({ url: stack.info.redisUrl });
  try {
    const tables = await tablesOf(stack);
    const load = new Load(stack, rate);
    const samples: { readonly at: number; readonly of: Sample }[] = [];
    const intervalMs = Math.min(15_000, Math.max(2_000, (minutes * 60_000) / 240));
    const beginMs = performance.now();
    const endMs = beginMs + minutes * 60_000;
    const running = load.run(endMs);
    const ticking = tick(stack, endMs);
    let before = await look(stack, redis, load);
    let heldAtMs = beginMs;
    while (performance.now() < endMs) {
      await delay(Math.min(intervalMs, Math.max(0, endMs - performance.now())));
      const now = await look(stack, redis, load);
      const held = now.atMs >= heldAtMs ? await lookAtHeaps(stack) : [];
      if (held.length > 0) heldAtMs += (minutes * 60_000) / collections;
      samples.push({
        at: (now.atMs - beginMs) / 3_600_000,
        of: new Map([...sampleOf(before, now), ...held]),
      });
      before = now;
    }
    await Promise.all([running, ticking]);
    return await report(stack, { load, samples, minutes, tables });
  } finally {
    redis.close();
    await stack.stop();
  }
}

/** Half of the events come one by one, half in a batch each second. */
class Load {
  accepted = 0;
  refused = 0;
  /** Of requests with one event, ms; taken away by whoever looks. */
  answers: number[] = [];
  readonly #stack: Stack;
  readonly #half: number;

  constructor(stack: Stack, rate: number) {
    this.#stack = stack;
    this.#half = Math.max(1, Math.round(rate / 2));
  }

  async run(endMs: number): Promise<void> {
    const sent: Promise<void>[] = [];
    const beginMs = performance.now();
    for (let n = 0; performance.now() < endMs; n += 1) {
      if (n % this.#half === 0)
        sent.push(this.#send("/api/events/batch", batchBody(makers.viewed, this.#half, n), this.#half));
      sent.push(this.#send("/api/events", JSON.stringify(makers.bumped(n)), 1));
      if (sent.length > 10_000) sent.splice(0, 5_000);
      const wait = beginMs + ((n + 1) * 1_000) / this.#half - performance.now();
      if (wait > 0) await delay(wait);
    }
    await Promise.all(sent);
  }

  async #send(path: string, body: string, events: number): Promise<void> {
    const startedMs = performance.now();
    const { status } = await this.#stack.post(path, body).catch(() => ({ status: 0 }));
    if (status !== 202) {
      this.refused += events;
      return;
    }
    this.accepted += events;
    if (events === 1) this.answers.push(performance.now() - startedMs);
  }
}

/** Cron, as hosts call it. */
async function tick({ call }: Stack, endMs: number): Promise<void> {
  for (let nextMs = performance.now() + cronMs; nextMs < endMs; nextMs += cronMs) {
    await delay(Math.max(0, nextMs - performance.now()));
    await (await call("/bench/tick")).text();
  }
}

interface Look {
  readonly atMs: number;
  readonly accepted: number;
  readonly effects: number;
  readonly answers: readonly number[];
  /** Measures that are states, not rates. */
  readonly states: Sample;
}

const mib = 1_048_576;

async function look(stack: Stack, redis: RedisConnection, load: Load): Promise<Look> {
  const { db, pid } = stack;
  const answers = load.answers.splice(0);
  const [workerd, gateways, server, replies, tables, connections, effects] = await Promise.all([
    usageOf(pid, "workerd"),
    usageOf(pid, null),
    usageOf(pid, "redis-server"),
    redis.send(
      [
        ["INFO", "clients"],
        ["XLEN", "brain:events:stream"],
      ],
      plainReply,
    ),
    tablesOf(stack),
    db.query(
      "SELECT count(*)::integer AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    ),
    stack.count("SELECT n_tup_ins AS n FROM pg_stat_user_tables WHERE relname = 'bench_effects'"),
  ]);
  const clients = Number(/^connected_clients:(\d+)/m.exec(String(replies[0]))?.[1] ?? Number.NaN);
  const of = (name: string) => tables.find((table) => table.name === name);
  const others = tables.filter(
    ({ name }) => !(kept as readonly string[]).includes(name) && name !== "bench_effects",
  );
  const perRow = (name: string) => (of(name)?.bytes ?? 0) / Math.max(1, of(name)?.rows ?? 0);
  return {
    atMs: performance.now(),
    accepted: load.accepted,
    effects,
    answers,
    states: new Map([
      ["waiting", load.accepted - effects],
      ["both workers (workerd), resident", workerd.memory / mib],
      ["gateways, resident", gateways.memory / mib],
      ["Redis", server.memory / mib],
      ["file handles of workerd", workerd.handles],
      ["file handles of the gateways", gateways.handles],
      ["connections to Postgres", Number(connections.rows[0].n)],
      ["connections to Redis", clients],
      ["entries on the stream", Number(replies[1])],
      ["events, with indexes", perRow("events")],
      ["places on the stream, with indexes", perRow("stream_entries")],
      ["claims, with indexes", perRow("processed_events")],
      ["all other tables but effects", others.reduce((sum, { bytes }) => sum + bytes, 0) / mib],
      ["dead rows of events", (100 * (of("events")?.dead ?? 0)) / Math.max(1, of("events")?.rows ?? 0)],
    ]),
  };
}

/** What is in use and not merely not collected yet; what grows here is kept by somebody. */
async function lookAtHeaps(stack: Stack): Promise<readonly (readonly [string, number])[]> {
  const { heapUsed, arrayBuffers } = await stack.held();
  const { inspectorUrls } = stack.info;
  const workers = inspectorUrls.length === 0 ? Number.NaN : await heldByWorkers(inspectorUrls);
  return [
    ["gateways, held after a collection", (heapUsed + arrayBuffers) / mib],
    ["both workers, held after a collection", workers / mib],
  ];
}

interface TableState {
  readonly name: string;
  readonly bytes: number;
  readonly rows: number;
  readonly dead: number;
  readonly vacuums: number;
}

async function tablesOf({ db }: Stack): Promise<readonly TableState[]> {
  const { rows } = await db.query<TableState>(
    `SELECT relname AS name, pg_total_relation_size(relid)::float8 AS bytes, n_live_tup::float8 AS rows,
       n_dead_tup::float8 AS dead, autovacuum_count::float8 AS vacuums
     FROM pg_stat_user_tables WHERE schemaname = 'public' ORDER BY 2 DESC`,
  );
  return rows;
}

function sampleOf(before: Look, now: Look): Sample {
  const seconds = (now.atMs - before.atMs) / 1_000;
  const { p50, p99 } = percentiles(now.answers);
  return new Map([
    ...now.states,
    ["accepted", (now.accepted - before.accepted) / seconds],
    ["effects", (now.effects - before.effects) / seconds],
    ["answer, p50", p50],
    ["answer, p99", p99],
  ]);
}

interface Run {
  readonly load: Load;
  readonly samples: readonly { readonly at: number; readonly of: Sample }[];
  readonly minutes: number;
  /** As they were at the begin. */
  readonly tables: readonly TableState[];
}

async function report(stack: Stack, { load, samples, minutes, tables }: Run): Promise<number> {
  const wanted = load.accepted;
  await until(
    stack,
    "every accepted event has had its effect",
    async () => (await stack.count("SELECT count(*) AS n FROM bench_effects")) >= wanted,
    120_000,
  );
  const effects = await stack.count("SELECT count(*) AS n FROM bench_effects");
  const different = await stack.count("SELECT count(DISTINCT event_id) AS n FROM bench_effects");
  const settled = samples.slice(Math.floor(samples.length * warmUp));
  const found = measures.map((measure) => ({ measure, ...lineOf(measure, settled) }));
  console.log(
    markdownTable(
      ["what", "first", "last", "mean", "change in an hour", "trend"],
      found.map(({ cells }) => cells),
    ),
  );
  console.log(
    `\n${minutes} minutes; the line lies through the last ${Math.round((1 - warmUp) * 100)} % of them (± two standard errors). ${short(wanted)} events accepted, ${short(load.refused)} refused, ${short(effects)} effects of ${short(different)} events.`,
  );
  console.log(
    `\n${markdownTable(["table that grew", "MiB at first", "MiB at last", "rows", "dead rows", "autovacuums"], await tableLines(stack, tables))}`,
  );
  const whole = effects === wanted && different === wanted;
  return whole && (minutes < judgedFromMinutes || found.every(({ isBad }) => !isBad)) ? 0 : 1;
}

function lineOf(
  { name, unit, bad }: Measure,
  samples: readonly { readonly at: number; readonly of: Sample }[],
): { readonly cells: readonly string[]; readonly isBad: boolean } {
  const points = samples
    .map(({ at, of }) => ({ at, value: of.get(name) ?? Number.NaN }))
    .filter(({ value }) => !Number.isNaN(value));
  const label = unit === "" ? name : `${name}, ${unit}`;
  if (points.length < 3) return { cells: [label, "unknown", "", "", "", ""], isBad: false };
  const trend: Trend = trendOf(points);
  const isBad = bad !== null && isTrend(trend, bad, tolerated);
  const signed = `${trend.slope >= 0 ? "+" : ""}${short(trend.slope)} ± ${short(2 * trend.error)}`;
  const [first, last] = [points[0]?.value ?? Number.NaN, points.at(-1)?.value ?? Number.NaN];
  return {
    cells: [label, short(first), short(last), short(trend.mean), signed, isBad ? "TREND" : "none"],
    isBad,
  };
}

async function tableLines(stack: Stack, before: readonly TableState[]): Promise<string[][]> {
  const first = new Map(before.map(({ name, bytes }) => [name, bytes]));
  const grown = (await tablesOf(stack)).filter(({ name, bytes }) => bytes > (first.get(name) ?? 0));
  return grown.map(({ name, bytes, rows, dead, vacuums }) => [
    name,
    ((first.get(name) ?? 0) / mib).toFixed(2),
    (bytes / mib).toFixed(2),
    ...[rows, dead, vacuums].map(short),
  ]);
}
