/** Brings a database to the newest version of `migrations/`. Also a program: DATABASE_URL=… node workers/local/migrate.ts */

import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate as migrateWithDrizzle } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";

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

if (import.meta.main) {
  const databaseUrl = process.env.DATABASE_URL ?? process.env.NEON_DATABASE_URL;
  if (!databaseUrl) {
    console.error(
      "DATABASE_URL is not set. Set it to the database to migrate: postgres://user:password@host/database",
    );
    process.exit(1);
  }
  await migrate(databaseUrl);
  console.log("✓ migrations applied");
}
