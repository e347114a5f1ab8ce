import { setTimeout as delay } from "node:timers/promises";
import { createRedisConnection } from "../../workers/local/redis/connection.ts";
import { plainReply } from "../../workers/local/redis/resp.ts";
import { type Stack, startStack } from "./connect.ts";
import { batchBody, makers } from "./events.ts";
import { drainFully } from "./load.ts";
import { usageOf } from "./processes.ts";
import { type Check, checkLines, numberOptions } from "./report.ts";

/*
 * `npm run bench stress`: 10,000 events a second for 60 s, ingested, relayed and applied by a set-based consumer; then
 * what 1,000 small consumers cost, each of which gets every event. The two are apart, because together they would be ten
 * million deliveries a second.
 */

const batchSize = 1_000;
/** Requests under way at most: who waits for more has met the limit of the machine. */
const width = 4;

/** @returns the exit code: 1 when the rate was not reached, or something is missing */
export async function benchStress(args: readonly string[]): Promise<number> {
  const options = numberOptions(args, { rate: 10_000, seconds: 60, consumers: 1_000, events: 100 });
  const checks: Check[] = [];
  const flood = await startStack("bench");
  try {
    checks.push(...(await measureRate(flood, options)));
  } finally {
    await flood.stop();
  }
  const crowd = await startStack("bench", { consumers: options.consumers });
  try {
    checks.push(await measureConsumers(crowd, options));
  } finally {
    await crowd.stop();
  }
  console.log(checkLines(checks));
  return checks.every(({ holds }) => holds) ? 0 : 1;
}

const whole = (value: number) => Math.round(value).toLocaleString("en-US");

async function measureRate(
  stack: Stack,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<Check[]> {
  await drainFully(stack, "bench_set");
  const batches = Math.ceil((rate * seconds) / batchSize);
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1_000;
  let next = 0;
  const lane = async () => {
    while (next < batches) {
      const batch = next;
      next += 1;
      const wait = startedMs + (batch * batchSize * 1_000) / rate - performance.now();
      if (wait > 0) await delay(wait);
      // What cannot be sent in the time is not sent: the rate that was reached is told.
      if (performance.now() > endMs) return false;
      await (
        await stack.call("/api/events/batch", batchBody(makers.viewed, batchSize, batch * batchSize))
      ).text();
      accepted += batchSize;
    }
    return true;
  };
  let accepted = 0;
  await Promise.all(Array.from({ length: width }, lane));
  const sentSeconds = Math.max(seconds, (performance.now() - startedMs) / 1_000);
  const applied = () => stack.count("SELECT count(*) AS n FROM bench_effects");
  const appliedAtEnd = await applied();
  // A minute for each that was sent, and no more: it may be far behind.
  const limitMs = performance.now() + Math.max(60_000, 2_000 * seconds);
  let done = appliedAtEnd;
  while (done < accepted && performance.now() < limitMs) {
    await drainFully(stack, "bench_set");
    await (await stack.call("/bench/relay")).text();
    done = await applied();
  }
  const allSeconds = (performance.now() - startedMs) / 1_000;
  const workerd = await usageOf(stack.pid, "workerd");
  return [
    {
      what: `events accepted and recorded over ${seconds} s`,
      measured: `${whole(accepted / sentSeconds)}/s (${whole(accepted)} events; ${((1_000 * workerd.cpuMs) / accepted).toFixed(0)} µs of workerd each, to the effect)`,
      demanded: `>= ${whole(rate)}/s`,
      // The last batch begins in the last instant.
      holds: accepted / sentSeconds >= rate * 0.99,
    },
    {
      what: "all of them applied, each once",
      measured: `${whole(done)} effects after ${allSeconds.toFixed(1)} s, ${whole(done / allSeconds)}/s; ${whole(accepted - appliedAtEnd)} were open when the last was sent`,
      demanded: `${whole(accepted)} effects`,
      holds: done === accepted,
    },
  ];
}

/** Commands that Redis has processed, also those inside of scripts, and its memory, bytes. */
async function redisUsage(url: string): Promise<{ readonly commands: number; readonly memory: number }> {
  const connection = createRedisConnection({ url });
  try {
    const [reply] = await connection.send([["INFO", "everything"]], plainReply);
    const of = (name: string) =>
      Number(new RegExp(`^${name}:(\\d+)`, "m").exec(String(reply))?.[1] ?? Number.NaN);
    return { commands: of("total_commands_processed"), memory: of("used_memory") };
  } finally {
    connection.close();
  }
}

/** What the stack has used so far. */
async function usage(stack: Stack) {
  const [redis, workerd, server] = await Promise.all([
    redisUsage(stack.info.redisUrl),
    usageOf(stack.pid, "workerd"),
    usageOf(stack.pid, "redis-server"),
  ]);
  return { redis, workerd, server };
}

async function measureConsumers(
  stack: Stack,
  { consumers, events }: { readonly consumers: number; readonly events: number },
): Promise<Check> {
  const drainAll = async (claims: number) => {
    const limitMs = performance.now() + 600_000;
    for (let seen = -1; seen < claims && performance.now() < limitMs; ) {
      await (await stack.call("/bench/drain-all")).text();
      seen = await stack.count("SELECT count(*) AS n FROM processed_events");
    }
  };
  const before = await usage(stack);
  await drainAll(0);
  const begun = await usage(stack);
  await (await stack.call("/bench/tick")).text();
  const idleFrom = await redisUsage(stack.info.redisUrl);
  await (await stack.call("/bench/tick")).text();
  const idleTo = await redisUsage(stack.info.redisUrl);
  await (await stack.call("/api/events/batch", batchBody(makers.viewed, events))).text();
  await (await stack.call("/bench/relay")).text();
  const from = await usage(stack);
  const startedMs = performance.now();
  await drainAll(consumers * events);
  const seconds = (performance.now() - startedMs) / 1_000;
  const to = await usage(stack);
  const deliveries = await stack.count("SELECT count(*) AS n FROM processed_events");
  const each = (value: number, digits = 1) => (value / consumers).toFixed(digits);
  const lines: readonly (readonly [string, string])[] = [
    ["to begin", `${each(begun.redis.commands - before.redis.commands)} Redis commands`],
    ["growth of workerd", `${each((to.workerd.memory - before.workerd.memory) / 1_024)} KiB`],
    ["growth of Redis", `${each((to.redis.memory - before.redis.memory) / 1_024)} KiB`],
    // INFO itself is one of them.
    ["an idle tick", `${each(idleTo.commands - idleFrom.commands - 1, 4)} Redis commands`],
    [`${events} events`, `${each(to.redis.commands - from.redis.commands)} Redis commands`],
    [
      "an event",
      `${((1_000 * (to.workerd.cpuMs - from.workerd.cpuMs)) / deliveries).toFixed(0)} µs of workerd, ${((1_000 * (to.server.cpuMs - from.server.cpuMs)) / deliveries).toFixed(1)} µs of redis-server`,
    ],
  ];
  console.log(
    `${whole(consumers)} consumers; shared out, each of them has cost (Redis counts commands in scripts too):`,
  );
  for (const [what, cost] of lines) console.log(`  ${what.padEnd(18)} ${cost}`);
  return {
    what: `${whole(events)} events to each of ${whole(consumers)} consumers`,
    measured: `${whole(deliveries)} deliveries in ${seconds.toFixed(1)} s, ${whole(deliveries / seconds)}/s`,
    demanded: `${whole(consumers * events)} deliveries, each once`,
    holds: deliveries === consumers * events,
  };
}
