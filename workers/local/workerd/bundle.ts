/**
 * The two workers as ES modules. What they import while they run, by `import()`, is a part of its own beside them, which
 * is loaded when it is asked for: wrangler's own bundler has no such parts, so a deployment takes these bundles too.
 */

import { readFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, version } from "esbuild";
import { keepClassNames, withoutRoutes } from "./bundle-plugins.ts";
import { type Bundle, keptBundle } from "./kept-bundles.ts";
import { sourceLinesOf, withSourceLines } from "./source-lines.ts";

export interface WorkerBundles {
  readonly api: string;
  readonly consumer: string;
  /** Modules beside each, by the name under which it imports them; left out: there are none. */
  readonly apiParts?: Readonly<Record<string, string>>;
  readonly consumerParts?: Readonly<Record<string, string>>;
}

/** Where the two workers begin. */
export type WorkerEntries = Pick<WorkerBundles, "api" | "consumer">;

export interface Compatibility {
  /** The day whose runtime behaviour the workers expect, YYYY-MM-DD. */
  readonly date: string;
  readonly flags: readonly string[];
}

/** The project's folder, with a slash at its end. */
export const root = fileURLToPath(new URL("../../../", import.meta.url).href);

/** Bundles `workers/api.ts` and `workers/consumer.ts`. @throws Error with the compiler's messages. */
export async function bundleWorkers(
  entries: WorkerEntries = {
    api: `${root}workers/api.ts`,
    consumer: `${root}workers/consumer.ts`,
  },
): Promise<WorkerBundles> {
  const [api, consumer] = await Promise.all([
    bundle(entries.api, workerOptions),
    bundle(entries.consumer, consumerOptions),
  ]);
  return { api: api.main, apiParts: api.parts, consumer: consumer.main, consumerParts: consumer.parts };
}

/** What stands before the API on this machine: one module, whatever what it imports could load later. */
export async function bundleEdge(): Promise<string> {
  const options = { ...workerOptions, splitting: false };
  return (await bundle(`${root}workers/local/workerd/edge.ts`, options, edgeModule)).main;
}

/** The name of the module of {@link bundleEdge} beside the API's. */
export const edgeModule = "brain-edge.js";

/** What esbuild is told of a worker, here and for a deployment. */
export const workerOptions = {
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "browser",
  target: "es2024",
  entryNames: "index",
  chunkNames: "[name]-[hash]",
  conditions: ["workerd", "worker", "browser"],
  mainFields: ["browser", "module", "main"],
  external: ["cloudflare:*", "node:*"],
  plugins: [keepClassNames],
} as const satisfies BuildOptions;

/** The same for the consumer, which answers no requests. */
export const consumerOptions = {
  ...workerOptions,
  plugins: [keepClassNames, withoutRoutes],
} satisfies BuildOptions;

/** Decide with the options what a bundle is. */
const makers = ["bundle.ts", "bundle-plugins.ts", "kept-bundles.ts", "source-lines.ts"].map((name) =>
  join(import.meta.dirname, name),
);

/**
 * The bundle of an earlier start where nothing has changed since.
 *
 * @param mainName of the main module in stacks; empty: whatever the host calls it
 */
function bundle(entry: string, options: BuildOptions, mainName = ""): Promise<Bundle> {
  const { plugins = [], ...told } = options;
  const names = plugins.map(({ name }) => name);
  const { NODE_PATH = "" } = process.env;
  const about = [relative(root, entry), mainName, told, names, version, process.version, NODE_PATH];
  return keptBundle(
    { folder: join(root, "node_modules/.cache/brain-bundles"), root, key: JSON.stringify(about), makers },
    (notesInputs) => makeBundle(entry, { ...told, plugins: [notesInputs, ...plugins] }, mainName),
  );
}

async function makeBundle(entry: string, options: BuildOptions, mainName: string): Promise<Bundle> {
  const { outputFiles } = await build({
    ...options,
    entryPoints: [entry],
    outdir: "dist",
    write: false,
    define: { "process.env.NODE_ENV": '"development"' },
    sourcemap: "external",
    sourcesContent: false,
    logLevel: "silent",
  });
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  const main = texts.get("index.js");
  if (main === undefined) throw new Error(`esbuild gave no output for ${entry}`);
  const lines = [...texts].flatMap(([name, text]) => {
    const map = texts.get(`${name}.map`);
    if (map === undefined) return [];
    return [[name === "index.js" ? mainName : name, sourceLinesOf(text, map, `${root}dist`, root)] as const];
  });
  const parts = [...texts].filter(([name]) => name.endsWith(".js") && name !== "index.js");
  return { main: withSourceLines(main, Object.fromEntries(lines)), parts: Object.fromEntries(parts) };
}

/** What `wrangler.toml` says about the runtime, so that the workers run here as they run deployed. */
export async function readCompatibility(file = `${root}wrangler.toml`): Promise<Compatibility> {
  const text = await readFile(file, "utf8");
  const date = /^compatibility_date\s*=\s*"(\d{4}-\d{2}-\d{2})"/m.exec(text)?.[1];
  if (date === undefined) throw new Error(`${file} has no line compatibility_date = "YYYY-MM-DD"`);
  const flags = /^compatibility_flags\s*=\s*\[([^\]]*)\]/m.exec(text)?.[1] ?? "";
  return { date, flags: [...flags.matchAll(/"([^"]+)"/g)].map(([, flag]) => flag ?? "") };
}
