import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { drizzle } from "drizzle-orm/node-postgres";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { migrations as ofEngine } from "../../src/engine/db/migration-list.ts";
import {
  applyMigrations,
  MigrationError,
  migrate,
  migrationStatus,
  type SqlMigrationSet,
} from "../../src/engine/migrations/index.ts";
import { root } from "../../tools/root.ts";
import { createOwnDatabase, loadRelease, type OwnDatabase } from "./databases.ts";

/* The engine's own migrations, as a product has them that knows nothing of this one. */

const names = ofEngine.map(({ tag }) => `${tag} of the engine`);

function shop(...statements: string[]): SqlMigrationSet {
  return {
    owner: "the shop",
    journal: { schema: "shop", table: "applied" },
    migrations: [{ tag: "0000_shelves", when: Date.now(), hash: "h", statements }],
  };
}

const schemasOf = ({ rows }: OwnDatabase) =>
  rows<{ name: string }>(
    "SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1",
  ).then((found) => found.map(({ name }) => name));

test("makes its tables in an empty database, says so, and then has nothing to do", async () => {
  const database = await createOwnDatabase();
  const databaseUrl = database.neonUrl;
  expect(await migrationStatus({ databaseUrl })).toEqual({ kind: "behind", missing: names });
  expect(await migrate({ databaseUrl, dryRun: true })).toEqual(names);
  expect(await schemasOf(database)).toEqual(["public"]);

  expect(await migrate({ databaseUrl })).toEqual(names);
  expect(await database.rows("SELECT count(*)::integer AS n FROM events")).toEqual([{ n: 0 }]);
  expect(await migrationStatus({ databaseUrl })).toEqual({ kind: "current" });
  expect(await migrate({ databaseUrl, dryRun: true })).toEqual([]);
  expect(await migrate({ databaseUrl })).toEqual([]);

  await database.client.query("INSERT INTO brain_engine.migrations (hash, created_at) VALUES ('later', $1)", [
    Date.now() + 86_400_000,
  ]);
  expect(await migrationStatus({ databaseUrl })).toEqual({ kind: "newer" });
});

test("applies a product's along with its own, later ones last", async () => {
  const database = await createOwnDatabase();
  const databaseUrl = database.neonUrl;
  const also = [
    shop("CREATE TABLE shelves (position bigint REFERENCES events)", "", "INSERT INTO shelves VALUES (NULL)"),
  ];
  expect(await migrate({ databaseUrl, also })).toEqual([...names, "0000_shelves of the shop"]);
  expect(await migrate({ databaseUrl, also })).toEqual([]);
  expect(await migrationStatus({ databaseUrl, also })).toEqual({ kind: "current" });
  expect(await database.rows("SELECT count(*)::integer AS n FROM shelves")).toEqual([{ n: 1 }]);
});

test("takes an index that was made by hand beforehand, so that a large record need not wait for it", async () => {
  const database = await loadRelease("0019");
  await database.client.query("CREATE INDEX CONCURRENTLY events_stored_at_order_idx ON events (stored_at)");
  const indexes = () =>
    database.rows<{ oid: number; indexdef: string }>(
      "SELECT indexrelid AS oid, indexdef FROM pg_index JOIN pg_indexes ON indexname = indexrelid::regclass::text WHERE indexname LIKE 'events_stored_at%'",
    );
  const made = (await indexes()).filter(({ indexdef }) => indexdef.includes("btree"));
  expect(made).toHaveLength(1);
  expect(await migrate({ databaseUrl: database.neonUrl })).toContain("0020_record_growth of the engine");
  expect(await indexes()).toEqual(made);
});

test("leaves nothing in its session, so that a pooler may stand between", async () => {
  const { client, rows } = await createOwnDatabase();
  const session = () =>
    rows(`SELECT current_setting('client_min_messages') AS messages, (SELECT count(*)::integer FROM pg_locks
      WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks`);
  const before = await session();
  const during: unknown[] = [];
  await drizzle(client).transaction(async (tx) => {
    await applyMigrations(tx);
    during.push(...(await session()));
  });
  expect(during).toEqual([{ messages: "warning", locks: 3 }]);
  expect(await session()).toEqual(before);
  expect(before).toMatchObject([{ locks: 0 }]);
});

/** Both ways to run: over the driver of Neon, and in a transaction of another driver. */
const ways: readonly (readonly [
  string,
  (database: OwnDatabase, also: SqlMigrationSet[]) => Promise<unknown>,
])[] = [
  ["Neon", ({ neonUrl }, also) => migrate({ databaseUrl: neonUrl, also })],
  ["pg", ({ client }, also) => drizzle(client).transaction((tx) => applyMigrations(tx, also))],
];

