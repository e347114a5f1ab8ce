import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { makers } from "../events.ts";
import { inParallel } from "../load.ts";
import type { PeerAnswer, PeerCalls, PeerOptions, PeerRequest } from "../peer-protocol.ts";
import { openBullMq } from "./bullmq.ts";
import { createTables, type PeerEvent } from "./effects.ts";
import { openGraphileWorker } from "./graphile-worker.ts";
import { openPgBoss } from "./pg-boss.ts";
import type { Side, SideOptions } from "./side.ts";

/* A peer in a process of its own, which publishes and works as the bench says. */

const { kind, redisUrl, databaseUrl } = JSON.parse(process.argv[2] ?? "") as PeerOptions;

/** What has happened since the last round began. */
const seen = { firstMs: 0, lastMs: 0, applied: 0 };
let awaited = { count: 0, reached: () => {} };

const options: SideOptions = {
  redisUrl,
  databaseUrl,
  onTaken() {
    if (seen.firstMs === 0) seen.firstMs = performance.now();
  },
  onApplied(count) {
    seen.applied += count;
    seen.lastMs = performance.now();
    if (seen.applied >= awaited.count) awaited.reached();
  },
};

function open(): Promise<Side> {
  switch (kind) {
    case "bullmq":
      return openBullMq(options);
    case "pg-boss":
      return openPgBoss(options);
    case "graphile-worker, transaction per job":
      return openGraphileWorker(options, "job");
    case "graphile-worker, group commit":
      return openGraphileWorker(options, "group");
  }
}

const setUp = new pg.Pool({ connectionString: databaseUrl, max: 1 });
await createTables(setUp);
await setUp.end();
const side = await open();

const event = (n: number): PeerEvent => ({ id: randomUUID(), ...makers.viewed(n) });
const events = (n: number, from = 0) => Array.from({ length: n }, (_, i) => event(from + i));

/** Fulfilled when the effects of `count` jobs are committed. */
function applied(count: number): Promise<void> {
  Object.assign(seen, { firstMs: 0, lastMs: 0, applied: 0 });
  return new Promise((reached) => {
    awaited = { count, reached };
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

const calls = {
  clear: () => side.clear(),
  publish(n, width) {
    const jobs = events(n).map((one) => () => side.publish(one));
    return timed(() => inParallel(jobs, width));
  },
  publishBulk(n, size) {
    const batches = Array.from({ length: Math.ceil(n / size) }, (_, batch) => events(size, batch * size));
    const jobs = batches.map((batch) => () => side.publishMany(batch));
    return timed(() => inParallel(jobs, 2));
  },
  async drain(n) {
    const all = applied(n);
    const end = await side.work();
    await all;
    await end();
    return seen.lastMs - seen.firstMs;
  },
  async paced(n, perSecond) {
    const all = applied(n);
    const end = await side.work();
    const sent: [string, number][] = [];
    const published: Promise<unknown>[] = [];
    const beginMs = performance.now();
    for (let i = 0; i < n; i += 1) {
      const wait = beginMs + (i * 1_000) / perSecond - performance.now();
      if (wait > 0) await delay(wait);
      const one = event(i);
      sent.push([one.id, Date.now()]);
      published.push(side.publish(one));
    }
    await Promise.all(published);
    await all;
    await end();
    return sent;
  },
} satisfies PeerCalls;

const answer = (message: PeerAnswer) => process.send?.(message);
// Its parent kills it; without one it has nothing to do.
process.on("message", async ({ method, args }: PeerRequest) => {
  try {
    const call: (...args: number[]) => Promise<unknown> = calls[method];
    answer({ result: await call(...args) });
  } catch (error) {
    answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
process.once("disconnect", () => process.exit(0));
answer({ result: "ready" });
