/** Brings a database to the newest version of `migrations/`. Also a program: DATABASE_URL=… node workers/local/migrate.ts */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { judgeSchema, type Migration, type SchemaState } from "@brain/engine";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate as migrateWithDrizzle } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { probePostgres, ServiceAwayError } from "./named-services.ts";

const migrationsFolder = fileURLToPath(new URL("../../migrations", import.meta.url).href);

/** Any number, the same for everybody who migrates: it spells "brai". */
const MIGRATION_LOCK = 0x62726169;

/** Applies what is missing, in order; idempotent. Several programs may start at once: an advisory lock lines them up. */
export async function migrate(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await client.query("SET client_min_messages = warning");
    await migrateWithDrizzle(drizzle(client), { migrationsFolder });
  } finally {
    await client.end();
  }
}

/** The migrations in the folder, the oldest first. */
async function listMigrations(): Promise<readonly Migration[]> {
  const journal = await readFile(join(migrationsFolder, "meta/_journal.json"), "utf8");
  return (JSON.parse(journal) as { readonly entries: readonly Migration[] }).entries;
}

/** What a run would do: the migrations that the database has not, the oldest first. Changes nothing. */
export async function migrationsAhead(databaseUrl: string): Promise<SchemaState> {
  const migrations = await listMigrations();
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const known = await client.query("SELECT to_regclass('drizzle.__drizzle_migrations') AS known");
    if (known.rows[0]?.known === null) return judgeSchema(migrations, null);
    const { rows } = await client.query(
      "SELECT max(created_at)::float8 AS newest FROM drizzle.__drizzle_migrations",
    );
    return judgeSchema(migrations, rows[0]?.newest ?? null);
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

/** In one line, and what caused it: a refused statement is told by the driver below the migrator. */
function describeFailure(error: unknown): string {
  const { message, cause } = error as Error;
  const said = message.split("\n", 1)[0] ?? "";
  return cause instanceof Error && !(error instanceof ServiceAwayError) ? `${said} ${cause.message}` : said;
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
