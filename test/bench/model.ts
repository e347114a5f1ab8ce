import { latencyOf, serversOf } from "../../src/cli/model/capacity.ts";
import { pathCosts } from "../../src/cli/model/counts.ts";
import { measured } from "../../src/cli/model/measured.ts";
import { capacityPerSecond } from "../../src/cli/model/queueing.ts";
import { createRedisConnection } from "../../workers/local/redis/connection.ts";
import { plainReply } from "../../workers/local/redis/resp.ts";
import { type Stack, startStack } from "./connect.ts";
import { type BenchEvent, batchBody, makers } from "./events.ts";
import { drainFully, effectTimes, flood, inParallel, record, until, untilRelayed } from "./load.ts";
import { usageOf } from "./processes.ts";
import { numberOptions, percentiles } from "./report.ts";

/*
 * `npm run bench model`: measures one shard on this machine — the numbers of `src/cli/model/measured.ts`, which it prints
 * anew — and compares what the load model says of it with what it does. Linux only: processor times are those of `/proc`.
 */

/** Of one event, ms. */
interface Costs {
  readonly worker: number;
  readonly postgres: number;
  readonly wall: number;
}

/** @returns the exit code */
export async function benchModel(args: readonly string[]): Promise<number> {
  const options = numberOptions(args, { events: 20_000, singles: 300 });
  const stack = await startStack("bench");
  try {
    const seen = await measureShard(stack, options);
    console.log(blockOf(seen));
    console.log(comparisonOf(seen));
    return 0;
  } finally {
    await stack.stop();
  }
}

async function costsOf(stack: Stack, events: number, work: () => Promise<unknown>): Promise<Costs> {
  const read = async () => ({
    worker: (await usageOf(stack.pid, "workerd")).cpuMs,
    postgres: (await usageOf(stack.pid, "postgres")).cpuMs,
  });
  const before = await read();
  const startedMs = performance.now();
  await work();
  const wall = (performance.now() - startedMs) / events;
  const after = await read();
  return {
    worker: (after.worker - before.worker) / events,
    postgres: (after.postgres - before.postgres) / events,
    wall,
  };
}

type Seen = Awaited<ReturnType<typeof measureShard>>;

async function measureShard(
  stack: Stack,
  { events, singles }: { readonly events: number; readonly singles: number },
) {
  const effects = () => stack.count("SELECT count(*) AS n FROM bench_effects");
  const one = (make: (n: number) => BenchEvent, n: number) =>
    stack.post("/api/events", JSON.stringify(make(n)));
  const batches = async (make: (n: number) => BenchEvent) => {
    const bodies = Array.from({ length: events / 1_000 }, (_, n) => batchBody(make, 1_000, n * 1_000));
    await inParallel(
      bodies.map((body) => () => stack.post("/api/events/batch", body)),
      1,
    );
    await untilRelayed(stack);
  };
  const singly = async (make: (n: number) => BenchEvent) => {
    for (let n = 0; n < singles; n += 1) await one(make, n);
    await untilRelayed(stack);
  };
  for (const subscriber of ["bench_set", "bench_each", "bench_latency"]) await drainFully(stack, subscriber);
  await inParallel(
    Array.from({ length: 50 }, (_, n) => () => one(makers.bumped, n)),
    2,
  );
  await until(stack, "the first effects are there", async () => (await effects()) === 50);

  // A transaction of one statement: open, begin with the statement, commit.
  const transaction: number[] = [];
  for (let n = 0; n < 60; n += 1) {
    const startedMs = performance.now();
    await (await stack.call("/bench/transaction?publish=0")).text();
    transaction.push(performance.now() - startedMs);
  }
  const callMs = percentiles(transaction).p50 / 3;

  const publishAlone = await costsOf(stack, singles, () => singly(makers.deleted));
  const before = await effects();
  const alone = await costsOf(stack, singles, async () => {
    await singly(makers.bumped);
    await until(stack, "each has its effect", async () => (await effects()) === before + singles);
  });
  const publishTogether = await costsOf(stack, events, () => batches(makers.deleted));
  await record(stack, makers.viewed, events);
  const relay = await costsOf(stack, events, () => stack.call("/bench/relay"));
  const drain = await costsOf(stack, events, () => drainFully(stack, "bench_set"));
  const latencies: { readonly perSecond: number; readonly p50: number; readonly p99: number }[] = [];
  // It reads past what others were for, before times count.
  await drainFully(stack, "bench_latency");
  for (const perSecond of [10, 30, 60]) {
    await stack.db.query("TRUNCATE bench_effects");
    const times = percentiles(await effectTimes(stack, await flood(stack, perSecond * 10, perSecond)));
    latencies.push({ perSecond, ...times });
  }
  return {
    callMs,
    publishAlone,
    alone,
    publishTogether,
    relay,
    drain,
    latencies,
    bytes: await bytesOf(stack),
  };
}

