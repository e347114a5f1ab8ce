import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Session } from "node:inspector/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { migrate } from "../../workers/local/migrate.ts";
import { findFreePort } from "../../workers/local/ports.ts";
import { startChild, waitUntilReady } from "../../workers/local/processes/child-process.ts";
import { startServices } from "../../workers/local/services.ts";
import { bundleWorkers, readCompatibility, root } from "../../workers/local/workerd/bundle.ts";
import { runWorkers } from "../../workers/local/workerd/run-workers.ts";

/*
 * All that is measured, in a process of its own: the load comes from another one, as it does in life. Both gateways are
 * in this process, and nothing else that has work; the workers and the servers are its children. Tells its parent where
 * it is, and ends when the parent lets go.
 */

/** What the parent needs to know. */
export interface StackInfo {
  readonly url: string;
  readonly apiKey: string;
  readonly databaseUrl: string;
  /** As the workers reach it. */
  readonly neonUrl: string;
  readonly redisUrl: string;
  /** Of each worker in workerd; none: they were not asked to have one. */
  readonly inspectorUrls: readonly string[];
}

export interface StackOptions {
  /** `bench`: the backbone with small consumers; `product`: the product itself, in workerd only. */
  readonly kind: "bench" | "product";
  readonly host: "workerd" | "deno";
  /** For `bench`: that many small ones instead of the three that are measured otherwise. */
  readonly consumers: number;
  /** Where V8's profiles of Deno and of the gateways are when all has ended, `worker.cpuprofile` and `gateways.cpuprofile`; null: none are made. */
  readonly profileDir: string | null;
  /** Whether the heaps of the workers can be looked at. Workerd only. */
  readonly inspected: boolean;
}

const options = JSON.parse(process.argv[2] ?? "") as StackOptions;
/** How often a profile looks. */
const sampleUs = 500;
const apiKey = "bench-key-0123456789";
const dataDir = await mkdtemp(join(tmpdir(), "brain-bench-"));
const services = await startServices({ env: {}, dataDir });
if (services.upstash === null || services.redisUrl === null) throw new Error("the benchmark needs a stream");
const databaseUrl = services.databaseUrlFor("brain_bench");
await services.createDatabase("brain_bench");
await migrate(databaseUrl);
const bindings = {
  UPSTASH_REDIS_REST_URL: services.upstash.url,
  UPSTASH_REDIS_REST_TOKEN: services.upstash.token,
  NEON_DATABASE_URL: services.neonUrlFor("brain_bench"),
  BRAIN_API_KEY: apiKey,
  BRAIN_SUBREQUEST_LIMIT: "10000",
  BRAIN_LOG_LEVEL: "error",
  BENCH_CONSUMERS: String(options.consumers),
};

interface Host {
  readonly url: string;
  readonly inspectorUrls: readonly string[];
  stop(): Promise<void>;
}

async function startWorkerd(): Promise<Host> {
  const worker = fileURLToPath(new URL("worker.ts", import.meta.url).href);
  const workers = await runWorkers({
    bundles: await (options.kind === "product"
      ? bundleWorkers()
      : bundleWorkers({ api: worker, consumer: worker })),
    compatibility: await readCompatibility(),
    port: 0,
    bindings,
    inspected: options.inspected,
  });
  return { url: workers.url, inspectorUrls: workers.inspectorUrls, stop: () => workers.dispose() };
}

async function startDeno(): Promise<Host> {
  const { profileDir } = options;
  const port = await findFreePort();
  const logFile = join(dataDir, "deno.log");
  const program = fileURLToPath(new URL("deno-host.ts", import.meta.url).href);
  const child = await startChild({
    command: join(root, "node_modules/.bin/deno"),
    args: [
      "run",
      "--node-modules-dir=manual",
      "--allow-all",
      ...(profileDir === null
        ? []
        : [
            `--cpu-prof-dir=${profileDir}`,
            "--cpu-prof-name=worker.cpuprofile",
            `--cpu-prof-interval=${sampleUs}`,
          ]),
      program,
      JSON.stringify({ port, bindings }),
    ],
    logFile,
    stopSignal: "SIGTERM",
    cwd: root,
  });
  const url = `http://127.0.0.1:${port}`;
  await waitUntilReady("Deno", child, logFile, () =>
    fetch(`${url}/api/health`).then(
      (answer) => answer.body?.cancel().then(() => true) ?? true,
      () => false,
    ),
  );
  return { url, inspectorUrls: [], stop: () => child.stop() };
}

/** @returns what ends the profile of this process, and writes it down */
async function profileGateways(folder: string): Promise<() => Promise<void>> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: sampleUs });
  await session.post("Profiler.start");
  return async () => {
    const { profile } = await session.post("Profiler.stop");
    await writeFile(join(folder, "gateways.cpuprofile"), JSON.stringify(profile));
  };
}

const host = await (options.host === "deno" ? startDeno() : startWorkerd());
const endProfile = options.profileDir === null ? null : await profileGateways(options.profileDir);

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
// The parent asks for one thing only: what the gateways hold.
process.on("message", () => {
  collect();
  process.send?.(process.memoryUsage());
});

process.once("disconnect", async () => {
  await endProfile?.();
  await host.stop();
  await services.stop();
  await rm(dataDir, { recursive: true, force: true });
  process.exit(0);
});
process.send?.({
  url: host.url,
  apiKey,
  databaseUrl,
  neonUrl: services.neonUrlFor("brain_bench"),
  redisUrl: services.redisUrl,
  inspectorUrls: host.inspectorUrls,
} satisfies StackInfo);
