/** The role that the workers have: owner of their database, member of the role of tenants, and nothing else. */

import pg from "pg";

const ROLE = "brain_app";
/** What statements of one tenant run as; the migrations find it, because the workers' role may not make any. */
const TENANT_ROLE = "brain_tenant";

/**
 * Objects of earlier versions belong to the administrator. Sequences of columns go with their table, and so do the
 * types of rows; the database's owner has the schema `public` already.
 */
const handOver = `DO $$ DECLARE item record; BEGIN
  FOR item IN
    SELECT format('ALTER SCHEMA %I OWNER TO ${ROLE}', nspname) AS change FROM pg_namespace
      WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'public') AND nspowner <> '${ROLE}'::regrole
    UNION ALL
    SELECT format('ALTER %s %s OWNER TO ${ROLE}',
        CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
        c.oid::regclass) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
      WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' AND relkind IN ('r', 'p', 'v', 'm', 'S')
        AND relowner <> '${ROLE}'::regrole
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE relkind = 'S' AND d.objid = c.oid AND d.deptype IN ('a', 'i'))
    UNION ALL
    SELECT format('ALTER TYPE %s OWNER TO ${ROLE}', t.oid::regtype) FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace
      WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' AND typtype IN ('e', 'd')
        AND typowner <> '${ROLE}'::regrole
    UNION ALL
    SELECT format('ALTER ROUTINE %s OWNER TO ${ROLE}', p.oid::regprocedure) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
      WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' AND proowner <> '${ROLE}'::regrole
  LOOP EXECUTE item.change; END LOOP;
END $$`;

/**
 * Makes the role, gives it the database that `adminUrl` names, and shuts it out of those that every cluster has.
 * Idempotent.
 *
 * @returns `adminUrl` for that role
 */
export async function provideAppRole(adminUrl: string, password: string): Promise<string> {
  const url = new URL(adminUrl);
  const database = pg.escapeIdentifier(decodeURIComponent(url.pathname.slice(1)));
  const client = new pg.Client({ connectionString: adminUrl });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const { rowCount } = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [ROLE]);
    if (rowCount === 0) await client.query(`CREATE ROLE ${ROLE}`);
    await client.query(
      `ALTER ROLE ${ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
        PASSWORD ${pg.escapeLiteral(password)}`,
    );
    const { rowCount: known } = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [TENANT_ROLE]);
    if (known === 0) await client.query(`CREATE ROLE ${TENANT_ROLE} NOLOGIN NOINHERIT`);
    await client.query(`GRANT ${TENANT_ROLE} TO ${ROLE} WITH INHERIT FALSE, SET TRUE`);
    await client.query("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC");
    await client.query(`ALTER DATABASE ${database} OWNER TO ${ROLE}`);
    await client.query(handOver);
  } finally {
    await client.end();
  }
  url.username = ROLE;
  url.password = encodeURIComponent(password);
  return url.href;
}
