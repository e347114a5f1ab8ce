/** Writes down the schemas of freshly migrated databases, so that a review sees what a migration really makes. */

import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyMigrations } from "@brain/engine/migrations";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import type { GeneratedFile } from "../../src/governance/pages/generated-file.ts";
import { migrate } from "../../workers/local/migrate.ts";
import { withDatabase } from "../../workers/local/neon/database.ts";
import { startPostgres } from "../../workers/local/postgres/server.ts";

/*
 * All from the catalog (PostgreSQL, "System Catalogs"), in an order that does not depend on when something was made.
 * `pg_dump` is not used: it is not part of the embedded PostgreSQL, and its output changes with its version.
 */

/** The tables; what was applied is noted in other schemas. */
const ourSchema = "public";

const columnsSql = `
  SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
    a.attnotnull AS not_null, a.attidentity AS identity, a.attgenerated AS generated,
    pg_get_expr(d.adbin, d.adrelid) AS default
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p')
  ORDER BY c.relname COLLATE "C", a.attnum`;

/** Without NOT NULL constraints, which PostgreSQL 18 lists here and older ones do not; the columns say it. */
const constraintsSql = `
  SELECT c.relname AS table, k.conname AS name, pg_get_constraintdef(k.oid) AS definition
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
  WHERE c.relnamespace = $1::regnamespace AND k.contype <> 'n'
  ORDER BY c.relname COLLATE "C", position(k.contype::text IN 'pucfxt'), k.conname COLLATE "C"`;

/** Indexes that belong to a constraint are told by it. */
const indexesSql = `
  SELECT c.relname AS table, pg_get_indexdef(i.indexrelid) AS definition
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class n ON n.oid = i.indexrelid
  WHERE c.relnamespace = $1::regnamespace
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
  ORDER BY c.relname COLLATE "C", n.relname COLLATE "C"`;

/** What row-level security says of a table, and which columns or tables others than the owner were granted. */
const rightsSql = `
  SELECT relation AS table, definition FROM (
    SELECT c.relname AS relation, 1 AS rank, '' AS name,
      'ALTER TABLE ' || quote_ident(c.relname) || ' ENABLE ROW LEVEL SECURITY' AS definition
    FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relrowsecurity
    UNION ALL
    SELECT tablename, 2, policyname, 'CREATE POLICY ' || quote_ident(policyname) || ' ON ' || quote_ident(tablename) ||
      ' AS ' || permissive || ' FOR ' || cmd || ' TO ' || array_to_string(roles, ', ') ||
      coalesce(' USING (' || qual || ')', '') || coalesce(' WITH CHECK (' || with_check || ')', '')
    FROM pg_policies JOIN pg_namespace n ON n.nspname = schemaname WHERE n.oid = $1::regnamespace
    UNION ALL
    SELECT c.relname, 3, r.rolname, 'GRANT ' || string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type) || ' ON ' ||
      quote_ident(c.relname) || ' TO ' || quote_ident(r.rolname)
    FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
    WHERE c.relnamespace = $1::regnamespace AND a.grantee <> c.relowner GROUP BY c.relname, r.rolname
    UNION ALL
    SELECT c.relname, 4, r.rolname, 'GRANT ' || a.privilege_type || ' (' ||
      string_agg(quote_ident(t.attname), ', ' ORDER BY t.attname) || ') ON ' || quote_ident(c.relname) || ' TO ' || quote_ident(r.rolname)
    FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a JOIN pg_roles r ON r.oid = a.grantee
    WHERE c.relnamespace = $1::regnamespace GROUP BY c.relname, r.rolname, a.privilege_type
  ) AS rights ORDER BY relation COLLATE "C", rank, name COLLATE "C", definition COLLATE "C"`;

const sequencesSql = `
  SELECT c.relname AS name, format_type(s.seqtypid, NULL) AS type
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
  WHERE c.relnamespace = $1::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('i', 'a'))
  ORDER BY c.relname COLLATE "C"`;

/** Everything else that a migration can make, as its complete definition. */
const othersSql = `
  SELECT definition FROM (
    SELECT 1 AS rank, t.typname AS name, 'CREATE TYPE ' || quote_ident(t.typname) || ' AS ENUM (' ||
      string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) || ')' AS definition
    FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
    WHERE t.typnamespace = $1::regnamespace GROUP BY t.oid, t.typname
    UNION ALL
    SELECT 2, c.relname, 'CREATE VIEW ' || quote_ident(c.relname) || ' AS ' || pg_get_viewdef(c.oid)
    FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('v', 'm')
    UNION ALL
    SELECT 3, p.proname, pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace = $1::regnamespace
    UNION ALL
    SELECT 4, g.tgname, pg_get_triggerdef(g.oid) FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
    WHERE c.relnamespace = $1::regnamespace AND NOT g.tgisinternal
  ) AS other ORDER BY rank, name COLLATE "C", definition COLLATE "C"`;

