/**
 * `npm run db:generate`: writes the migrations of tables that were changed, the engine's and those of the modules, each
 * in its folder. Options go to drizzle-kit: `-- --name add_books`. An empty one, to be written by hand, belongs to one of
 * them: `-- --custom --name fill_books` makes it for the modules, and with `--engine` in front for the engine.
 *
 * Where it makes the policies of a table of tenants, which drizzle-kit knows, it adds what their role is granted, which
 * drizzle-kit does not know. Take away by hand what requests of a tenant do not need.
 */

import { spawnSync } from "node:child_process";
import { appendFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { grantForTenants } from "@brain/engine/migrations";
import { root } from "./root.ts";
import { unaskedQuestion } from "./unasked-question.ts";

const given = process.argv.slice(2);
const options = given.filter((option) => option !== "--engine");
const isForEngine = options.length < given.length;
const engine = { config: "drizzle.engine.config.ts", folder: `${root}src/engine/migrations/` };
const product = { config: "drizzle.config.ts", folder: `${root}migrations/` };
const targets = isForEngine ? [engine] : options.includes("--custom") ? [product] : [engine, product];

const filesOf = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith(".sql"));

/** drizzle-kit compares with the newest alone, and each is as large as all tables together. */
function keepNewestSnapshot(folder: string): void {
  const names = readdirSync(`${folder}meta`).filter((name) => name.endsWith("_snapshot.json"));
  for (const name of names.toSorted().slice(0, -1)) rmSync(`${folder}meta/${name}`);
}

/** Else it asks nothing, and what it writes can be read before it is shown. */
const canAsk = process.stdin.isTTY && process.stdout.isTTY;

for (const { config, folder } of targets) {
  const before = new Set(filesOf(folder));
  const { status, error, stdout, stderr } = spawnSync(
    "drizzle-kit",
    ["generate", `--config=${config}`, ...options],
    { cwd: root, stdio: canAsk ? "inherit" : ["inherit", "pipe", "pipe"], encoding: "utf8" },
  );
  const unasked = unaskedQuestion(stderr ?? "");
  if (unasked !== null) {
    console.error(`✗ ${config}: ${unasked}`);
    process.exit(1);
  }
  process.stdout.write(stdout ?? "");
  process.stderr.write(stderr ?? "");
  if (error !== undefined) console.error(`✗ drizzle-kit cannot be run: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
  for (const name of filesOf(folder)) {
    const grant = before.has(name) ? null : grantForTenants(readFileSync(folder + name, "utf8"));
    if (grant !== null) appendFileSync(folder + name, `--> statement-breakpoint\n${grant}`);
  }
  keepNewestSnapshot(folder);
}
