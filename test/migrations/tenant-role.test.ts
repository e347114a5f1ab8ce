import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { createDatabase } from "../../src/engine/db/database.ts";
import { MigrationError, migrate } from "../../src/engine/migrations/index.ts";
import { withDatabase } from "../../workers/local/neon/database.ts";
import { startNeonGateway } from "../../workers/local/neon/gateway.ts";
import { startPostgres } from "../../workers/local/postgres/server.ts";

/* The role of tenants, on a server of its own, because a server has one: who can make it, and who can take it. */

let dataDir: string;
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let admin: pg.Client;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "brain-tenant-role-"));
  postgres = await startPostgres({ dataDir, fsync: false });
  admin = new pg.Client({ connectionString: postgres.url });
  await admin.connect();
});
afterAll(async () => {
  await admin?.end();
  await postgres?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

beforeEach(() => async () => {
  await admin.query("DROP DATABASE IF EXISTS shop WITH (FORCE)");
  await admin.query("DROP ROLE IF EXISTS brain_tenant");
  await admin.query("DROP ROLE IF EXISTS keeper, worker");
});

/** A database of a role that may do what `rights` say; its connection string behind the gateway. */
async function databaseOf(rights: string): Promise<string> {
  await admin.query(`CREATE ROLE keeper LOGIN NOSUPERUSER ${rights} PASSWORD 'key'`);
  await admin.query("CREATE DATABASE shop OWNER keeper");
  const url = new URL(withDatabase(postgres.url, "shop"));
  url.username = "keeper";
  url.password = "key";
  const gateway = await startNeonGateway({ databaseUrl: url.href });
  onTestFinished(() => gateway.close());
  return gateway.connectionString();
}

const record = (id: number, tenant: string | null) => sql`
  INSERT INTO events (id, type, source, tenant_id, schema_version, producer, source_module, meta, payload, occurred_at)
  VALUES (${`00000000-0000-4000-8000-00000000000${id}`}::uuid, 'a.b', 's', ${tenant}, 1, 'p', 'a', '{}', '{}', now())`;

/** Two tenants record an event each, and each sees its own. */
async function expectWall(databaseUrl: string): Promise<void> {
  const all = createDatabase(databaseUrl);
  await all.batch([record(1, "a"), record(2, null)]);
  await all.ofTenant("b").transaction((tx) => tx.execute(record(3, "b")));
  await expect(all.ofTenant("b").rows(record(4, "a"))).rejects.toThrow("42501");
  const seen = sql`SELECT count(*)::integer AS n, max(tenant_id) AS whose FROM events`;
  expect(await all.ofTenant("a").rows(seen)).toEqual([{ n: 1, whose: "a" }]);
  expect(await all.ofTenant("b").rows(seen)).toEqual([{ n: 1, whose: "b" }]);
  expect(await all.rows(seen)).toEqual([{ n: 3, whose: "b" }]);
}

test("a role that may create roles makes it, also one that passes policies by itself, as at Neon", async () => {
  const databaseUrl = await databaseOf("CREATEROLE BYPASSRLS");
  await migrate({ databaseUrl });
  await expectWall(databaseUrl);
});

test("one that may not is told what to have done, nothing is applied, and it works when that was done", async () => {
  const databaseUrl = await databaseOf("NOCREATEROLE");
  const refused = await migrate({ databaseUrl }).then(
    () => null,
    (error: unknown) => error as MigrationError,
  );
  expect(refused).toBeInstanceOf(MigrationError);
  expect(refused?.message).toContain("the role brain_tenant is not there, and keeper may not create roles");
  expect(await createDatabase(databaseUrl).rows(sql`SELECT to_regclass('events') AS events`)).toEqual([
    { events: null },
  ]);
  const toDo = /Let a role that may create roles run: (.+)\. Then run this again\./.exec(
    refused?.message ?? "",
  )?.[1];
  await admin.query(toDo ?? "");
  await migrate({ databaseUrl });
  await expectWall(databaseUrl);
});

test("a role that was made by somebody else and not granted is asked for", async () => {
  await admin.query("CREATE ROLE brain_tenant NOLOGIN");
  const databaseUrl = await databaseOf("NOCREATEROLE");
  await expect(migrate({ databaseUrl })).rejects.toThrow(
    "keeper may not take the role brain_tenant (SQLSTATE 42501). Nothing of this run was applied. Let a role that may create roles run: GRANT brain_tenant TO keeper WITH INHERIT FALSE.",
  );
});

test("a role of this name that passes policies by is no wall, and is refused", async () => {
  await admin.query("CREATE ROLE brain_tenant NOLOGIN BYPASSRLS");
  const databaseUrl = await databaseOf("NOCREATEROLE");
  await admin.query("GRANT brain_tenant TO keeper WITH INHERIT FALSE");
  await expect(migrate({ databaseUrl })).rejects.toThrow("ALTER ROLE brain_tenant NOSUPERUSER NOBYPASSRLS");
});

test("another role that works on the tables and takes it sees all rows itself, because it does not inherit", async () => {
  const databaseUrl = await databaseOf("CREATEROLE");
  await migrate({ databaseUrl });
  await createDatabase(databaseUrl).batch([record(1, "a"), record(2, "b")]);
  await admin.query("CREATE ROLE worker LOGIN PASSWORD 'key'");
  await admin.query("GRANT brain_tenant TO worker WITH INHERIT FALSE");
  const owner = new pg.Client({ connectionString: withDatabase(postgres.url, "shop") });
  await owner.connect();
  await owner.query("GRANT SELECT, INSERT ON events TO worker");
  await owner.end();
  const url = new URL(withDatabase(postgres.url, "shop"));
  url.username = "worker";
  url.password = "key";
  const gateway = await startNeonGateway({ databaseUrl: url.href });
  onTestFinished(() => gateway.close());
  const worker = createDatabase(gateway.connectionString());
  const count = sql`SELECT count(*)::integer AS n FROM events`;
  expect(await worker.rows(count)).toEqual([{ n: 2 }]);
  expect(await worker.ofTenant("a").rows(count)).toEqual([{ n: 1 }]);
  // The control: one that inherits is held by the policies of the role.
  await admin.query("GRANT brain_tenant TO worker WITH INHERIT TRUE");
  expect(await worker.rows(count)).toEqual([{ n: 0 }]);
});
