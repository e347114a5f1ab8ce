import pg from "pg";
import { expect, inject, test } from "vitest";
import { withDatabase } from "../workers/local/neon/database.ts";
import { borrowDatabase, returnDatabase } from "./database-pool.ts";
import { createSandbox } from "./sandbox.ts";

/** Runs statements in a sandbox's database, one after the other; the rows of the last. */
async function inDatabase(databaseUrl: string, ...statements: string[]): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    let rows: unknown[] = [];
    for (const statement of statements) ({ rows } = await client.query(statement));
    return rows;
  } finally {
    await client.end();
  }
}

const action =
  "INSERT INTO operator_actions (action, actor_id, reason) VALUES ('test', 'a', 'b') RETURNING id";

test("a file's tests take turns with one database, and none sees what another put in", async () => {
  const first = await createSandbox();
  const [begin] = await inDatabase(first.databaseUrl, "CREATE TABLE of_a_test (n integer)", action);
  await first.cleanup();
  const second = await createSandbox();
  expect(second.databaseUrl).toBe(first.databaseUrl);
  expect(second.prefix).not.toBe(first.prefix);
  expect(await inDatabase(second.databaseUrl, "SELECT to_regclass('of_a_test') AS found")).toEqual([
    { found: null },
  ]);
  expect(await inDatabase(second.databaseUrl, "SELECT FROM operator_actions")).toEqual([]);
  // Identity columns begin anew too.
  expect(await inDatabase(second.databaseUrl, action)).toEqual([begin]);
  await second.cleanup();
});

test("tests that overlap have databases of their own", async () => {
  const [one, other] = await Promise.all([createSandbox(), createSandbox()]);
  expect(one.databaseUrl).not.toBe(other.databaseUrl);
  await Promise.all([one.cleanup(), other.cleanup()]);
});

test("tests of a file that begin together drop what the file before left once", async () => {
  const services = inject("services");
  const borrow = (file: string) => borrowDatabase(services, file);
  const left = await Promise.all([borrow("before"), borrow("before")]);
  for (const database of left) await returnDatabase(services, database);
  const taken = await Promise.all([borrow("now"), borrow("now"), borrow("now")]);
  expect(left.map(({ sessions }) => sessions.ended)).toEqual([true, true]);
  for (const { name } of left) {
    const url = withDatabase(services.databaseUrl, name);
    await expect(inDatabase(url, "SELECT")).rejects.toMatchObject({ code: "3D000" });
  }
  expect(new Set(taken.map(({ name }) => name)).size).toBe(3);
  for (const database of taken) await returnDatabase(services, database);
});

test.each([
  ["a column", "ALTER TABLE operator_actions RENAME COLUMN reason TO why"],
  ["an index", "DROP INDEX operator_actions_subscriber_idx"],
  [
    "a trigger",
    "ALTER TABLE events DISABLE TRIGGER ALL; CREATE FUNCTION of_a_test() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
  ],
  ["a right", "GRANT SELECT ON events TO PUBLIC"],
  ["a default", "ALTER TABLE operator_actions ALTER COLUMN reason SET DEFAULT 'none'"],
  ["a constraint", "ALTER TABLE operator_actions ADD CHECK (reason <> '')"],
  ["a type", "CREATE TYPE of_a_test AS ENUM ('a')"],
  ["a schema", "CREATE SCHEMA of_a_test"],
  ["a policy", "CREATE POLICY of_a_test ON events USING (false)"],
  [
    "a setting",
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 8192', current_database()); END $$",
  ],
])("a database in which a test changed %s is used by no other", async (_what, change) => {
  const changed = await createSandbox();
  await inDatabase(changed.databaseUrl, change);
  await changed.cleanup();
  const next = await createSandbox();
  expect(next.databaseUrl).not.toBe(changed.databaseUrl);
  await expect(inDatabase(changed.databaseUrl, "SELECT")).rejects.toMatchObject({ code: "3D000" });
  await next.cleanup();
});

test("a database in which something is still going on is used by no other", async () => {
  const busy = await createSandbox();
  const client = new pg.Client({ connectionString: busy.databaseUrl });
  client.on("error", () => undefined);
  await client.connect();
  await client.query("BEGIN");
  await busy.cleanup();
  const next = await createSandbox();
  expect(next.databaseUrl).not.toBe(busy.databaseUrl);
  await next.cleanup();
});

test("what a test made and took away again is no change", async () => {
  const first = await createSandbox();
  await inDatabase(
    first.databaseUrl,
    "CREATE INDEX of_a_test ON operator_actions (reason)",
    "DROP INDEX of_a_test",
    "TRUNCATE events CASCADE",
  );
  await first.cleanup();
  const second = await createSandbox();
  expect(second.databaseUrl).toBe(first.databaseUrl);
  await inDatabase(second.databaseUrl, "DROP INDEX operator_actions_subscriber_idx");
  await second.cleanup();
  const third = await createSandbox();
  expect(third.databaseUrl).not.toBe(first.databaseUrl);
  await third.cleanup();
});
