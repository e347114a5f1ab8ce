import { type SQL, sql } from "drizzle-orm";
import { keepSql } from "./kept-sql.ts";

/*
 * How statements run for one tenant: as a role that row-level security holds, with the tenant set for the transaction.
 * Both end with the transaction, so a pooler may stand between. What the policies say: `tenant-rows.ts`.
 *
 * This is the second wall, for a statement that forgot its WHERE. It is none against a statement that an attacker writes:
 * whoever may write any SQL may also ask for the role of the connection back.
 */

/** Has no login and passes no policy; the role of the connection is a member of it. */
export const tenantRole = "brain_tenant";

/** Whose rows the transaction sees; empty or unset: nobody's. */
export const tenantSetting = "brain.tenant";

/** The first statement of a transaction for one tenant. */
export const enterTenantSql: (tenantId: string) => SQL = keepSql<[tenantId: string]>(
  (tenantId) =>
    sql`SELECT set_config('role', ${sql.raw(`'${tenantRole}'`)}, true), set_config(${sql.raw(`'${tenantSetting}'`)}, ${tenantId}, true)`,
);

/** The longest tenant that a column holds. */
const maxTenantLength = 255;

/** @throws {Error} it cannot be a tenant: with an empty one, or none, rows of nobody would be asked for */
export function requireTenant(tenantId: string): void {
  if (tenantId !== "" && tenantId.length <= maxTenantLength && !tenantId.includes("\0")) return;
  throw new Error(
    `"${tenantId.slice(0, 40)}" is no tenant. Expected 1 to ${maxTenantLength} characters without NUL.`,
  );
}