interface ColumnRow {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly not_null: boolean;
  /** `a` always, `d` by default, empty: none. */
  readonly identity: string;
  /** `s` stored, `v` virtual, empty: none. */
  readonly generated: string;
  readonly default: string | null;
}

function columnText(row: ColumnRow): string {
  const parts = [pg.escapeIdentifier(row.column), row.type];
  if (row.identity !== "") {
    parts.push(`GENERATED ${row.identity === "a" ? "ALWAYS" : "BY DEFAULT"} AS IDENTITY`);
  } else if (row.generated !== "") {
    parts.push(`GENERATED ALWAYS AS (${row.default}) ${row.generated === "s" ? "STORED" : "VIRTUAL"}`);
  } else if (row.default !== null) parts.push(`DEFAULT ${row.default}`);
  if (row.not_null) parts.push("NOT NULL");
  return parts.join(" ");
}

/** Everything in the schema of a database, a complete text for each thing, in an order that is always the same. */
export async function describeSchema(client: pg.Client): Promise<readonly string[]> {
  const rowsOf = async <Row extends pg.QueryResultRow>(sql: string) =>
    (await client.query<Row>(sql, [ourSchema])).rows;
  const columns = await rowsOf<ColumnRow>(columnsSql);
  const constraints = await rowsOf<{ table: string; name: string; definition: string }>(constraintsSql);
  const indexes = await rowsOf<{ table: string; definition: string }>(indexesSql);
  const rights = await rowsOf<{ table: string; definition: string }>(rightsSql);
  const sequences = await rowsOf<{ name: string; type: string }>(sequencesSql);
  const others = await rowsOf<{ definition: string }>(othersSql);

  const parts: string[] = [];
  for (const { definition } of others) parts.push(`${definition.trim().replace(/;$/, "")};`);
  for (const { name, type } of sequences) {
    parts.push(`CREATE SEQUENCE ${pg.escapeIdentifier(name)} AS ${type};`);
  }
  for (const table of new Set(columns.map((column) => column.table))) {
    const lines = [
      ...columns.filter((column) => column.table === table).map(columnText),
      ...constraints
        .filter((constraint) => constraint.table === table)
        .map(({ name, definition }) => `CONSTRAINT ${pg.escapeIdentifier(name)} ${definition}`),
    ];
    const body = lines.map((line) => `  ${line}`).join(",\n");
    parts.push(
      [
        `CREATE TABLE ${pg.escapeIdentifier(table)} (\n${body}\n);`,
        ...[...indexes, ...rights]
          .filter((of) => of.table === table)
          .map(({ definition }) => `${definition};`),
      ].join("\n"),
    );
  }
  return parts;
}

async function withClient<T>(databaseUrl: string, run: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

/** The engine's migrations alone, as another product has them. */
async function migrateEngine(databaseUrl: string): Promise<void> {
  await withClient(databaseUrl, (client) => drizzle(client).transaction((tx) => applyMigrations(tx)));
}

/** What `migrateTo` makes of an empty database. */
async function schemaAfter(
  serverUrl: string,
  migrateTo: (databaseUrl: string) => Promise<void>,
): Promise<readonly string[]> {
  const database = `brain_dump_${randomBytes(4).toString("hex")}`;
  const databaseUrl = withDatabase(serverUrl, database);
  await withClient(serverUrl, (client) => client.query(`CREATE DATABASE ${database}`));
  try {
    await migrateTo(databaseUrl);
    return await withClient(databaseUrl, describeSchema);
  } finally {
    await withClient(serverUrl, (client) => client.query(`DROP DATABASE ${database} WITH (FORCE)`));
  }
}

async function dumpFrom(serverUrl: string): Promise<readonly GeneratedFile[]> {
  const ofEngine = await schemaAfter(serverUrl, migrateEngine);
  const all = await schemaAfter(serverUrl, migrate);
  const lost = ofEngine.find((part) => !all.includes(part));
  const fileOf = (path: string, of: string, parts: readonly string[], problem: string | null) => ({
    path,
    content: `${[`-- Generated by \`npm run generate\`: what the migrations of ${of} make.`, ...parts].join("\n\n")}\n`,
    problem,
  });
  return [
    fileOf("src/engine/migrations/schema.sql", "the engine", ofEngine, null),
    fileOf(
      "migrations/schema.sql",
      "the modules",
      all.filter((part) => !ofEngine.includes(part)),
      lost === undefined
        ? null
        : `a migration of the product changes the engine's "${lost.split("\n", 1)[0]}". Leave the engine's tables alone.`,
    ),
  ];
}

/**
 * The schemas that the migrations make, as SQL text. Works in databases of its own, on the server of `DATABASE_URL`, else
 * on one that is started for it and thrown away.
 */
export async function dumpSchemas(): Promise<readonly GeneratedFile[]> {
  const given = process.env.DATABASE_URL;
  if (given) return dumpFrom(given);
  const dataDir = await mkdtemp(join(tmpdir(), "brain-schema-"));
  try {
    const postgres = await startPostgres({ dataDir, fsync: false });
    try {
      return await dumpFrom(postgres.url);
    } finally {
      await postgres.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
