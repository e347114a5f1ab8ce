/**
 * Databases that the tests of a file take turns with. A clone of the template is hundreds of files, which is dear on a
 * disk, and every connection to a new one begins with cold caches. So a file clones as many databases as it uses at the
 * same time, which is mostly one, and what a test has put in is taken out again.
 *
 * A database in which something is still going on, or whose tables, rights or settings a test has changed, is dropped.
 */

import { randomBytes } from "node:crypto";
import pg from "pg";
import { withDatabase } from "../workers/local/neon/database.ts";

export interface DatabasePool {
  /** A maintenance connection of a role that may create databases. */
  readonly databaseUrl: string;
  readonly template: Template;
}

/** A migrated database without rows; nobody is connected to it. */
export interface Template {
  /** Tells runs on one server apart. */
  readonly name: string;
  readonly tables: readonly string[];
  /** Everything else that a test might change, see `shapeSql`. */
  readonly shape: string;
  /** Of the catalogues in which that stands, see `catalogsSql`. */
  readonly catalogs: string;
}

/** A database in use by one test. */
export interface BorrowedDatabase {
  readonly name: string;
  /** The test file that it was cloned for. */
  readonly file: string;
  /** Sessions that stay open from test to test: each new one begins with cold caches. */
  readonly sessions: pg.Pool;
  /** Its catalogues when it last had the shape of the template. */
  catalogs: string;
}

/** A table larger than this is truncated, bytes: deleting row by row would take longer, and would leave it as large. */
const truncateAbove = 512 * 1024;

/** Databases of this worker that no test uses. */
const idle: BorrowedDatabase[] = [];

async function connect(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl });
  // Postgres is killed in some tests; the next query on a dead connection fails.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

async function connected<T>(databaseUrl: string, run: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(databaseUrl);
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

/** Looks at a migrated database before tests use copies of it. */
export async function describeTemplate(databaseUrl: string, name: string): Promise<Template> {
  return connected(withDatabase(databaseUrl, name), async (client) => ({
    name,
    tables: await tablesOf(client),
    shape: await shapeOf(client),
    catalogs: await catalogsOf(client),
  }));
}

/** A database with the tables of the template and no rows; give it back with `returnDatabase`. */
export async function borrowDatabase(pool: DatabasePool, file: string): Promise<BorrowedDatabase> {
  const isOwn = (database: BorrowedDatabase) => database.file === file;
  const others = idle.filter((database) => !isOwn(database));
  // Taken out before the first is waited for: whoever borrows meanwhile must not drop them, too.
  idle.splice(0, idle.length, ...idle.filter(isOwn));
  for (const database of others) await drop(pool, database);
  const found = idle.pop();
  if (found !== undefined) return found;
  const name = await cloneTemplate(pool);
  const connectionString = withDatabase(pool.databaseUrl, name);
  const sessions = new pg.Pool({ connectionString, max: 4, idleTimeoutMillis: 0, allowExitOnIdle: true });
  // Postgres is killed in some tests, and the database dropped under them; the next query fails then.
  sessions.on("error", () => undefined);
  return { name, file, sessions, catalogs: pool.template.catalogs };
}

/** A copy of the template to which nobody is connected. The end of the run drops it. */
export async function cloneTemplate({ databaseUrl, template }: DatabasePool): Promise<string> {
  const name = `${template.name}_copy_${randomBytes(6).toString("hex")}`;
  await connected(databaseUrl, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template.name}`));
  return name;
}

/** Empties a database for the next test of its file, or drops it. */
export async function returnDatabase(pool: DatabasePool, database: BorrowedDatabase): Promise<void> {
  const isClean = await cleanedUp(pool.template, database).catch(() => false);
  if (isClean) idle.push(database);
  else await drop(pool, database);
}

async function drop({ databaseUrl }: DatabasePool, { name, sessions }: BorrowedDatabase): Promise<void> {
  // It would wait for a session that a test has kept.
  void sessions.end();
  await connected(databaseUrl, (admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
}

/** Drops the copies of a template, those in use too. */
export async function dropCopies({ databaseUrl, template }: DatabasePool): Promise<void> {
  await connected(databaseUrl, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      "SELECT datname FROM pg_database WHERE starts_with(datname, $1)",
      [`${template.name}_copy_`],
    );
    for (const { datname } of rows) await client.query(`DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
  });
}

/** @returns false when the database cannot be used again, as when a test still waits for a statement */
async function cleanedUp(template: Template, database: BorrowedDatabase): Promise<boolean> {
  const { totalCount, idleCount } = database.sessions;
  if (totalCount > idleCount) return false;
  const client = await database.sessions.connect();
  try {
    return await empty(template, database, client);
  } finally {
    client.release();
  }
}

/**
 * Removes what a test has put in: rows, tables of its own; identity columns begin anew. Triggers and foreign keys do not
 * fire.
 *
 * @returns false when the database cannot be used again
 */
