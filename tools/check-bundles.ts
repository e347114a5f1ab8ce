/** Bundles both workers as a deployment would, without deploying, and prints what each weighs. */

import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("../", import.meta.url).href);

/** A bundle above this is a reason to look at what came in; the platform's own limit is 3 MB on the free plan. */
const maxGzipKiB = 540;
const timeLimitMs = 300_000;

async function gzipKiB(folder: string): Promise<number> {
  const scripts = (await readdir(folder)).filter((name) => /\.m?js$/.test(name));
  if (scripts.length === 0) throw new Error(`wrangler wrote no script to ${folder}`);
  const sizes = scripts.map(async (name) => gzipSync(await readFile(join(folder, name))).length);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) / 1024;
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
  for (const environment of ["api", "consumer"]) {
    bundle(environment, folder);
    const size = await gzipKiB(join(folder, environment));
    const fits = size <= maxGzipKiB;
    const text = `${environment}: ${size.toFixed(1)} KiB gzip of at most ${maxGzipKiB} KiB`;
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
