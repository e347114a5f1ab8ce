import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { SqlMigrationSet } from "@brain/engine/migrations";
import { readMigrationFiles } from "drizzle-orm/migrator";

/* The tables of the modules, as drizzle-kit writes them. For Node: a Worker has no files, and needs none. */

const folder = fileURLToPath(new URL("../migrations", import.meta.url).href);

export async function readMigrations(): Promise<SqlMigrationSet> {
  const journal = JSON.parse(await readFile(`${folder}/meta/_journal.json`, "utf8")) as {
    readonly entries: readonly { readonly tag: string }[];
  };
  const migrations = readMigrationFiles({ migrationsFolder: folder }).map((file, index) => ({
    tag: journal.entries[index]?.tag ?? `number ${index}`,
    when: file.folderMillis,
    hash: file.hash,
    statements: file.sql,
  }));
  return { owner: "sample-shop", journal: { schema: "drizzle", table: "__drizzle_migrations" }, migrations };
}