async function empty(
  template: Template,
  database: BorrowedDatabase,
  client: pg.ClientBase,
): Promise<boolean> {
  // Not what Postgres does by itself: autovacuum gives way.
  const { rows: busy } = await client.query(
    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' AND backend_type = 'client backend'",
  );
  if (busy.length > 0) return false;
  const known = new Set(template.tables);
  const drops = (await tablesOf(client))
    .filter((table) => !known.has(table))
    .map((table) => `DROP TABLE public.${pg.escapeIdentifier(table)} CASCADE`);
  // One message: one round trip, one transaction.
  await client.query([...drops, emptyTables].join(";\n"));
  const catalogs = await catalogsOf(client);
  if (catalogs === database.catalogs) return true;
  database.catalogs = catalogs;
  return (await shapeOf(client)) === template.shape;
}

const emptyTables = `
DO $$
DECLARE name regclass; filled boolean; sequence record;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
    IF pg_relation_size(name) > ${truncateAbove} THEN
      EXECUTE format('TRUNCATE %s CASCADE', name);
    ELSIF pg_relation_size(name) > 0 THEN
      EXECUTE format('DELETE FROM %s', name);
    END IF;
  END LOOP;
  FOR sequence IN SELECT schemaname, sequencename, start_value FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
    PERFORM setval(format('%I.%I', sequence.schemaname, sequence.sequencename)::regclass, sequence.start_value, false);
  END LOOP;
END $$`;

/** Everything that a test might change and that is no row: one text, the same for databases of the same shape. */
const shapeSql = `
SELECT md5(concat_ws('|',
  (SELECT string_agg(concat_ws(' ', c.relname, c.relkind, c.relpersistence, c.relacl, c.reloptions, c.relrowsecurity,
      c.relreplident, c.relowner), ',' ORDER BY c.relname)
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace),
  (SELECT string_agg(concat_ws(' ', c.relname, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attisdropped, a.attidentity,
      a.attgenerated, a.attacl, pg_get_expr(d.adbin, d.adrelid)), ',' ORDER BY c.relname, a.attnum)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0),
  (SELECT string_agg(concat_ws(' ', conrelid::regclass, conname, contype, convalidated), ',' ORDER BY conrelid::regclass::text, conname)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace),
  (SELECT string_agg(concat_ws(' ', indexrelid::regclass, indisvalid, indisunique, indkey), ',' ORDER BY indexrelid::regclass::text)
    FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE c.relnamespace = 'public'::regnamespace),
  (SELECT string_agg(concat_ws(' ', tgrelid::regclass, tgname, tgenabled, tgfoid::regprocedure), ',' ORDER BY tgrelid::regclass::text, tgname)
    FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE c.relnamespace = 'public'::regnamespace AND NOT tgisinternal),
  (SELECT string_agg(concat_ws(' ', proname, pg_get_function_identity_arguments(oid), md5(prosrc), proacl), ',' ORDER BY proname)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
  (SELECT string_agg(concat_ws(' ', tablename, policyname, roles, qual, with_check), ',' ORDER BY tablename, policyname)
    FROM pg_policies),
  (SELECT string_agg(concat_ws(' ', typname, typtype), ',' ORDER BY typname)
    FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')),
  (SELECT string_agg(concat_ws(' ', nspname, nspacl), ',' ORDER BY nspname)
    FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'),
  (SELECT string_agg(extname, ',' ORDER BY extname) FROM pg_extension),
  (SELECT string_agg(concat_ws(' ', setrole, setconfig), ',' ORDER BY setrole) FROM pg_db_role_setting s
    JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database()),
  (SELECT concat_ws(' ', datacl, datdba, datconnlimit, datallowconn) FROM pg_database WHERE datname = current_database())
)) AS shape`;

const catalogNames = [
  "pg_class",
  "pg_attribute",
  "pg_attrdef",
  "pg_constraint",
  "pg_index",
  "pg_trigger",
  "pg_proc",
  "pg_policy",
  "pg_type",
  "pg_namespace",
  "pg_extension",
  "pg_db_role_setting",
];

/**
 * Whether anything was written where the shape is read from: how many rows each catalogue has, and the latest transaction
 * that wrote one. A quarter of what the shape itself costs, and most tests change no table.
 */
const catalogsSql = `
SELECT concat_ws(' ', ${catalogNames.map((name) => `(SELECT concat_ws('/', count(*), max(xmin::text::bigint)) FROM ${name})`).join(",\n  ")},
  (SELECT concat_ws(' ', datacl, datdba, datconnlimit, datallowconn) FROM pg_database WHERE datname = current_database())
) AS catalogs`;

async function catalogsOf(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<{ catalogs: string }>(catalogsSql);
  return rows[0]?.catalogs ?? "";
}

async function tablesOf(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ relname: string }>(
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition",
  );
  return rows.map(({ relname }) => relname);
}

async function shapeOf(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<{ shape: string }>(shapeSql);
  return rows[0]?.shape ?? "";
}
