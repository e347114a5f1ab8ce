import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Stack, startStack } from "./connect.ts";
import { type BenchEvent, batchBody, makers } from "./events.ts";
import { drainFully, effectTimes, flood, inParallel, shortfall, until } from "./load.ts";
import { stackTimes, type Times } from "./processes.ts";
import { ownerOf, placeOf, profileClockUs, readSelfTimes, type SelfTime } from "./profile.ts";
import { markdownTable, numberOptions, short } from "./report.ts";
import type { StackOptions } from "./stack.ts";

/*
 * `npm run bench cpu`: processor time per 1,000 events, from the request to the effect, by process; for events that come
 * one by one and for batches, in workerd and in Deno; beside them what the runtime and the gateway take for a request
 * that asks one thing and does nothing else, of which an event needs several. Then a profile of Deno and of the gateways
 * under the same load: the time in functions themselves, by package.
 */

const batchSize = 1_000;

/** A way in which events come, until each has had its effect. */
interface Path {
  readonly name: string;
  /** @returns how many events had their effect, and what there is to say of the others */
  run(stack: Stack): Promise<{ readonly events: number; readonly note: string }>;
  /** Of the worker and of the gateways, ms per 1,000; null: none is set. */
  readonly target: { readonly worker: number | null; readonly gateways: number | null };
}

function pathsOf({ events, rate, batches }: Record<"events" | "rate" | "batches", number>): readonly Path[] {
  const oneByOne = (name: string, make: (n: number) => BenchEvent): Path => ({
    name,
    target: { worker: 1_500, gateways: 500 },
    async run(stack) {
      await stack.db.query("TRUNCATE bench_effects");
      const result = await flood(stack, events, rate, make);
      await effectTimes(stack, result);
      return { events: result.accepted.size, note: shortfall(result) };
    },
  });
  return [
    {
      name: `no event: a request with one \`SELECT 1\`, ${rate}/s`,
      target: { worker: null, gateways: null },
      async run(stack) {
        const result = await flood(stack, events, rate, makers.bumped, "/bench/bare");
        return { events: result.accepted.size, note: shortfall(result) };
      },
    },
    oneByOne(`one by one, ${rate}/s`, makers.bumped),
    oneByOne(`one by one, ${rate}/s, by \`onSql\``, makers.unpublished),
    {
      name: `batches of ${batchSize.toLocaleString("en-US")}, set-based`,
      target: { worker: 150, gateways: null },
      async run(stack) {
        await stack.db.query("TRUNCATE bench_effects");
        const bodies = Array.from({ length: batches }, (_, n) =>
          batchBody(makers.viewed, batchSize, n * batchSize),
        );
        await inParallel(
          bodies.map((body) => () => stack.post("/api/events/batch", body)),
          2,
        );
        const wanted = batches * batchSize;
        const effects = () => stack.count("SELECT count(*) AS n FROM bench_effects");
        await until(stack, "all effects are there", async () => (await effects()) >= wanted, 120_000);
        if ((await effects()) !== wanted) throw new Error(`${await effects()} effects of ${wanted} events`);
        return { events: wanted, note: "" };
      },
    },
  ];
}

async function warmUp(stack: Stack, paths: readonly Path[]): Promise<void> {
  for (const subscriber of ["bench_set", "bench_latency", "bench_sql"]) await drainFully(stack, subscriber);
  for (const path of paths) await path.run(stack);
}

/** One row: what the path costs, ms per 1,000 events. */
async function measure(stack: Stack, host: StackOptions["host"], path: Path): Promise<string[]> {
  const before = await stackTimes(stack.pid, host);
  const { events, note } = await path.run(stack);
  const after = await stackTimes(stack.pid, host);
  const cost = (process: keyof Times) => ((after[process] - before[process]) * 1_000) / events;
  const { worker, gateways } = path.target;
  const meets = (value: number, target: number | null) =>
    target === null
      ? short(value)
      : `${short(value)} (${value <= target ? "met" : "NOT met"}: <= ${short(target)})`;
  const all = cost("worker") + cost("gateways") + cost("redis") + cost("postgres");
  return [
    `${path.name}${note}`,
    host,
    short(events),
    meets(cost("worker"), worker),
    meets(cost("gateways"), gateways),
    short(cost("redis")),
    short(cost("postgres")),
    short(all),
  ];
}

