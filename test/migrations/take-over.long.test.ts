import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate as migrateWithDrizzle } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { migrations as ofEngine } from "../../src/engine/db/migration-list.ts";
import { applyMigrations, migrate as migrateEngine } from "../../src/engine/migrations/index.ts";
import { migrations as engineStatements } from "../../src/engine/migrations/list.ts";
import { productMigrations } from "../../src/migration-list.ts";
import { describeSchema } from "../../tools/generated/dump-schema.ts";
import { root } from "../../tools/root.ts";
import { migrate, migrationsAhead } from "../../workers/local/migrate.ts";
import { readMigrationFolder } from "../../workers/local/migration-folder.ts";
import { waitFor } from "../wait-for.ts";
import { createEarlierDatabase, createOwnDatabase, loadRelease, type OwnDatabase } from "./databases.ts";

/*
 * Releases up to 0019 noted the migrations of engine and product in one journal. Their databases move over.
 */

/** All migrations since then, in the order in which they are applied. */
async function since({ rows }: OwnDatabase) {
  const [newest] = await rows<{ at: number }>(
    "SELECT max(created_at)::float8 AS at FROM drizzle.__drizzle_migrations",
  );
  const product = await readMigrationFolder(`${root}migrations`);
  const named = [
    ...engineStatements.map((migration) => ({ ...migration, name: `${migration.tag} of the engine` })),
    ...product.map((migration) => ({ ...migration, name: migration.tag })),
  ];
  return named.filter(({ when }) => when > (newest?.at ?? 0)).sort((one, other) => one.when - other.when);
}

/** What the statements of the migrations since then do to a release's database, each run once by hand. */
async function commandsSince(release: "0011" | "0019"): Promise<string[]> {
  const twin = await loadRelease(release);
  const commands = await watchCommands(twin);
  for (const { statements } of await since(twin)) {
    for (const statement of statements) if (statement.trim() !== "") await twin.client.query(statement);
  }
  return commands();
}

type TableRows = ReadonlyMap<string, readonly Record<string, unknown>[]>;

async function readRows({ rows }: OwnDatabase): Promise<TableRows> {
  const tables = await rows<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1",
  );
  const all = new Map<string, Record<string, unknown>[]>();
  for (const { name } of tables) {
    const found = await rows<{ row: Record<string, unknown> }>(
      `SELECT to_jsonb(t) AS row FROM public.${pg.escapeIdentifier(name)} t ORDER BY to_jsonb(t)::text`,
    );
    all.set(
      name,
      found.map(({ row }) => row),
    );
  }
  return all;
}

/** Rows of `after` in the tables and columns that `before` had. */
function inColumnsOf(before: TableRows, after: TableRows): TableRows {
  return new Map(
    [...before].map(([table, [first = {}]]) => {
      const columns = Object.keys(first);
      const cut = (after.get(table) ?? []).map((row) =>
        Object.fromEntries(columns.map((column) => [column, row[column]])),
      );
      return [table, cut.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))];
    }),
  );
}

const engineTimes = ({ rows }: OwnDatabase) =>
  rows<{ at: number }>("SELECT created_at::float8 AS at FROM brain_engine.migrations ORDER BY id").then(
    (found) => found.map(({ at }) => at),
  );
const sharedTimes = ({ rows }: OwnDatabase) =>
  rows<{ at: number }>("SELECT created_at::float8 AS at FROM drizzle.__drizzle_migrations ORDER BY id").then(
    (found) => found.map(({ at }) => at),
  );
const timesOf = (migrations: readonly { readonly when: number }[]) => migrations.map(({ when }) => when);

/** The schema of a database that began with this release. */
async function freshSchema(): Promise<readonly string[]> {
  const fresh = await createOwnDatabase();
  await migrate(fresh.url);
  expect(await engineTimes(fresh)).toEqual(timesOf(ofEngine));
  expect(await sharedTimes(fresh)).toEqual(timesOf(productMigrations.migrations));
  return schemaOf(fresh);
}

/**
 * The schema as a text that is the same for what pg_dump has written and Postgres has read again, which gives casts other
 * brackets.
 */
async function schemaOf({ client }: OwnDatabase): Promise<readonly string[]> {
  const parts = await describeSchema(client);
  return parts.map((part) => part.replace(/::(character varying|text)(\[\])?|[()]/g, ""));
}

