/** The door to the engine's tables: bring a database to what this release needs. */

import type { MigrationSet, SchemaState } from "../core/schema-state.ts";
import { createDatabase } from "../db/database.ts";
import { readSchemaState } from "../db/read-schema-state.ts";
import { applyMigrations, inspectMigrations, withoutStatements } from "./apply.ts";
import { runMigrateCommand } from "./command.ts";
import type { SqlMigrationSet } from "./sql-migration.ts";

export type { Migration, MigrationSet, SchemaState } from "../core/schema-state.ts";
export { applyMigrations, inspectMigrations, type MigrationTx, withoutStatements } from "./apply.ts";
export { type MigrateRun, type MigrateRunOptions, runMigrateCommand } from "./command.ts";
export { MigrationError } from "./migration-error.ts";
export type { SqlMigration, SqlMigrationSet } from "./sql-migration.ts";
export { grantForTenants } from "./tenant-grants.ts";

export interface MigrateOptions {
  /** `postgres://user:password@host/database`, of Neon or of a gateway on loopback. */
  readonly databaseUrl: string;
  /** Migrations of the product, applied and noted in the same transaction; default: none. */
  readonly also?: readonly SqlMigrationSet[];
  /** True: applies nothing, and says what it would. */
  readonly dryRun?: boolean;
}

/**
 * Makes the engine's tables, or changes them to those of this release, over one WebSocket session and in one
 * transaction. Idempotent; several at once line up. For another driver than Neon's see `applyMigrations`.
 *
 * @returns the names of the migrations that were applied, or with `dryRun` would be, the oldest first
 * @throws {MigrationError} one was refused, and nothing was applied
 * @throws {TransientError} Postgres is not reachable
 */
export async function migrate({
  databaseUrl,
  also = [],
  dryRun = false,
}: MigrateOptions): Promise<readonly string[]> {
  const db = openDatabase(databaseUrl);
  return db.transaction(async (tx) => {
    if (!dryRun) return applyMigrations(tx, also);
    const state = await inspectMigrations(tx, also);
    return state.kind === "behind" ? state.missing : [];
  });
}

/**
 * `npm run migrate` of a product, by the driver of Neon: applies what is missing; `--status` and `--dry-run` say what is,
 * `--status` with exit code 1; anything else is refused with 2. It says what it met in one line, with the name of the
 * setting, and throws nothing.
 *
 * ```ts
 * process.exitCode = await migrateCommand(process.argv.slice(2), process.env, [await readMigrations()]);
 * ```
 *
 * @param args what stands behind the program
 * @param env has `NEON_DATABASE_URL`
 * @returns the exit code
 */
export function migrateCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  also: readonly SqlMigrationSet[] = [],
): Promise<number> {
  return runMigrateCommand({
    args,
    env,
    settings: ["NEON_DATABASE_URL"],
    open: (databaseUrl) => ({
      apply: () => migrate({ databaseUrl, also }),
      inspect: () => openDatabase(databaseUrl).transaction((tx) => inspectMigrations(tx, also)),
      empty: withoutStatements(also),
    }),
  });
}

/**
 * How a database stands to this release, over HTTP; changes nothing.
 *
 * @returns `unknown` when the role may not read what was applied
 * @throws {TransientError} Postgres is not reachable
 */
export async function migrationStatus(options: {
  readonly databaseUrl: string;
  readonly also?: readonly MigrationSet[];
}): Promise<SchemaState> {
  return readSchemaState(openDatabase(options.databaseUrl), options.also ?? []);
}

function openDatabase(databaseUrl: string) {
  if (!URL.canParse(databaseUrl) || !/^postgres(ql)?:/.test(databaseUrl)) {
    throw new TypeError(
      "databaseUrl is no address of a database, expected one like postgres://user:password@host/database.",
    );
  }
  return createDatabase(databaseUrl);
}
