import { readdir } from "node:fs/promises";
import { sharedTable } from "@brain/engine";
import { is, sql } from "drizzle-orm";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import { beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type Database } from "../../../src/engine/db/database.ts";
import { root } from "../../../tools/root.ts";
import { createSandbox } from "../../sandbox.ts";

/* Every table says whose its rows are, and what its migrations made of that. */

interface Decided {
  readonly table: string;
  readonly kind: "rows of tenants" | "shared" | "undecided";
  /** What is granted to the role of tenants; of tables of tenants this is up to the migration. */
  readonly granted: readonly string[] | null;
}

const src = `${root}src/`;

async function declared(): Promise<Decided[]> {
  const files = (await readdir(src, { recursive: true })).filter((path) => /(^|[/-])tables\.ts$/.test(path));
  const found: Decided[] = [];
  for (const file of files) {
    const exported: Record<string, unknown> = await import(`${src}${file}`);
    for (const table of Object.values(exported)) if (is(table, PgTable)) found.push(decisionOf(table));
  }
  return found.sort((one, other) => (one.table < other.table ? -1 : 1));
}

function decisionOf(table: PgTable): Decided {
  const { name, policies } = getTableConfig(table);
  const shared = sharedTable(table);
  const isOfTenants = policies.some((policy) => policy.name === "tenant_rows" && policy.as === "restrictive");
  // Both at once is no decision either.
  const kind =
    isOfTenants && shared === null
      ? "rows of tenants"
      : !isOfTenants && shared !== null
        ? "shared"
        : "undecided";
  return { table: name, kind, granted: shared?.granted ?? null };
}

interface Made {
  readonly table: string;
  readonly restricted: boolean;
  readonly permitted: boolean;
  readonly granted: readonly string[];
}

/** What the migrations made. */
function made(db: Database): Promise<Made[]> {
  return db.rows<Made>(sql`
    SELECT c.relname AS table,
      c.relrowsecurity AND EXISTS (SELECT FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname
        AND p.policyname = 'tenant_rows' AND p.permissive = 'RESTRICTIVE' AND p.roles = '{brain_tenant}' AND p.cmd = 'ALL'
        AND (p.qual = p.with_check OR (p.qual LIKE '%(tenant_id IS NULL)%' AND 2 = (SELECT count(*) FROM pg_policies o
          WHERE o.schemaname = 'public' AND o.tablename = c.relname AND o.policyname IN ('tenant_updates', 'tenant_deletes')
            AND o.permissive = 'RESTRICTIVE' AND o.roles = '{brain_tenant}' AND o.qual = p.with_check)))) AS restricted,
      EXISTS (SELECT FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname
        AND p.permissive = 'PERMISSIVE' AND p.roles = '{public}' AND p.cmd = 'ALL' AND p.qual = 'true') AS permitted,
      coalesce((SELECT json_agg(g ORDER BY g) FROM (
        SELECT a.privilege_type AS g FROM aclexplode(c.relacl) a WHERE a.grantee = 'brain_tenant'::regrole
        UNION ALL
        SELECT a.privilege_type || ' (' || string_agg(t.attname, ', ' ORDER BY t.attname) || ')'
        FROM pg_attribute t, aclexplode(t.attacl) a
        WHERE t.attrelid = c.oid AND a.grantee = 'brain_tenant'::regrole GROUP BY a.privilege_type
      ) grants), '[]'::json) AS granted
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname COLLATE "C"`);
}

let decided: Decided[];
let inDatabase: Made[];
beforeAll(async () => {
  decided = await declared();
  const sandbox = await createSandbox();
  inDatabase = await made(createDatabase(sandbox.neonUrl));
  await sandbox.cleanup();
});

test("each says it beside its columns: tenantRows, tenantRowsThrough or withoutTenants of @brain/engine", () => {
  expect(decided.length).toBeGreaterThan(40);
  expect(decided.filter(({ kind }) => kind === "undecided")).toEqual([]);
  // There is no table in the database that no code declares.
  const names = new Set(decided.map(({ table }) => table));
  expect(inDatabase.filter(({ table }) => !names.has(table))).toEqual([]);
});

describe("what the migrations made is what was said", () => {
  test("rows of tenants are restricted for their role, permitted to others, and the role was granted something", () => {
    const wrong = decided
      .filter(({ kind }) => kind === "rows of tenants")
      .flatMap(({ table }) => {
        const found = inDatabase.find((one) => one.table === table);
        if (found?.restricted !== true || !found.permitted)
          return [`npm run db:generate: ${table} lacks its policies`];
        if (found.granted.length > 0) return [];
        return [`In the migration: GRANT SELECT, INSERT, UPDATE, DELETE ON "${table}" TO "brain_tenant";`];
      });
    expect(wrong).toEqual([]);
  });

  test("of shared tables the role has what is listed beside them and no more", () => {
    const shared = decided.filter(({ kind }) => kind === "shared");
    const found = shared.map(({ table }) => [table, inDatabase.find((one) => one.table === table)?.granted]);
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(shared.map(({ table, granted }) => [table, granted])),
    );
  });
});

test("control: a table that says nothing is found, and a grant too many is", async () => {
  const { pgTable, integer } = await import("drizzle-orm/pg-core");
  expect(decisionOf(pgTable("forgotten", { id: integer("id") })).kind).toBe("undecided");
  const sandbox = await createSandbox();
  const db = createDatabase(sandbox.neonUrl);
  await db.batch([
    sql`CREATE TABLE forgotten (id integer)`,
    sql`GRANT SELECT ON relay_shards TO brain_tenant`,
  ]);
  const now = await made(db);
  expect(now.find(({ table }) => table === "forgotten")).toMatchObject({ restricted: false });
  expect(now.find(({ table }) => table === "relay_shards")?.granted).toEqual(["SELECT"]);
  await db.batch([sql`DROP TABLE forgotten`, sql`REVOKE SELECT ON relay_shards FROM brain_tenant`]);
  await sandbox.cleanup();
});