/** Notes each command that changes something else than rows, from now on. */
async function watchCommands({ client, rows }: OwnDatabase): Promise<() => Promise<string[]>> {
  await client.query(`
    CREATE SCHEMA watch;
    CREATE TABLE watch.commands (id serial, what text);
    CREATE FUNCTION watch.note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO watch.commands (what)
      SELECT command_tag || ' ' || object_identity FROM pg_event_trigger_ddl_commands(); END $$;
    CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION watch.note();`);
  return async () =>
    (await rows<{ what: string }>("SELECT what FROM watch.commands ORDER BY id")).map(({ what }) => what);
}

test("a database of the last release with one journal moves over as it is, and only once", async () => {
  const database = await loadRelease("0019");
  const before = await readRows(database);
  const shared = await sharedTimes(database);
  expect(before.get("events")).toHaveLength(46);
  expect(before.get("paycore_transactions")).toHaveLength(2);
  const later = await since(database);
  const missing = later.map(({ name }) => name);
  const ahead = await migrationsAhead(database.url);
  expect(ahead.kind).toBe("behind");
  expect("missing" in ahead && [...ahead.missing].sort()).toEqual([...missing].sort());

  const commands = await watchCommands(database);
  await migrate(database.url);
  expect(new Set(await commands())).toEqual(
    new Set([
      "CREATE SCHEMA brain_engine",
      "CREATE SEQUENCE brain_engine.migrations_id_seq",
      "CREATE TABLE brain_engine.migrations",
      "CREATE INDEX brain_engine.migrations_pkey",
      "ALTER SEQUENCE brain_engine.migrations_id_seq",
      ...(await commandsSince("0019")),
    ]),
  );
  const after = await readRows(database);
  expect(inColumnsOf(before, after)).toEqual(before);
  expect(await engineTimes(database)).toEqual(timesOf(ofEngine));
  const ofProduct = later.filter(({ name }) => !name.endsWith("of the engine"));
  expect(await sharedTimes(database)).toEqual([...shared, ...timesOf(ofProduct)]);

  const made = (await commands()).length;
  await migrate(database.url);
  expect(await migrateEngine({ databaseUrl: database.neonUrl })).toEqual([]);
  expect(await commands()).toHaveLength(made);
  expect(await engineTimes(database)).toEqual(timesOf(ofEngine));
  expect(await readRows(database)).toEqual(after);
  expect(await schemaOf(database)).toEqual(await freshSchema());
});

test("control: a journal that says nothing of them, and the first migration meets its own tables", async () => {
  const database = await loadRelease("0019");
  const before = await readRows(database);
  await database.client.query(
    "CREATE SCHEMA brain_engine CREATE TABLE migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)",
  );
  await expect(migrate(database.url)).rejects.toMatchObject({
    name: "MigrationError",
    migration: "0000_init of the engine",
    statement: 1,
    sqlState: "42P07",
    message: expect.stringMatching(/already exists .*Nothing of this run was applied\./),
  });
  expect(await engineTimes(database)).toEqual([]);
  expect(await readRows(database)).toEqual(before);
});

test("an older one gets what it lacks, in the order of then, and keeps its rows", async () => {
  const database = await loadRelease("0011");
  const before = await readRows(database);
  const missing = (await since(database)).map(({ name }) => name);
  const ahead = await migrationsAhead(database.url);
  expect(ahead.kind).toBe("behind");
  expect("missing" in ahead && [...ahead.missing].sort()).toEqual([...missing].sort());
  const commands = await watchCommands(database);
  await migrate(database.url);
  // Each statement of those migrations once, and none of an earlier one.
  const isOfTables = (what: string) => /^(ALTER|CREATE) TABLE public/.test(what);
  expect((await commands()).filter(isOfTables)).toEqual((await commandsSince("0011")).filter(isOfTables));
  const after = await readRows(database);
  for (const [table, rows] of before) {
    const kept = (after.get(table) ?? []).map((row) => textOf(row, Object.keys(rows[0] ?? {})));
    const renamed = table !== "processed_events";
    for (const row of rows) {
      const expected = renamed ? withNewName(row) : row;
      expect(kept, table).toContain(textOf(expected, Object.keys(row)));
    }
    expect(kept.length, table).toBe(rows.length + (table === "processed_events" ? 2 : 0));
  }
  expect(after.get("course_distribution_courses")).toHaveLength(2);
  expect(await engineTimes(database)).toEqual(timesOf(ofEngine));
  expect((await sharedTimes(database)).at(-1)).toBe(productMigrations.migrations.at(-1)?.when);
  expect(await schemaOf(database)).toEqual(await freshSchema());
});

/** 0012 gives the consumer of access another name, in all rows that are only its own. */
const withNewName = (row: Record<string, unknown>) =>
  row.subscriber_name === "course_access_handler" ? { ...row, subscriber_name: "course_access" } : row;

