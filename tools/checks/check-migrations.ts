/** Fails when the tables in the code say something that no migration does, or when migrations contradict each other. */

import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import product from "../../drizzle.config.ts";
import engine from "../../drizzle.engine.config.ts";
import { root } from "../root.ts";

/** drizzle-kit asks when it takes a column for a renamed one; nobody answers here. */
const timeLimitMs = 60_000;

function drizzleKit(command: string, configFile: string): void {
  const { status, stdout, stderr } = spawnSync("drizzle-kit", [command, `--config=${configFile}`], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeLimitMs,
  });
  if (status !== 0)
    throw new Error(`drizzle-kit ${command} failed (${status ?? "time limit"}).\n${stdout}${stderr}`);
}

/** @returns true when `migrations` of a configuration make the tables that its code has */
async function isComplete(config: typeof engine, of: string, folder: string): Promise<boolean> {
  const out = join(folder, "migrations");
  await cp(join(root, config.out ?? ""), out, { recursive: true });
  const configFile = join(folder, "drizzle.config.json");
  // drizzle-kit puts "./" before the folder, so it must be told from here.
  await writeFile(configFile, JSON.stringify({ ...config, out: relative(root, out) }));
  const before = new Set(await readdir(out));
  drizzleKit("check", relative(root, configFile));
  drizzleKit("generate", relative(root, configFile));
  const added = (await readdir(out)).filter((name) => !before.has(name));
  if (added.length > 0) {
    console.error(
      `✗ The tables of ${of} have changes that no migration makes. Run npm run db:generate and review it.`,
    );
  }
  return added.length === 0;
}

for (const [of, config] of [
  ["the engine", engine],
  ["the modules", product],
] as const) {
  const folder = await mkdtemp(join(tmpdir(), "brain-migrations-"));
  try {
    if (await isComplete(config, of, folder)) console.log(`✓ migrations make the tables of ${of}`);
    else process.exitCode = 1;
  } catch (error) {
    console.error(`✗ ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