describe.each(ways)("a failed run over %s", (_driver, run) => {
  test("leaves nothing behind, and says which statement was refused and why", async () => {
    const database = await createOwnDatabase();
    const also = [shop("CREATE TABLE shelves (n integer)", "INSERT INTO shelves VALUES ('x')", "SELECT 1")];
    const error = await run(database, also).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MigrationError);
    expect(error).toMatchObject({
      code: "permanent_failure",
      migration: "0000_shelves of the shop",
      statement: 2,
      statements: 3,
      sqlState: "22P02",
      message:
        'Migration 0000_shelves of the shop failed at statement 2 of 3: invalid input syntax for type integer: "x" (SQLSTATE 22P02). Nothing of this run was applied. Mend what it names, and run it again.',
    });
    expect(await schemasOf(database)).toEqual(["public"]);
    expect(await database.rows("SELECT to_regclass('events') AS events")).toEqual([{ events: null }]);
    // Mended, it runs to its end.
    await run(database, [shop("CREATE TABLE shelves (n integer)")]);
    expect(await schemasOf(database)).toEqual(["brain_engine", "public", "shop"]);
  });

  test("names a statement that a transaction does not allow, and what to do with it", async () => {
    const database = await createOwnDatabase();
    const also = [shop("CREATE INDEX CONCURRENTLY late ON events (type)")];
    await expect(run(database, also)).rejects.toMatchObject({
      sqlState: "25001",
      message: expect.stringContaining("take this statement out of it and run it by hand"),
    });
    expect(await schemasOf(database)).toEqual(["public"]);
  });
});

test("says that the connection was lost, and at which statement", async () => {
  const database = await createOwnDatabase();
  const also = [shop("SELECT pg_terminate_backend(pg_backend_pid())")];
  await expect(migrate({ databaseUrl: database.neonUrl, also })).rejects.toMatchObject({
    name: "MigrationError",
    message: expect.stringMatching(
      /^Migration 0000_shelves of the shop failed at statement 1 of 1: .*Nothing of this run was applied\. Run it again\.$/,
    ),
  });
  expect(await schemasOf(database)).toEqual(["public"]);
});

test("refuses sets that would hide each other's migrations", async () => {
  const { neonUrl } = await createOwnDatabase();
  const one = shop("SELECT 1");
  await expect(migrate({ databaseUrl: neonUrl, also: [one, one] })).rejects.toThrow(
    /Two sets of migrations are noted in shop\.applied/,
  );
  const [first] = one.migrations;
  const late = {
    ...one,
    migrations: [...one.migrations, { ...first, tag: "0001_late", when: 1, hash: "h", statements: [] }],
  };
  await expect(migrate({ databaseUrl: neonUrl, also: [late] })).rejects.toThrow(
    /0001_late is not later than the one before it/,
  );
});

test("refuses an address that is none, without showing it", async () => {
  for (const databaseUrl of ["nonsense-4711", "https://user:secret-4711@host/database"]) {
    const error = await migrate({ databaseUrl }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toMatch(/expected one like postgres:/);
    expect(JSON.stringify(error) + String(error)).not.toContain("4711");
  }
});

test("a role that may not make the tables is told what it needs", async () => {
  const database = await createOwnDatabase();
  const role = `reader_${crypto.randomUUID().slice(0, 8)}`;
  await database.client.query(`CREATE ROLE ${role}`);
  onTestFinished(async () => {
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect().then(
      () => admin.query(`DROP ROLE IF EXISTS ${role}`),
      () => undefined,
    );
    await admin.end();
  });
  await database.client.query(`SET ROLE ${role}`);
  await expect(drizzle(database.client).transaction((tx) => applyMigrations(tx))).rejects.toMatchObject({
    migration: null,
    sqlState: "42501",
    message: expect.stringMatching(/permission denied .* Run it as the role that owns the tables/),
  });
  await database.client.query("RESET ROLE");
});

const runtimes = ["Node", "workerd", "Deno"] as const;

test.each(runtimes)("runs in %s, from code alone", async (runtime) => {
  const database = await createOwnDatabase();
  const folder = await mkdtemp(join(tmpdir(), "brain-migrate-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const bundle = await build({
    stdin: {
      contents: `import { migrate, migrationStatus } from "./src/engine/migrations/index.ts";
        export const bringUp = async (databaseUrl) => [await migrate({ databaseUrl }), await migrationStatus({ databaseUrl })];`,
      resolveDir: root,
      loader: "ts",
    },
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    write: false,
  });
  const script = bundle.outputFiles[0]?.text ?? "";
  const result = await runIn(runtime, script, database.neonUrl, folder);
  expect(result).toEqual([names, { kind: "current" }]);
  expect(await database.rows("SELECT count(*)::integer AS n FROM brain_engine.migrations")).toEqual([
    { n: names.length },
  ]);
});

async function runIn(
  runtime: (typeof runtimes)[number],
  script: string,
  databaseUrl: string,
  folder: string,
): Promise<unknown> {
  const url = JSON.stringify(databaseUrl);
  if (runtime === "workerd") {
    const worker = `${script}\nexport default { fetch: async () => Response.json(await bringUp(${url})) };`;
    const miniflare = new Miniflare({ modules: true, compatibilityDate: "2026-07-01", script: worker });
    try {
      const response = await miniflare.dispatchFetch("http://127.0.0.1/");
      const text = await response.text();
      if (!response.ok) throw new Error(text);
      return JSON.parse(text);
    } finally {
      await miniflare.dispose();
    }
  }
  const file = join(folder, "run.mjs");
  await writeFile(file, script);
  if (runtime === "Node") return (await import(pathToFileURL(file).href)).bringUp(databaseUrl);
  await writeFile(file, `${script}\nconsole.log(JSON.stringify(await bringUp(${url})));`);
  const { stdout } = await promisify(execFile)(
    `${root}node_modules/.bin/deno`,
    ["run", "--allow-net", "--allow-env", file],
    {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
    },
  );
  return JSON.parse(stdout);
}
