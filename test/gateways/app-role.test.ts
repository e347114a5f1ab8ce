import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { neon } from "@neondatabase/serverless";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate } from "../../workers/local/migrate.ts";
import { withDatabase } from "../../workers/local/neon/database.ts";
import { startPostgres } from "../../workers/local/postgres/server.ts";
import { type Services, startServices } from "../../workers/local/services.ts";
import { useLocalGateway } from "./neon-client.ts";

/* What the role of the workers may do on a PostgreSQL of npm start, also one whose data an earlier version made. */

let dataDir: string;
let services: Services;
beforeAll(async () => {
  useLocalGateway();
  dataDir = await mkdtemp(join(tmpdir(), "brain-role-"));
  // As in the shell of somebody who works with another server, too.
  Object.assign(process.env, { PGSSLMODE: "require", PGOPTIONS: "-c default_transaction_read_only=on" });
  // As earlier versions did: everything belongs to the administrator.
  const earlier = await startPostgres({ dataDir, fsync: false });
  await migrate(earlier.url);
  await earlier.stop();
  const env = { BRAIN_EVENTSTREAM_MODE: "degraded" };
  services = await startServices({ env, dataDir, fsync: false, limitsRole: true });
});
afterAll(async () => {
  await services?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function asWorker(statement: string): Promise<Record<string, unknown>[]> {
  return neon(services.neonUrl).query(statement);
}

test("it is no superuser, owns every table, and migrations run as it", async () => {
  await migrate(services.migrationUrl);
  expect(
    await asWorker("SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"),
  ).toEqual([{ rolsuper: false, rolcreatedb: false, rolcreaterole: false }]);
  const owners = await asWorker(
    "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname IN ('public', 'drizzle')",
  );
  expect(owners).toEqual([{ tableowner: "brain_app" }]);
  await asWorker("ALTER TABLE events ADD COLUMN of_a_later_release integer");
  await asWorker("ALTER TABLE events DROP COLUMN of_a_later_release");
  expect(await asWorker("SELECT count(*)::int AS count FROM events")).toEqual([{ count: 0 }]);
});

test.each([
  ["SELECT pg_read_file('/etc/passwd')"],
  ["COPY (SELECT 1) TO PROGRAM 'true'"],
  ["COPY (SELECT 1) TO '/tmp/brain-role-file'"],
  ["CREATE DATABASE another"],
  ["CREATE ROLE another SUPERUSER"],
  ["SELECT rolpassword FROM pg_authid"],
  ["ALTER SYSTEM SET work_mem = '1MB'"],
  ["SET ROLE brain"],
])("it may not: %s", async (statement) => {
  await expect(asWorker(statement)).rejects.toThrow(/permission denied|must be/);
  // Control: whoever runs the server may.
  if (!statement.startsWith("SELECT")) return;
  const admin = new pg.Client({ connectionString: services.databaseUrl });
  await admin.connect();
  await admin.query(statement);
  await admin.end();
});

test("what the shell says to clients of another Postgres is not for this one", async () => {
  const shown = "SHOW default_transaction_read_only";
  expect(await asWorker(shown)).toEqual([{ default_transaction_read_only: "off" }]);
  expect(process.env).not.toHaveProperty("PGSSLMODE");
  expect(process.env).not.toHaveProperty("PGOPTIONS");
});

test("it reaches no other database", async () => {
  for (const database of ["postgres", "template1"]) {
    const client = new pg.Client({ connectionString: withDatabase(services.neonUrl, database) });
    client.on("error", () => undefined);
    await expect(client.connect()).rejects.toThrow(/permission denied for database/);
  }
});
