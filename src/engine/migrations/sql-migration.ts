import type { Migration, MigrationSet } from "../core/schema-state.ts";

export interface SqlMigration extends Migration {
  /** SHA-256 of the file, hex; noted beside `when`, as drizzle does. */
  readonly hash: string;
  /** Empty ones are passed over. */
  readonly statements: readonly string[];
}

/** Migrations that can be applied. */
export interface SqlMigrationSet extends MigrationSet {
  readonly migrations: readonly SqlMigration[];
}
