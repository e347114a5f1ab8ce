import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { loadedAtStart } from "../../tools/checks/loaded-at-start.ts";
import { migrate } from "../../workers/local/migrate.ts";
import { startServices } from "../../workers/local/services.ts";
import { readCompatibility, root } from "../../workers/local/workerd/bundle.ts";
import { longestChain } from "../round-trips/chain.ts";
import { type Call, type CountingProxy, startCountingProxy } from "../round-trips/counting-proxy.ts";
import { numberOptions, percentiles } from "./report.ts";
import { type Modules, type WorkerdFiles, writeWorkerd } from "./workerd-process.ts";

/*
 * `npm run bench cold`: workerd is started anew each time, with the bundles of a deployment, on stores that are there
 * already. What a start costs beyond that of an empty worker is ours, and what the first answer and the first effect cost
 * beyond the round trips that they wait for. All of it shares the processors of this machine.
 */

const apiKey = "bench-key-0123456789";
const database = "brain_cold";
const hangMs = 60_000;

const emptyWorker: Modules = {
  "index.js": "export default { fetch: () => new Response(), scheduled: () => undefined };",
};

/** One start, ms. */
interface Start {
  /** Until the workers listen, and the same with empty ones. */
  readonly ready: number;
  readonly empty: number;
  /** What ours and the empty ones spent until then, in processor time. */
  readonly readyCpu: number;
  readonly emptyCpu: number;
  /** From the first request to its answer, and what of it was waiting for the stores. */
  readonly answer: number;
  readonly answerTrips: readonly Call[];
  /** From the first request to the COMMIT of its first effect. */
  readonly effect: number;
  readonly effectTrips: readonly Call[];
}

