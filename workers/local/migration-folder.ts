/** What drizzle-kit writes, as the engine applies it. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SqlMigration } from "@brain/engine/migrations";
import { readMigrationFiles } from "drizzle-orm/migrator";

/** The migrations of a folder, the oldest first. @throws {Error} it has no journal, or a file of it is missing */
export async function readMigrationFolder(folder: string): Promise<readonly SqlMigration[]> {
  const files = readMigrationFiles({ migrationsFolder: folder });
  const journal = JSON.parse(await readFile(join(folder, "meta/_journal.json"), "utf8")) as {
    readonly entries: readonly { readonly tag: string }[];
  };
  return files.map(({ sql, hash, folderMillis }, at) => ({
    tag: journal.entries[at]?.tag ?? "",
    when: folderMillis,
    hash,
    statements: sql.map((statement) => statement.trim()).filter((statement) => statement !== ""),
  }));
}
