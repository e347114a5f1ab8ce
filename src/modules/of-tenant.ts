import { type Column, eq, type SQL, sql } from "drizzle-orm";

/*
 * Rows of one tenant, for statements on tables with a column of the tenant. Null: of any, and of none.
 */

/** For `and(…)` and `where(…)`; undefined sets no condition there. */
export function ofTenant(column: Column, tenantId: string | null): SQL | undefined {
  return tenantId === null ? undefined : eq(column, tenantId);
}

/** The same for statements that are written out: begins with AND, or is empty. */
export function andTenant(column: SQL, tenantId: string | null): SQL {
  return tenantId === null ? sql`` : sql`AND ${column} = ${tenantId}`;
}

/**
 * A tenant and the name of something of it as one text, for subjects and counts that are texts. A colon stands between
 * them, so one in the tenant is escaped: `a` with `b:c` is not `a:b` with `c`.
 */
export function textOfTenant(tenantId: string, name: string): string {
  return `${tenantId.replaceAll("%", "%25").replaceAll(":", "%3A")}:${name}`;
}
