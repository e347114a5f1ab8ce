/** Bundles both workers as a deployment would, without deploying, and prints what each weighs. */

import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "../root.ts";
import { loadedAtStart } from "./loaded-at-start.ts";

/**
 * Of each worker: what it loads when it starts, and that with what is loaded when it is asked for, as texts of courses,
 * routes and pages for operators. Bundles above it are a reason to look at what came in. Workerd reads all of it before the
 * first request, also what is loaded later, about 25 ms of processor time for a MiB before it is compressed; the platform's own limit is 3 MB on the free plan.
 */
const maxGzipKiB = { api: { start: 434, all: 880 }, consumer: { start: 320, all: 460 } };
const timeLimitMs = 300_000;

/** Of the modules that wrangler would upload, KiB: raw, and compressed one by one. */
async function sizesOf(folder: string) {
  const names = (await readdir(folder)).filter((name) => /\.m?js$/.test(name));
  if (!names.includes("index.js")) throw new Error(`wrangler wrote no index.js to ${folder}`);
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name))));
  const byName = new Map(names.map((name, place) => [name, String(texts[place])]));
  const all = [...byName].map(([name, text]) => ({
    name,
    raw: text.length / 1024,
    gzip: gzipSync(text).length / 1024,
  }));
  const atStart = loadedAtStart(Object.fromEntries(byName));
  const sum = (sizes: typeof all, of: "raw" | "gzip") => sizes.reduce((total, size) => total + size[of], 0);
  const main = all.filter(({ name }) => atStart.has(name));
  return { main: { raw: sum(main, "raw"), gzip: sum(main, "gzip") }, all: sum(all, "gzip") };
}

/** @throws Error with the output of wrangler */
function bundle(environment: string, folder: string): void {
  const args = ["deploy", "--dry-run", "--env", environment, "--outdir", join(folder, environment)];
  const { status, stdout, stderr } = spawnSync("wrangler", args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeLimitMs,
    env: {
      ...process.env,
      CI: "true",
      // Neither reports nor files outside of `folder`.
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_SEND_ERROR_REPORTS: "false",
      WRANGLER_HIDE_BANNER: "true",
      WRANGLER_WRITE_LOGS: "false",
      XDG_CONFIG_HOME: folder,
    },
  });
  if (status !== 0)
    throw new Error(`wrangler ${args.join(" ")} failed (${status ?? "time limit"}).\n${stdout}${stderr}`);
}

const folder = await mkdtemp(join(tmpdir(), "brain-bundles-"));
try {
  for (const environment of ["api", "consumer"] as const) {
    bundle(environment, folder);
    const { main, all } = await sizesOf(join(folder, environment));
    const most = maxGzipKiB[environment];
    const fits = main.gzip <= most.start && all <= most.all;
    const text = `${environment}: ${main.gzip.toFixed(1)} KiB gzip of at most ${most.start} KiB (${main.raw.toFixed(0)} KiB raw), with what is loaded later ${all.toFixed(1)} of ${most.all}`;
    if (fits) console.log(`✓ ${text}`);
    else {
      console.error(`✗ ${text}. Look for a new dependency with esbuild's --analyze.`);
      process.exitCode = 1;
    }
  }
} catch (error) {
  console.error(`✗ ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
