import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { type PgPolicy, type PgTable, pgPolicy, pgRole } from "drizzle-orm/pg-core";
import { tenantRole, tenantSetting } from "./tenant-session.ts";

/*
 * What each table says of tenants, beside its columns: whose row a row is, or that it has none of tenants.
 *
 * Row-level security refuses everything that no policy permits, to every role but the owner. So there are two policies:
 * one that permits everything to everybody, which leaves other programs' roles what they were granted (the charter's
 * Python consumers, reports), and one that restricts the role of tenants alone. What that role may do at all its grants
 * say, in the migration that makes the table: without a grant it has nothing of the table.
 */

const role = pgRole(tenantRole).existing();

/** The tenant of the transaction; null when there is none, and null equals nothing. */
const ownTenant = sql.raw(`nullif(current_setting('${tenantSetting}', true), '')`);

/**
 * A column's default: the tenant for which the transaction runs, null outside of one. So what a request of one tenant
 * writes is its own, whoever wrote the statement.
 */
export const tenantOfTransaction: SQL = ownTenant;

/** @param seen the rows that are seen, where these are more than what may be written */
function policies(condition: SQL, seen: SQL = condition): PgPolicy[] {
  return [
    pgPolicy("all_rows", { as: "permissive", for: "all", to: "public", using: sql`true` }),
    pgPolicy("tenant_rows", {
      as: "restrictive",
      for: "all",
      to: role,
      using: seen,
      withCheck: condition,
    }),
  ];
}

/**
 * The table's rows belong to the tenant in a column; a row without one is nobody's, and no tenant sees it.
 *
 * ```ts
 * pgTable("books", { tenantId: varchar("tenant_id", { length: 100 }), … }, (table) => [...tenantRows(), index(…)])
 * ```
 *
 * @param column its name
 */
export function tenantRows(column = "tenant_id"): PgPolicy[] {
  return policies(isOwn(column));
}

const isOwn = (column: string): SQL => sql`${sql.identifier(column)} = ${ownTenant}`;

/**
 * The same, but a row without a tenant is for everybody: all tenants see it, and none changes it.
 *
 * @param column its name
 */
export function tenantRowsAndShared(column = "tenant_id"): PgPolicy[] {
  const own = isOwn(column);
  return [
    ...policies(own, sql`(${own} OR ${sql.identifier(column)} IS NULL)`),
    pgPolicy("tenant_updates", { as: "restrictive", for: "update", to: role, using: own, withCheck: own }),
    pgPolicy("tenant_deletes", { as: "restrictive", for: "delete", to: role, using: own }),
  ];
}

/**
 * The table's rows belong to whom a row of another table belongs, which has `tenantRows` itself: Postgres asks its
 * policy, too. Not for a row that is inserted by the same statement as the other one, which is not seen then.
 *
 * ```ts
 * ...tenantRowsThrough("authors", { id: "author_id" }, "books")
 * ```
 *
 * @param key columns of the other table, its key, and which columns of this one name them
 * @param own this table's name
 */
export function tenantRowsThrough(
  other: string,
  key: Readonly<Record<string, string>>,
  own: string,
): PgPolicy[] {
  const name = sql.identifier;
  const same = Object.entries(key).map(
    ([theirs, ours]) => sql`owner.${name(theirs)} = ${name(own)}.${name(ours)}`,
  );
  return policies(sql`EXISTS (SELECT FROM ${name(other)} owner WHERE ${sql.join(same, sql` AND `)})`);
}

/**
 * The first wall: a condition on a column that names the tenant.
 *
 * @param tenantId null: rows of all
 */
export function isOfTenant(column: SQLWrapper, tenantId: string | null): SQL {
  return tenantId === null ? sql`true` : sql`${column} = ${tenantId}`;
}

/** What a table without rows of tenants says. */
export interface SharedTable {
  readonly why: string;
  /** What a request of one tenant does there all the same, as its grants say: `SELECT`, `UPDATE (committed_at)`. */
  readonly granted: readonly string[];
}

const isolateShared = new WeakMap<PgTable, SharedTable>();

/**
 * Says that a table has no rows of tenants: a request of one tenant gets nothing of it, but for what is granted to its
 * role by name.
 *
 * @param why it has none
 * @param granted what such a request needs all the same; the migration grants it
 */
export function withoutTenants<Table extends PgTable>(
  table: Table,
  why: string,
  granted: readonly string[] = [],
): Table {
  isolateShared.set(table, { why, granted });
  return table;
}

/** What `withoutTenants` was told of a table; null: nothing. */
export function sharedTable(table: PgTable): SharedTable | null {
  return isolateShared.get(table) ?? null;
}
