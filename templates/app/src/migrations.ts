import { fileURLToPath } from "node:url";
import type { SqlMigrationSet } from "@brain/engine/migrations";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { migrationList } from "./migration-list.ts";

/* The tables of the modules, as drizzle-kit writes them. For Node: a Worker has no files, and needs none. */

const folder = fileURLToPath(new URL("../migrations", import.meta.url).href);

export async function readMigrations(): Promise<SqlMigrationSet> {
  const migrations = readMigrationFiles({ migrationsFolder: folder }).map((file, index) => ({
    tag: migrationList.migrations[index]?.tag ?? `number ${index}`,
    when: file.folderMillis,
    hash: file.hash,
    statements: file.sql,
  }));
  return { ...migrationList, migrations };
}
