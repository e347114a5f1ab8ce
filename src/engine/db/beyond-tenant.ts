import { type SQL, sql } from "drizzle-orm";
import type { Tx } from "./database.ts";
import { keepSql } from "./kept-sql.ts";

const leaveSql = keepSql<[]>(
  () =>
    sql`WITH entered AS MATERIALIZED (SELECT current_setting('role') AS role)
      SELECT role, set_config('role', 'none', true) FROM entered`,
);
const enterAgainSql = keepSql<[role: string]>((role) => sql`SELECT set_config('role', ${role}, true)`);

const leaveForGoodSql = keepSql<[]>(() => sql`SELECT set_config('role', 'none', true)`);

/**
 * The statements behind it in a batch (`Database.batch`) concern all tenants, also when the batch is that of one, as
 * `beyondTenant` says. Their texts must be the engine's own: what a tenant sends may be a parameter, and no more.
 */
export function leaveTenantSql(): SQL {
  return leaveForGoodSql();
}

/**
 * A part of a transaction that concerns all tenants, also when the transaction is that of one: what is asked in it sees
 * and changes the rows of all. Keep it small, and let nothing out of it that tells of others. Two round trips.
 */
export async function beyondTenant<T>(tx: Tx, run: () => Promise<T>): Promise<T> {
  const { rows } = await tx.execute<{ role: string }>(leaveSql());
  const result = await run();
  // After an error there is nothing to go back to: the transaction is rolled back, or the savepoint, and the role with it.
  await tx.execute(enterAgainSql(rows[0]?.role ?? "none"));
  return result;
}
