/**
 * `npm run db:generate`: writes the migrations of tables that were changed, the engine's and those of the modules, each
 * in its folder. Options go to drizzle-kit: `-- --name add_books`. An empty one, to be written by hand, belongs to one of
 * them: `-- --custom --name fill_books` makes it for the modules, and with `--engine` in front for the engine.
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url).href);
const given = process.argv.slice(2);
const options = given.filter((option) => option !== "--engine");
const isForEngine = options.length < given.length;
const engine = "drizzle.engine.config.ts";
const product = "drizzle.config.ts";
const configs = isForEngine ? [engine] : options.includes("--custom") ? [product] : [engine, product];

for (const config of configs) {
  const { status, error } = spawnSync("drizzle-kit", ["generate", `--config=${config}`, ...options], {
    cwd: root,
    stdio: "inherit",
  });
  if (error !== undefined) console.error(`✗ drizzle-kit cannot be run: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}
