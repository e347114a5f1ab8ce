import { sql } from "drizzle-orm";
import { createDatabase, type Database } from "../db/database.ts";
import { migrate } from "../migrations/index.ts";
import type { SqlMigrationSet } from "../migrations/sql-migration.ts";

/** A database that is one test's. */
export interface TestDatabase {
  readonly url: string;
  readonly db: Database;
  /** Ends what is still connected to it. */
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** Any database of the server, as a role that may create others; it is not touched. */
  readonly serverUrl: string;
  readonly name: string;
  readonly also: readonly SqlMigrationSet[];
  readonly statements: readonly string[];
}

/** @throws {Error} with what to do, when the role may not create a database or a statement is refused */
export async function createTestDatabase(options: TestDatabaseOptions): Promise<TestDatabase> {
  const { serverUrl, name } = options;
  const server = createDatabase(serverUrl);
  await server.rows(sql`CREATE DATABASE ${sql.identifier(name)}`).catch((error: unknown) => {
    throw new Error(
      "The database of the test could not be created. services.databaseUrl has to lead to a Postgres behind Neon's protocol, as a role that may create databases (ALTER ROLE … CREATEDB).",
      { cause: error },
    );
  });
  const drop = async () => {
    await server.rows(sql`DROP DATABASE IF EXISTS ${sql.identifier(name)} WITH (FORCE)`);
  };
  try {
    const url = withDatabase(serverUrl, name);
    await migrate({ databaseUrl: url, also: options.also });
    const db = createDatabase(url);
    await db.batch(options.statements.map((statement) => sql.raw(statement)));
    return { url, db, drop };
  } catch (error) {
    await drop().catch(() => undefined);
    throw error;
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