const textOf = (row: Record<string, unknown>, columns: readonly string[]) =>
  JSON.stringify([...columns].sort().map((column) => [column, row[column]]));

test("so does one of any release before", async () => {
  const fresh = await freshSchema();
  for (let count = 1; count <= 20; count += 1) {
    const database = await createEarlierDatabase(count);
    await migrate(database.url);
    expect(await schemaOf(database), `after ${count} migrations`).toEqual(fresh);
    expect(await engineTimes(database), `after ${count} migrations`).toEqual(timesOf(ofEngine));
  }
}, 180_000);

test("runs at once line up, whichever driver they have, and behind the migrator of an earlier release", async () => {
  const database = await loadRelease("0011");
  // As that one holds its lock while it works.
  await database.client.query("SELECT pg_advisory_lock($1)", [0x62726169]);
  const runs = [
    migrate(database.url),
    migrateEngine({ databaseUrl: database.neonUrl }),
    migrate(database.url),
    migrateEngine({ databaseUrl: database.neonUrl }),
  ];
  const all = Promise.allSettled(runs);
  await waitFor(
    "all four wait for the lock",
    () =>
      database.rows<{ n: number }>(
        `SELECT count(*)::integer AS n FROM pg_locks
         WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      ),
    ([found]) => found?.n === 4,
  );
  expect(await database.rows("SELECT to_regclass('brain_engine.migrations') AS made")).toEqual([
    { made: null },
  ]);
  await database.client.query("SELECT pg_advisory_unlock($1)", [0x62726169]);
  expect((await all).map(({ status }) => status)).toEqual(Array(4).fill("fulfilled"));
  expect(await engineTimes(database)).toEqual(timesOf(ofEngine));
  expect(new Set(await sharedTimes(database)).size).toBe((await sharedTimes(database)).length);
  expect(await migrationsAhead(database.url)).toEqual({ kind: "current" });
});

test("a product that has drizzle's journal for its own migrations gets all of the engine's", async () => {
  const database = await createOwnDatabase();
  await database.client.query("CREATE SCHEMA drizzle");
  await database.client.query(
    "CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)",
  );
  // Later than all of ours, so a judgement by the newest alone would pass them over.
  await database.client.query(
    "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('theirs', $1)",
    [Date.now() + 86_400_000 * 365],
  );
  expect(await migrateEngine({ databaseUrl: database.neonUrl })).toHaveLength(ofEngine.length);
  expect(await database.rows("SELECT count(*)::integer AS n FROM events")).toEqual([{ n: 0 }]);
  expect(await database.rows("SELECT hash FROM drizzle.__drizzle_migrations")).toEqual([{ hash: "theirs" }]);
});

test("a database made from the engine's tables alone gets the modules' later, and then is whole", async () => {
  const database = await createOwnDatabase();
  await drizzle(database.client).transaction((tx) => applyMigrations(tx));
  expect(await migrationsAhead(database.url)).toEqual({
    kind: "behind",
    missing: productMigrations.migrations.map(({ tag }) => tag),
  });
  await migrate(database.url);
  expect(await schemaOf(database)).toEqual(await freshSchema());
});

test("the release before finds what it looks for, and its migrator has nothing to do", async () => {
  const moved = await loadRelease("0019");
  const itsTimes = await sharedTimes(moved);
  const folder = await mkdtemp(join(tmpdir(), "brain-release-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "meta"));
  const entries = itsTimes.map((when, idx) => ({
    idx,
    version: "7",
    when,
    tag: `m${idx}`,
    breakpoints: true,
  }));
  await writeFile(
    join(folder, "meta/_journal.json"),
    JSON.stringify({ version: "7", dialect: "postgresql", entries }),
  );
  for (const { tag } of entries) await writeFile(join(folder, `${tag}.sql`), "SELECT applied_again()");

  for (const database of [moved, await loadRelease("0011"), await createOwnDatabase()]) {
    await migrate(database.url);
    // Its health and its `--status`.
    const [row] = await database.rows<{ newest: number }>(
      "SELECT max(created_at)::float8 AS newest FROM drizzle.__drizzle_migrations",
    );
    expect(itsTimes.filter((when) => when > (row?.newest ?? 0))).toEqual([]);
    await migrateWithDrizzle(drizzle(database.client), { migrationsFolder: folder });
  }
  // Control: what it would do to a database that nobody has migrated.
  const empty = await createOwnDatabase();
  await expect(migrateWithDrizzle(drizzle(empty.client), { migrationsFolder: folder })).rejects.toThrow(
    /applied_again/,
  );
});
