import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorkers, readCompatibility } from "../../workers/local/bundle.ts";
import { migrate } from "../../workers/local/migrate.ts";
import { runWorkers } from "../../workers/local/run-workers.ts";
import { startServices } from "../../workers/local/services.ts";

/*
 * All that is measured, in a process of its own: the load comes from another one, as it does in life. Tells its parent
 * where it is, and ends when the parent lets go.
 */

/** What the parent needs to know. */
export interface StackInfo {
  readonly url: string;
  readonly apiKey: string;
  readonly databaseUrl: string;
  /** As the workers reach it. */
  readonly neonUrl: string;
  readonly redisUrl: string;
}

/** `bench`: the backbone with small consumers; `product`: the product itself. */
export type StackKind = "bench" | "product";
const [, , kind = "bench", consumers = "0"] = process.argv;

const apiKey = "bench-key-0123456789";
const dataDir = await mkdtemp(join(tmpdir(), "brain-bench-"));
const services = await startServices({ env: {}, dataDir });
if (services.upstash === null || services.redisUrl === null) throw new Error("the benchmark needs a stream");
const databaseUrl = services.databaseUrlFor("brain_bench");
await services.createDatabase("brain_bench");
await migrate(databaseUrl);
const worker = fileURLToPath(new URL("worker.ts", import.meta.url).href);
const workers = await runWorkers({
  bundles: await (kind === "product" ? bundleWorkers() : bundleWorkers({ api: worker, consumer: worker })),
  compatibility: await readCompatibility(),
  port: 0,
  bindings: {
    UPSTASH_REDIS_REST_URL: services.upstash.url,
    UPSTASH_REDIS_REST_TOKEN: services.upstash.token,
    NEON_DATABASE_URL: services.neonUrlFor("brain_bench"),
    BRAIN_API_KEY: apiKey,
    BRAIN_SUBREQUEST_LIMIT: "10000",
    BRAIN_LOG_LEVEL: "error",
    BENCH_CONSUMERS: consumers,
  },
});

process.once("disconnect", async () => {
  await workers.dispose();
  await services.stop();
  await rm(dataDir, { recursive: true, force: true });
  process.exit(0);
});
process.send?.({
  url: workers.url,
  apiKey,
  databaseUrl,
  neonUrl: services.neonUrlFor("brain_bench"),
  redisUrl: services.redisUrl,
} satisfies StackInfo);
