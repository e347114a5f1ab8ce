import { spawnSync } from "node:child_process";
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { grantForTenants } from "@brain/engine/migrations";

/*
 * npm run db:generate -- --name what_changed: drizzle-kit writes the migration. Tables with `...tenantRows()` get what the
 * role of tenants is granted, which it does not know; take away by hand what no request of a tenant needs.
 */

const folder = fileURLToPath(new URL("../migrations/", import.meta.url).href);
const files = () => readdirSync(folder).filter((name) => name.endsWith(".sql"));

const before = new Set(files());
const { status, error } = spawnSync("drizzle-kit", ["generate", ...process.argv.slice(2)], {
  stdio: "inherit",
  shell: process.platform === "win32",
});
if (error !== undefined)
  console.error(`drizzle-kit cannot be run: ${error.message}. Is it npm run db:generate?`);
for (const name of files().filter((file) => !before.has(file))) {
  const grant = grantForTenants(readFileSync(folder + name, "utf8"));
  if (grant !== null) appendFileSync(folder + name, `--> statement-breakpoint\n${grant}`);
}
process.exitCode = status ?? 1;