/** Bytes of a row with its indexes, and of a stream entry. */
async function bytesOf(stack: Stack) {
  const perRow = (table: string) =>
    stack.count(`SELECT pg_total_relation_size('${table}') / (SELECT count(*) FROM ${table}) AS n`);
  const redis = createRedisConnection({ url: stack.info.redisUrl });
  try {
    const stream = "brain:events:stream";
    const [bytes, length] = await redis.send(
      [
        ["MEMORY", "USAGE", stream, "SAMPLES", "0"],
        ["XLEN", stream],
      ],
      plainReply,
    );
    return {
      eventRow: await perRow("events"),
      claimRow: await perRow("processed_events"),
      streamEntry: Math.round(Number(bytes) / Number(length)),
    };
  } finally {
    redis.close();
  }
}

const positive = (value: number) => Math.max(0.001, value);
const pair = (of: Pick<Costs, "worker" | "postgres">) =>
  `{ worker: ${positive(of.worker).toPrecision(2)}, postgres: ${positive(of.postgres).toPrecision(2)} }`;
const difference = (a: Costs, b: Costs) => ({
  worker: a.worker - b.worker,
  postgres: a.postgres - b.postgres,
});

/** What belongs into `measured.ts`. */
function blockOf({ publishAlone, alone, publishTogether, relay, drain, bytes }: Seen): string {
  return [
    "src/cli/model/measured.ts:",
    `  on: "${new Date().toISOString().slice(0, 10)}",`,
    `  alone: { publish: ${pair(publishAlone)}, handle: ${pair(difference(alone, publishAlone))} },`,
    `  together: { publish: ${pair(publishTogether)}, handle: ${pair(drain)} },`,
    `  wall: { relay: ${positive(relay.wall).toPrecision(2)}, drain: ${positive(drain.wall).toPrecision(2)} },`,
    `  bytes: { eventRow: ${Math.round(bytes.eventRow)}, claimRow: ${Math.round(bytes.claimRow)}, streamEntry: ${bytes.streamEntry} },`,
    "",
  ].join("\n");
}

/** The model with the numbers of `measured.ts` and the time of a call here, beside what was seen. */
function comparisonOf({ callMs, relay, drain, latencies }: Seen): string {
  const servers = serversOf(callMs);
  const line = (what: string, model: number, seen: number, unit: string) =>
    `${what.padEnd(34)} model ${model.toFixed(0).padStart(7)} ${unit}   measured ${seen.toFixed(0).padStart(7)} ${unit}   measured/model ${(seen / model).toFixed(2)}`;
  return [
    `a call takes ${callMs.toFixed(2)} ms here; ${pathCosts.effectOfOneStatement.toEffect} of them from commit to effect; numbers of ${measured.on}`,
    line("relay, full batches", capacityPerSecond(servers.relay), 1_000 / relay.wall, "/s"),
    line("drain of a set, full batches", capacityPerSecond(servers.drain), 1_000 / drain.wall, "/s"),
    ...latencies.flatMap(({ perSecond, p50, p99 }) => {
      const model = latencyOf(perSecond, servers, 20_000);
      // From the request, not from the commit: the request comes before it.
      const request = pathCosts.publish.chain * callMs + measured.alone.publish.worker / 2;
      return [
        line(`request to effect at ${perSecond}/s, p50`, request + model.p50, p50, "ms"),
        line(`request to effect at ${perSecond}/s, p99`, request + model.p99, p99, "ms"),
      ];
    }),
  ].join("\n");
}