/** @returns the exit code */
export async function benchCold(args: readonly string[]): Promise<number> {
  const { rounds } = numberOptions(args, { rounds: 10 });
  const bundles = await buildBundles();
  const dataDir = await mkdtemp(join(tmpdir(), "brain-cold-"));
  const services = await startServices({ env: {}, dataDir });
  try {
    if (services.upstash === null) throw new Error("the benchmark needs a stream");
    await services.createDatabase(database);
    await migrate(services.databaseUrlFor(database));
    const upstream = { redisUrl: services.upstash.url, neonUrl: services.neonUrlFor(database) };
    const proxy = await startCountingProxy(upstream, 0);
    const neon = new URL(upstream.neonUrl);
    neon.host = new URL(proxy.url).host;
    const bindings = {
      UPSTASH_REDIS_REST_URL: proxy.url,
      UPSTASH_REDIS_REST_TOKEN: services.upstash.token,
      NEON_DATABASE_URL: neon.href,
      BRAIN_API_KEY: apiKey,
      BRAIN_LOG_LEVEL: "error",
    };
    const compatibility = await readCompatibility();
    const ours = await writeWorkerd(bundles, compatibility, bindings);
    const empty = await writeWorkerd({ api: emptyWorker, consumer: emptyWorker }, compatibility, {});
    const starts: Start[] = [];
    // The first one makes the groups, and the files warm.
    for (let round = 0; round <= rounds; round += 1) {
      const start = await startOnce(ours, empty, proxy);
      if (round > 0) starts.push(start);
    }
    await Promise.all([proxy.close(), ours.remove(), empty.remove()]);
    console.log(report(starts));
  } finally {
    await services.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
  return 0;
}

/** As a deployment has them; says what they weigh. */
async function buildBundles(): Promise<{ readonly api: Modules; readonly consumer: Modules }> {
  const { status } = spawnSync("node", ["tools/build-workers.ts"], { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error("the workers do not build");
  const read = async (worker: string): Promise<Modules> => {
    const folder = join(root, "dist/workers", worker);
    const files = (await readdir(folder)).filter((file) => file.endsWith(".js"));
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
    return Object.fromEntries(files.map((file, place) => [file, texts[place] ?? ""]));
  };
  const bundles = { api: await read("api"), consumer: await read("consumer") };
  for (const [worker, modules] of Object.entries(bundles)) {
    const atStart = loadedAtStart(modules);
    const weigh = (isMeant: (name: string) => boolean) =>
      weightOf(
        Object.keys(modules)
          .filter(isMeant)
          .map((name) => modules[name] ?? ""),
      );
    console.log(
      `${worker}: ${weigh((name) => atStart.has(name))}, loaded later ${weigh((name) => !atStart.has(name))}`,
    );
  }
  return bundles;
}

function weightOf(texts: readonly string[]): string {
  const kib = (bytes: number) => (bytes / 1024).toFixed(1);
  const sum = (sizeOf: (text: string) => number) => texts.reduce((total, text) => total + sizeOf(text), 0);
  return `${kib(sum((text) => Buffer.byteLength(text)))} KiB, ${kib(sum((text) => gzipSync(text).length))} KiB gzip`;
}

async function startOnce(ours: WorkerdFiles, empty: WorkerdFiles, proxy: CountingProxy): Promise<Start> {
  const without = await empty.start();
  await without.stop();
  const workerd = await ours.start();
  try {
    proxy.clear();
    const beginMs = performance.now();
    const answer = await fetch(`${workerd.url}/api/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ type: "payment.transaction.completed", source: "bench", payload: payment() }),
    });
    const body = await answer.text();
    const answerMs = performance.now();
    if (!answer.ok) throw new Error(`/api/events answered ${answer.status}: ${body}`);
    const commit = await effectOf(proxy);
    const tripsUntil = (endMs: number) => longestChain(proxy.calls.filter((call) => call.endMs <= endMs));
    return {
      ready: workerd.ms,
      empty: without.ms,
      readyCpu: workerd.cpuMs,
      emptyCpu: without.cpuMs,
      answer: answerMs - beginMs,
      answerTrips: tripsUntil(answerMs),
      effect: commit.endMs - beginMs,
      effectTrips: tripsUntil(commit.endMs),
    };
  } finally {
    await untilQuiet(proxy);
    await workerd.stop();
  }
}

/** What is cut off now would be the work of the next start. */
async function untilQuiet(proxy: CountingProxy): Promise<void> {
  for (
    let seen = -1, startedMs = performance.now();
    performance.now() - startedMs < hangMs;
    await delay(500)
  ) {
    if (proxy.calls.length === seen) return;
    seen = proxy.calls.length;
  }
}

/** A payment that grants access. */
function payment() {
  return {
    payment_id: `pay-${crypto.randomUUID()}`,
    intent_id: `intent-${crypto.randomUUID()}`,
    user_id: `user-${crypto.randomUUID()}`,
    tenant_id: "tenant_a",
    course_id: `course-${crypto.randomUUID()}`,
    amount_cents: 4_900,
    currency: "EUR",
    provider: "stripe",
    occurred_at: "2026-11-21T10:00:00.000Z",
  };
}

/** The COMMIT of the access that the event gives. */
async function effectOf(proxy: CountingProxy): Promise<Call> {
  for (const startedMs = performance.now(); performance.now() - startedMs < hangMs; await delay(5)) {
    const effect = proxy.calls.find(({ what }) => what.includes("INTO course_access AS"));
    const commit = proxy.calls.find(
      (call) =>
        call.session !== null &&
        call.session === effect?.session &&
        call.what.includes("COMMIT") &&
        call.endMs < Infinity,
    );
    if (commit !== undefined) return commit;
  }
  throw new Error(`no access was given within ${hangMs} ms`);
}

function report(starts: readonly Start[]): string {
  const median = (of: (start: Start) => number) => percentiles(starts.map(of)).p50;
  const waiting = (calls: readonly Call[]) =>
    calls.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  const line = (what: string, ms: number) => `${what.padEnd(62)} ${ms.toFixed(1).padStart(8)} ms`;
  const ours = (start: Start) => start.ready - start.empty;
  const answer = (start: Start) => start.answer - waiting(start.answerTrips);
  const effect = (start: Start) => start.effect - waiting(start.effectTrips);
  return [
    `${starts.length} starts, medians:`,
    line(
      "until workerd listens, empty workers",
      median(({ empty }) => empty),
    ),
    line(
      "until workerd listens, ours",
      median(({ ready }) => ready),
    ),
    line("  beyond the empty ones", median(ours)),
    line(
      "  the same in processor time",
      median((start) => start.readyCpu - start.emptyCpu),
    ),
    line(
      "first request to its answer",
      median((start) => start.answer),
    ),
    line(
      `  round trips, ${median(({ answerTrips }) => answerTrips.length)} one after the other`,
      median(({ answerTrips }) => waiting(answerTrips)),
    ),
    line("  beyond them", median(answer)),
    line(
      "first request to its first effect",
      median((start) => start.effect),
    ),
    line(
      `  round trips, ${median(({ effectTrips }) => effectTrips.length)} one after the other`,
      median(({ effectTrips }) => waiting(effectTrips)),
    ),
    line("  beyond them", median(effect)),
    line(
      "start to first answer, beyond (to reach: 50)",
      median((start) => ours(start) + answer(start)),
    ),
    line(
      "start to first effect, beyond (to reach: 150)",
      median((start) => ours(start) + effect(start)),
    ),
  ].join("\n");
}
