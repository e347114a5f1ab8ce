import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { readToolOptions } from "../../tools/tool-options.ts";
import { migrate } from "../../workers/local/migrate.ts";
import { startServices } from "../../workers/local/services.ts";
import { bundleWorkers, readCompatibility } from "../../workers/local/workerd/bundle.ts";
import { runWorkers } from "../../workers/local/workerd/run-workers.ts";
import { usageOf } from "../bench/processes.ts";
import { heldByWorkers } from "../bench/worker-heaps.ts";
import { type Doors, fuzzTargets, keptOf, type Refused, type Target } from "./targets.ts";

/*
 * `npm run fuzz -- --cases 100000 --seed 7`: random requests, entries and sessions against the product in workerd and both
 * gateways. Ends with 1 when one is answered with an error of ours or breaks something, when anything of a refused request
 * was kept, or when both workers together hold more than 256 MiB after a collection of garbage. What is resident beside
 * that is printed: workerd alone on a machine collects when it likes.
 */

const usage = "usage: npm run fuzz -- [--cases 100000] [--seed N]";
const maxHeld = 256 * 2 ** 20;
/** So many cases of a target, then its numbers. */
const maxRound = 5_000;
const apiKey = "fuzz-key-0123456789abcdef";
const webhookSecret = "whsec_of_the_fuzzer";

function wholeNumber(name: string, text: string, min: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= min) return value;
  console.error(`--${name} is "${text}"; expected a whole number from ${min}.\n${usage}`);
  process.exit(2);
}

const { values } = readToolOptions(usage, {
  options: { cases: { type: "string", default: "100000" }, seed: { type: "string" } },
});
const cases = wholeNumber("cases", values.cases, 100);
const seed = wholeNumber("seed", values.seed ?? String(Date.now() % 1_000_000), 0);

async function start() {
  const dataDir = await mkdtemp(join(tmpdir(), "brain-fuzz-"));
  const services = await startServices({ env: {}, dataDir, fsync: false });
  const { upstash } = services;
  if (upstash === null) throw new Error("the fuzzer needs a stream");
  await services.createDatabase("brain_fuzz");
  const databaseUrl = services.databaseUrlFor("brain_fuzz");
  await migrate(databaseUrl);
  const neonUrl = services.neonUrlFor("brain_fuzz");
  const workers = await runWorkers({
    bundles: await bundleWorkers(),
    compatibility: await readCompatibility(),
    port: 0,
    inspected: true,
    bindings: {
      NEON_DATABASE_URL: neonUrl,
      UPSTASH_REDIS_REST_URL: upstash.url,
      UPSTASH_REDIS_REST_TOKEN: upstash.token,
      BRAIN_API_KEY: apiKey,
      BRAIN_LOG_LEVEL: "error",
      STRIPE_API_URL: "http://127.0.0.1:9",
      STRIPE_SECRET_KEY: "sk_of_the_fuzzer",
      STRIPE_WEBHOOK_SECRET: webhookSecret,
    },
    onLog: (_level, line) => console.error(line.slice(0, 500)),
  });
  const doors: Doors = {
    async api(path, headers, body) {
      const authorization = `Bearer ${apiKey}`;
      const reply = await fetch(workers.url + path, {
        method: "POST",
        headers: { authorization, ...headers },
        body: new Uint8Array(body),
      });
      return { status: reply.status, text: await reply.text() };
    },
    webhookSecret,
    upstash,
    neonUrl,
    redisKey: "fuzz",
  };
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  // Its connection may still be closing when the server ends, and says so.
  pool.on("error", () => undefined);
  return {
    doors,
    inspectorUrls: workers.inspectorUrls,
    /** Both workers, some times. */
    async call() {
      for (let times = 0; times < 5; times += 1) {
        await doors.api("/api/events", {}, new Uint8Array());
        await workers.tick();
      }
    },
    sql: async (text: string, params: unknown[]) => (await pool.query(text, params)).rows,
    async stop() {
      await workers.dispose();
      await pool.end();
      await services.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
let most = 0;
async function look(): Promise<string> {
  // A worker gets to it when somebody calls it.
  const [held] = await Promise.all([heldByWorkers(stack.inspectorUrls), stack.call()]);
  const { memory } = await usageOf(process.pid, "workerd");
  // Not every time it is got to.
  if (!Number.isNaN(held)) most = Math.max(most, held);
  return `workers hold ${mib(held)}, workerd has ${mib(memory)}`;
}

/** Rounds of one target. */
async function tryTarget(target: Target, cases: number): Promise<void> {
  for (let left = cases, round = 0; left > 0; left -= maxRound, round += 1) {
    const [count, beganMs] = [Math.min(left, maxRound), performance.now()];
    const outcomes = await target.run(count, seed + round);
    const rate = count / ((performance.now() - beganMs) / 1_000);
    const told = [...outcomes].sort(([, a], [, b]) => b - a).map(([what, n]) => `${what}: ${n}`);
    console.log(`${target.name}: ${count} cases, ${rate.toFixed(0)}/s; ${told.join(", ")}; ${await look()}`);
  }
}

const stack = await start();
const refused: Refused = { correlations: new Set(), ids: new Set() };
const problems: string[] = [];
console.log(`seed ${seed}, ${cases} cases; ${await look()}`);
const startedMs = performance.now();
try {
  for (const { share, target } of fuzzTargets(stack.doors, refused)) {
    await tryTarget(target, Math.ceil((cases * share) / 100)).catch((error: unknown) => {
      problems.push(`${target.name}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  for (const kept of await keptOf(refused, stack.sql))
    problems.push(`refused, and kept all the same: ${kept}`);
} finally {
  await stack.stop();
}
const seconds = (performance.now() - startedMs) / 1_000;
if (!(most > 0 && most <= maxHeld))
  problems.push(`the workers held ${mib(most)}, at most ${mib(maxHeld)} are expected`);
console.log(
  `${cases} cases in ${seconds.toFixed(0)} s, ${(cases / seconds).toFixed(0)}/s; ${refused.correlations.size} requests with events refused; workers held at most ${mib(most)}`,
);
for (const problem of problems) console.error(`✗ ${problem}`);
console.log(problems.length === 0 ? "✓ no fault of ours, nothing refused was kept" : `seed ${seed}`);
process.exitCode = problems.length === 0 ? 0 : 1;
