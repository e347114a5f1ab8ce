import { type SQL, sql } from "drizzle-orm";
import type { Invocation } from "../invocation.ts";

/*
 * How many rows a tenant keeps, for those with a quota of rows: counted behind the purge, never further than the quota, and
 * kept beside it. Which tables count, row-level security says: all whose rows name their tenant themselves. An event that
 * waits to be sent counts once.
 */

/** Tenants counted in one visit, those first whose count is the oldest. */
const countedAtOnce = 100;

/** @returns tenants that were counted */
export async function countTenantRows({ db }: Invocation, mayGoOn: () => boolean): Promise<number> {
  const tenants = await db.rows<{ tenant_id: string; most: number }>(sql`
    SELECT tenant_id, (quotas ->> 'rows')::float8 AS most FROM tenant_limits WHERE quotas ->> 'rows' IS NOT NULL
    ORDER BY rows_counted_at NULLS FIRST LIMIT ${countedAtOnce}::integer`);
  if (tenants.length === 0) return 0;
  const tables = await db.rows<{ name: string }>(sql`
    SELECT p.tablename AS name FROM pg_policies p JOIN information_schema.columns c
      ON c.table_schema = p.schemaname AND c.table_name = p.tablename AND c.column_name = 'tenant_id'
    WHERE p.schemaname = current_schema() AND p.policyname = 'tenant_rows'
      AND p.tablename NOT IN ('tenant_limits', 'unsent_events') ORDER BY p.tablename`);
  let counted = 0;
  for (const { tenant_id: tenantId, most } of tenants) {
    if (!mayGoOn()) break;
    await db.rows(sql`
      UPDATE tenant_limits SET rows_kept = ${sumOf(tables, tenantId, most)}, rows_counted_at = now()
      WHERE tenant_id = ${tenantId}`);
    counted += 1;
  }
  return counted;
}

function sumOf(tables: readonly { readonly name: string }[], tenantId: string, most: number): SQL {
  const counts = tables.map(
    ({ name }) => sql`(SELECT count(*) FROM (
      SELECT FROM ${sql.identifier(name)} WHERE tenant_id = ${tenantId} LIMIT ${most + 1}::bigint) counted)`,
  );
  return sql.join(counts, sql` + `);
}
