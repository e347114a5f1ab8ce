/** Brings a database to the newest migrations of engine and product. Also a program: DATABASE_URL=… node workers/local/migrate.ts */

import { fileURLToPath } from "node:url";
import {
  applyMigrations,
  inspectMigrations,
  MigrationError,
  type MigrationTx,
  type SchemaState,
} from "@brain/engine/migrations";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { productMigrations } from "../../src/migration-list.ts";
import { readMigrationFolder } from "./migration-folder.ts";
import { probePostgres, ServiceAwayError } from "./named-services.ts";
import { postgresSettings } from "./neon-database.ts";

const migrationsFolder = fileURLToPath(new URL("../../migrations", import.meta.url).href);

/** Applies what is missing, all or nothing; idempotent. Several programs may start at once: they line up. */
export async function migrate(databaseUrl: string): Promise<void> {
  // From the folder, because the list in the code may not be generated yet.
  const product = { ...productMigrations, migrations: await readMigrationFolder(migrationsFolder) };
  await inTransaction(databaseUrl, (tx) => applyMigrations(tx, [product]));
}

/** What a run would do: the migrations that the database has not, the oldest first. Changes nothing. */
export async function migrationsAhead(databaseUrl: string): Promise<SchemaState> {
  const product = { ...productMigrations, migrations: await readMigrationFolder(migrationsFolder) };
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

const usage = `Usage: DATABASE_URL=postgres://user:password@host/database npm run migrate -- [--dry-run | --status]
  --dry-run  says which migrations would be applied, and applies none
  --status   the same; the exit code is 1 when one is missing`;

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => !["--dry-run", "--status"].includes(arg));
  if (unknown !== undefined) {
    console.error(`${unknown} is not known.\n${usage}`);
    return 2;
  }
  const databaseUrl = process.env.DATABASE_URL || process.env.NEON_DATABASE_URL;
  if (!databaseUrl) {
    console.error(`DATABASE_URL is not set. Set it to the database to migrate.\n${usage}`);
    return 1;
  }
  const variable = process.env.DATABASE_URL ? "DATABASE_URL" : "NEON_DATABASE_URL";
  try {
    await probePostgres(databaseUrl, variable);
    if (args.length > 0) return tell(await migrationsAhead(databaseUrl), args.includes("--status"));
    await migrate(databaseUrl);
  } catch (error) {
    console.error(`✗ ${describeFailure(error)}`);
    return 1;
  }
  console.log("✓ migrations applied");
  return 0;
}

/** In one line. */
function describeFailure(error: unknown): string {
  const { message, cause } = error as Error;
  const said = message.split("\n", 1)[0] ?? "";
  const isComplete = error instanceof ServiceAwayError || error instanceof MigrationError;
  return cause instanceof Error && !isComplete ? `${said} ${cause.message}` : said;
}

function tell(state: SchemaState, fails: boolean): number {
  if (state.kind === "behind") {
    for (const tag of state.missing) console.log(`missing ${tag}`);
    console.log("Apply them with npm run migrate, before the code that needs them is rolled out.");
    return fails ? 1 : 0;
  }
  const newer = state.kind === "newer" ? "; it has newer ones too, which this code does not need" : "";
  console.log(`✓ the database has all migrations of this code${newer}`);
  return 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