interface Profiled {
  readonly what: string;
  readonly events: number;
  readonly cpuMs: number;
  readonly times: readonly SelfTime[];
}

/** Deno and the gateways, on a stack of their own: a profiler has its price. */
async function profile(paths: readonly Path[], warming: readonly Path[]): Promise<Profiled[]> {
  const profileDir = await mkdtemp(join(tmpdir(), "brain-bench-profile-"));
  const stack = await startStack("bench", { host: "deno", profileDir });
  const runs: { path: Path; events: number; before: Times; after: Times; span: [number, number] }[] = [];
  try {
    await warmUp(stack, warming);
    for (const path of paths) {
      const [before, fromUs] = [await stackTimes(stack.pid, "deno"), profileClockUs()];
      const { events } = await path.run(stack);
      const [after, toUs] = [await stackTimes(stack.pid, "deno"), profileClockUs()];
      runs.push({ path, events, before, after, span: [fromUs, toUs] });
    }
  } finally {
    await stack.stop();
  }
  const found: Profiled[] = [];
  for (const { path, events, before, after, span } of runs) {
    for (const [process, title] of [
      ["worker", "Deno"],
      ["gateways", "both gateways"],
    ] as const) {
      const times = await readSelfTimes(join(profileDir, `${process}.cpuprofile`), span);
      found.push({ what: `${title}, ${path.name}`, events, cpuMs: after[process] - before[process], times });
    }
  }
  await rm(profileDir, { recursive: true, force: true });
  return found;
}

/**
 * What takes how much, by package; then the functions that take most. A profile sees a thread that waits for a processor
 * as one that works; so where it saw more work than the process had processor time, its times are taken as shares of that.
 */
function profileReport({ what, events, cpuMs, times }: Profiled): string {
  const owned = times.flatMap((time) => {
    const owner = ownerOf(time);
    return owner === null ? [] : [{ ...time, owner }];
  });
  const seenMs = owned.reduce((sum, { ms }) => sum + ms, 0);
  const scale = Math.min(1, cpuMs / seenMs);
  const owners = new Map<string, number>([["other threads, not in the profile", cpuMs - seenMs * scale]]);
  for (const { owner, ms } of owned) owners.set(owner, (owners.get(owner) ?? 0) + ms * scale);
  const cells = (ms: number) => [short((ms * 1_000) / events), `${((100 * ms) / cpuMs).toFixed(1)} %`];
  const byOwner = [...owners].sort(([, a], [, b]) => b - a).map(([owner, ms]) => [owner, ...cells(ms)]);
  const functions = owned.sort((a, b) => b.ms - a.ms).slice(0, 25);
  const waited =
    scale < 1
      ? [
          `It waited for a processor in ${((1 - scale) * 100).toFixed(0)} % of its time: others used the machine.`,
        ]
      : [];
  return [
    `### ${what}`,
    ...waited,
    markdownTable(["package", "ms per 1,000 events", "share"], [...byOwner, ["all", ...cells(cpuMs)]]),
    markdownTable(
      ["function", "ms per 1,000 events", "share", "where"],
      functions.map((time) => [time.name || "(anonymous)", ...cells(time.ms * scale), placeOf(time)]),
    ),
  ].join("\n\n");
}

/** @returns the exit code */
export async function benchCpu(args: readonly string[]): Promise<number> {
  const sizes = numberOptions(args, { events: 2_000, rate: 100, batches: 20 });
  const paths = pathsOf(sizes);
  const warming = pathsOf({ events: 300, rate: sizes.rate, batches: 3 });
  const rows: string[][] = [];
  for (const host of ["workerd", "deno"] as const) {
    const stack = await startStack("bench", { host });
    try {
      await warmUp(stack, warming);
      for (const path of paths) rows.push(await measure(stack, host, path));
    } finally {
      await stack.stop();
    }
  }
  const profiles = await profile(paths, warming);
  const processes = ["worker", "gateways", "Redis", "Postgres", "all"];
  console.log(
    [
      "CPU ms per 1,000 events, from the request to the effect, one consumer:",
      markdownTable(["events", "host", "n", ...processes], rows),
      ...profiles.map(profileReport),
    ].join("\n\n"),
  );
  return 0;
}
