/** Brings a database to the newest migrations of engine and product. Also a program: DATABASE_URL=… node workers/local/migrate.ts */

import { fileURLToPath } from "node:url";
import {
  applyMigrations,
  inspectMigrations,
  type MigrationTx,
  runMigrateCommand,
  type SchemaState,
  withoutStatements,
} from "@brain/engine/migrations";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { productMigrations } from "../../src/migration-list.ts";
import { readMigrationFolder } from "./migration-folder.ts";
import { probePostgres } from "./named-services.ts";
import { postgresSettings } from "./neon/database.ts";

const migrationsFolder = fileURLToPath(new URL("../../migrations", import.meta.url).href);

/** From the folder, because the list in the code may not be generated yet. */
async function readProductMigrations() {
  return { ...productMigrations, migrations: await readMigrationFolder(migrationsFolder) };
}

/** Applies what is missing, all or nothing; idempotent. Several programs may start at once: they line up. */
export async function migrate(databaseUrl: string): Promise<void> {
  await applyMissing(databaseUrl);
}

/** `migrate`, with the names of what it applied. */
async function applyMissing(databaseUrl: string): Promise<readonly string[]> {
  const product = await readProductMigrations();
  return inTransaction(databaseUrl, (tx) => applyMigrations(tx, [product]));
}

/** What a run would do: the migrations that the database has not, the oldest first. Changes nothing. */
export async function migrationsAhead(databaseUrl: string): Promise<SchemaState> {
  const product = await readProductMigrations();
  return inTransaction(databaseUrl, (tx) => inspectMigrations(tx, [product]));
}

async function inTransaction<T>(databaseUrl: string, run: (tx: MigrationTx) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...postgresSettings(databaseUrl), connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined);
  await client.connect();
  // What went wrong first: on a lost connection drizzle fails again, at its ROLLBACK, and tells only that.
  let failure: unknown = null;
  try {
    return await drizzle(client).transaction((tx) =>
      run(tx).catch((error: unknown) => {
        failure = error;
        throw error;
      }),
    );
  } catch (error) {
    throw failure ?? error;
  } finally {
    await client.end();
  }
}

if (import.meta.main) {
  process.exitCode = await runMigrateCommand({
    args: process.argv.slice(2),
    env: process.env,
    settings: ["DATABASE_URL", "NEON_DATABASE_URL"],
    async open(databaseUrl, setting) {
      await probePostgres(databaseUrl, setting);
      return {
        apply: () => applyMissing(databaseUrl),
        inspect: () => migrationsAhead(databaseUrl),
        empty: withoutStatements([await readProductMigrations()]),
      };
    },
  });
}
