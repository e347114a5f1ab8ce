import { startStack } from "./connect.ts";
import { drainFully, effectTimes, flood, shortfall } from "./load.ts";
import { stackTimes, type Times } from "./processes.ts";
import { markdownTable, numberOptions, percentiles, short } from "./report.ts";

/*
 * `npm run bench flow`: events that come one by one at a steady rate, in workerd and in Deno: processor time of one by
 * process, and how long it takes from the request to the answer and to the effect. Short, to be run in turns on two trees.
 */

/** @returns the exit code */
export async function benchFlow(args: readonly string[]): Promise<number> {
  const { events, rate } = numberOptions(args, { events: 1_000, rate: 200 });
  const rows: string[][] = [];
  for (const host of ["workerd", "deno"] as const) {
    const stack = await startStack("bench", { host });
    try {
      await drainFully(stack, "bench_latency");
      await effectTimes(stack, await flood(stack, 300, rate));
      await stack.db.query("TRUNCATE bench_effects");
      const before = await stackTimes(stack.pid, host);
      const result = await flood(stack, events, rate);
      const effect = percentiles(await effectTimes(stack, result));
      const after = await stackTimes(stack.pid, host);
      const cost = (process: keyof Times) =>
        ((after[process] - before[process]) / result.accepted.size).toFixed(2);
      const answer = percentiles(result.answered);
      rows.push([
        `${host}${shortfall(result)}`,
        ...(["worker", "gateways", "redis", "postgres"] as const).map(cost),
        ...[answer.p50, answer.p99, effect.p50, effect.p95, effect.p99].map(short),
      ]);
    } finally {
      await stack.stop();
    }
  }
  const cpu = ["worker", "gateways", "Redis", "Postgres"].map((name) => `${name}, ms CPU`);
  const times = ["answer p50", "p99", "effect p50", "p95", "p99"];
  console.log(`${events} events at ${rate}/s; CPU of one event, and times in ms:\n`);
  console.log(markdownTable(["host", ...cpu, ...times], rows));
  return 0;
}
