import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { productMigrations } from "../../src/migration-list.ts";
import { root } from "../../tools/root.ts";
import { createSandbox, type Sandbox } from "../sandbox.ts";

const program = `${root}workers/local/migrate.ts`;
const { migrations } = productMigrations;
const last = migrations.at(-1)?.tag ?? "";

let sandbox: Sandbox;
let client: pg.Client;
beforeAll(async () => {
  sandbox = await createSandbox();
  client = new pg.Client({ connectionString: sandbox.databaseUrl });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await sandbox?.cleanup();
});

const run = (...args: string[]) => runOn(sandbox.databaseUrl, ...args);

async function runOn(
  databaseUrl: string,
  ...args: string[]
): Promise<{ code: number | null; out: string; err: string }> {
  const { NEON_DATABASE_URL: _neon, ...env } = process.env;
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, ...args], {
    env: { ...env, DATABASE_URL: databaseUrl },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, out, err };
}

test("says that nothing is missing, and what is when something is; applies nothing", async () => {
  for (const flag of ["--status", "--dry-run"]) {
    expect(await run(flag)).toEqual({
      code: 0,
      out: "✓ the database has all migrations of this code\n",
      err: "",
    });
  }
  const { rows } = await client.query(`DELETE FROM drizzle.__drizzle_migrations
    WHERE created_at = (SELECT max(created_at) FROM drizzle.__drizzle_migrations) RETURNING hash, created_at`);
  const missing = `missing ${last}\nApply them with npm run migrate, before the code that needs them is rolled out.\n`;
  expect(await run("--status")).toEqual({ code: 1, out: missing, err: "" });
  expect(await run("--dry-run")).toEqual({ code: 0, out: missing, err: "" });
  const newest = await client.query("SELECT count(*)::integer AS count FROM drizzle.__drizzle_migrations");
  expect(newest.rows[0].count).toBe(migrations.length - 1);

  await client.query("INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ($1, $2)", [
    rows[0].hash,
    Number(rows[0].created_at) + 1,
  ]);
  expect((await run("--status")).out).toContain("it has newer ones too");
});

test("says whose a missing migration is", async () => {
  await client.query("DROP SCHEMA brain_engine CASCADE");
  await client.query("DELETE FROM drizzle.__drizzle_migrations");
  const { code, out } = await run("--status");
  expect(code).toBe(1);
  expect(out).toMatch(/^missing 0000_init of the engine\nmissing 0001_operations of the engine\n/);
  expect(out).toContain(`\nmissing ${last}\n`);
});

test("says in one line that the connection was lost, and at what", async () => {
  await client.query(`CREATE FUNCTION end_it() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); END $$`);
  await client.query("DROP SCHEMA IF EXISTS brain_engine CASCADE");
  await client.query("CREATE EVENT TRIGGER end_it ON ddl_command_start EXECUTE FUNCTION end_it()");
  const { code, err } = await run();
  expect(code).toBe(1);
  expect(err).toMatch(
    /^✗ The list of migrations that were applied cannot be read or written: .*Nothing of this run was applied\. Run it again\.\n$/,
  );
  await client.query("DROP EVENT TRIGGER end_it");
});

test("refuses what it does not know", async () => {
  const { code, err } = await run("--dryrun");
  expect(code).toBe(2);
  expect(err).toMatch(/^--dryrun is not known\.\nUsage: /);
});

test.each([
  [
    "postgres://brain:secret-4711@127.0.0.1:1/brain",
    /^✗ DATABASE_URL names 127\.0\.0\.1:1, and .*ECONNREFUSED.*\n$/,
  ],
  ["postgres://brain:secret-4711@[::1]:1/brain", /^✗ DATABASE_URL names \[::1\]:1, and .*\n$/],
  ["nonsense", /^✗ DATABASE_URL is no address, expected one like postgres:.*\n$/],
])("says in one line why %s cannot be migrated", async (url, expected) => {
  for (const flags of [[], ["--status"], ["--dry-run"]]) {
    const { code, out, err } = await runOn(url, ...flags);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(expected);
    expect(err).not.toContain("secret-4711");
  }
});

test("says in one line what the database refused", async () => {
  await client.query("CREATE ROLE nobody_may LOGIN PASSWORD 'p'").catch(() => undefined);
  const url = new URL(sandbox.databaseUrl);
  url.username = "nobody_may";
  url.password = "p";
  await client.query("DELETE FROM drizzle.__drizzle_migrations");
  const { code, err } = await runOn(url.href);
  expect(code).toBe(1);
  expect(err).toMatch(/^✗ .*permission denied.*\n$/);
});
