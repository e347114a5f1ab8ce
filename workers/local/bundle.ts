/** The two workers as single ES modules, built the way wrangler builds them. */

import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { sourceLinesOf, withSourceLines } from "./source-lines.ts";

export interface WorkerBundles {
  readonly api: string;
  readonly consumer: string;
}

export interface Compatibility {
  /** The day whose runtime behaviour the workers expect, YYYY-MM-DD. */
  readonly date: string;
  readonly flags: readonly string[];
}

/** The project's folder, with a slash at its end. */
export const root = fileURLToPath(new URL("../../", import.meta.url).href);

/** Bundles `workers/api.ts` and `workers/consumer.ts`. @throws Error with the compiler's messages. */
export async function bundleWorkers(
  entries: WorkerBundles = {
    api: `${root}workers/api.ts`,
    consumer: `${root}workers/consumer.ts`,
  },
): Promise<WorkerBundles> {
  const [api, consumer] = await Promise.all([bundle(entries.api), bundle(entries.consumer)]);
  return { api, consumer };
}

/** The worker that stands before the API on this machine. */
export function bundleFront(): Promise<string> {
  return bundle(`${root}workers/local/front-worker.ts`);
}

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outdir: "dist",
    write: false,
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    external: ["cloudflare:*", "node:*"],
    define: { "process.env.NODE_ENV": '"development"' },
    keepNames: true,
    sourcemap: "external",
    sourcesContent: false,
    logLevel: "silent",
  });
  const file = outputFiles.find(({ path }) => path.endsWith(".js"));
  const map = outputFiles.find(({ path }) => path.endsWith(".js.map"));
  if (file === undefined || map === undefined) throw new Error(`esbuild gave no output for ${entry}`);
  return withSourceLines(file.text, sourceLinesOf(file.text, map.text, dirname(map.path), root));
}

/** What `wrangler.toml` says about the runtime, so that the workers run here as they run deployed. */
export async function readCompatibility(file = `${root}wrangler.toml`): Promise<Compatibility> {
  const text = await readFile(file, "utf8");
  const date = /^compatibility_date\s*=\s*"(\d{4}-\d{2}-\d{2})"/m.exec(text)?.[1];
  if (date === undefined) throw new Error(`${file} has no line compatibility_date = "YYYY-MM-DD"`);
  const flags = /^compatibility_flags\s*=\s*\[([^\]]*)\]/m.exec(text)?.[1] ?? "";
  return { date, flags: [...flags.matchAll(/"([^"]+)"/g)].map(([, flag]) => flag ?? "") };
}
