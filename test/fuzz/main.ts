import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { bundleWorkers, readCompatibility } from "../../workers/local/bundle.ts";
import { migrate } from "../../workers/local/migrate.ts";
import { runWorkers } from "../../workers/local/run-workers.ts";
import { startServices } from "../../workers/local/services.ts";
import { usageOf } from "../bench/processes.ts";
import { type Doors, fuzzTargets, keptOf, type Refused } from "./targets.ts";

/*
 * `npm run fuzz -- --cases 100000 --seed 7`: random requests, entries and sessions against the product in workerd and both
 * gateways. Ends with 1 when one is answered with an error of ours or breaks something, when anything of a refused request
 * was kept, or when workerd needs more than 256 MiB.
 */

const usage = "usage: npm run fuzz -- [--cases 100000] [--seed N]";
const maxMemory = 256 * 2 ** 20;
const apiKey = "fuzz-key-0123456789abcdef";
const webhookSecret = "whsec_of_the_fuzzer";

function wholeNumber(name: string, text: string, min: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= min) return value;
  console.error(`--${name} is "${text}"; expected a whole number from ${min}.\n${usage}`);
  process.exit(2);
}

function readArguments() {
  try {
    return parseArgs({
      options: { cases: { type: "string", default: "100000" }, seed: { type: "string" } },
    }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    return process.exit(2);
  }
}

const values = readArguments();
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
  return {
    doors,
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
async function look(): Promise<number> {
  const { memory } = await usageOf(process.pid, "workerd");
  most = Math.max(most, memory);
  return memory;
}

const stack = await start();
const refused: Refused = { correlations: new Set(), ids: new Set() };
const problems: string[] = [];
console.log(`seed ${seed}, ${cases} cases, workerd at the beginning ${mib(await look())}`);
const looking = setInterval(() => void look(), 500);
const startedMs = performance.now();
try {
  for (const { share, target } of fuzzTargets(stack.doors, refused)) {
    const [count, beganMs] = [Math.ceil((cases * share) / 100), performance.now()];
    const outcomes = await target.run(count, seed).catch((error: unknown) => {
      problems.push(`${target.name}: ${error instanceof Error ? error.message : String(error)}`);
      return new Map<string, number>();
    });
    const rate = count / ((performance.now() - beganMs) / 1_000);
    const told = [...outcomes].sort(([, a], [, b]) => b - a).map(([what, n]) => `${what}: ${n}`);
    console.log(
      `${target.name}: ${count} cases, ${rate.toFixed(0)}/s; ${told.join(", ")}; workerd ${mib(await look())}`,
    );
  }
  for (const kept of await keptOf(refused, stack.sql))
    problems.push(`refused, and kept all the same: ${kept}`);
} finally {
  clearInterval(looking);
  await stack.stop();
}
const seconds = (performance.now() - startedMs) / 1_000;
if (most > maxMemory) problems.push(`workerd had ${mib(most)}, more than ${mib(maxMemory)}`);
console.log(
  `${cases} cases in ${seconds.toFixed(0)} s, ${(cases / seconds).toFixed(0)}/s; ${refused.correlations.size} requests with events refused; workerd at most ${mib(most)}`,
);
for (const problem of problems) console.error(`✗ ${problem}`);
console.log(problems.length === 0 ? "✓ no fault of ours, nothing refused was kept" : `seed ${seed}`);
process.exitCode = problems.length === 0 ? 0 : 1;
