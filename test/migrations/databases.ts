/** Databases of their own, as earlier releases have left them. */

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { inject, onTestFinished } from "vitest";
import { migrations as ofEngine } from "../../src/engine/migrations/list.ts";
import { readMigrationFolder } from "../../workers/local/migration-folder.ts";
import { withDatabase } from "../../workers/local/neon/database.ts";

export interface OwnDatabase {
  /** For plain Postgres. */
  readonly url: string;
  /** For the driver of Neon, through its gateway. */
  readonly neonUrl: string;
  rows<Row = Record<string, unknown>>(text: string, params?: unknown[]): Promise<Row[]>;
  readonly client: pg.Client;
}

const folderOf = (path: string) => fileURLToPath(new URL(path, import.meta.url).href);

/** An empty database; it goes with the test. */
export async function createOwnDatabase(): Promise<OwnDatabase> {
  const services = inject("services");
  const name = `migrated_${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`;
  const admin = new pg.Client({ connectionString: services.databaseUrl });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  const url = withDatabase(services.databaseUrl, name);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(async () => {
    await client.end();
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.end();
  });
  return {
    url,
    neonUrl: withDatabase(services.neonUrl, name),
    client,
    async rows<Row>(text: string, params: unknown[] = []) {
      return (await client.query(text, params)).rows as Row[];
    },
  };
}

/** The dump of a release that ran, with what it had recorded. */
export async function loadRelease(release: "0011" | "0019"): Promise<OwnDatabase> {
  const database = await createOwnDatabase();
  await database.client.query(await readFile(folderOf(`release-${release}.sql`), "utf8"));
  // The dump takes the path away, so that nothing in it depends on it.
  await database.client.query("RESET ALL");
  return database;
}

/**
 * The tables of a release up to 0019, empty: all migrations of engine and product whose number is below `count`, noted
 * in the one journal that those releases had.
 */
export async function createEarlierDatabase(count: number): Promise<OwnDatabase> {
  const database = await createOwnDatabase();
  const { client } = database;
  const product = await readMigrationFolder(folderOf("../../migrations"));
  const all = [...ofEngine, ...product].sort((one, other) => one.when - other.when);
  await client.query("CREATE SCHEMA drizzle");
  await client.query(
    "CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)",
  );
  for (const { tag, when, hash, statements } of all) {
    if (Number(tag.slice(0, 4)) >= count) continue;
    for (const statement of statements) await client.query(statement);
    await client.query(
      `INSERT INTO drizzle.__drizzle_migrations (hash, created_at) SELECT $1, $2::bigint
       WHERE NOT EXISTS (SELECT FROM drizzle.__drizzle_migrations WHERE created_at = $2::bigint)`,
      [hash, when],
    );
  }
  return database;
}
