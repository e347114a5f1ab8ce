import type { HTTPQueryOptions, NeonQueryFunction } from "@neondatabase/serverless";
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

type Query = NeonQueryFunction<false, false>;

/** The driver's function, each of whose statements is the second one of a transaction of its own: one round trip, as before. */
export function asTenant(
  query: Query,
  entering: { readonly sql: string; readonly params: unknown[] },
): Query {
  const enter = () => query.query(entering.sql, entering.params);
  const ask = (text: string, params: unknown[] = [], options?: HTTPQueryOptions<false, false>) => {
    const asked = query.query(text, params, options);
    // What is asked in a list is not run by itself: the driver reads its text, and this is not called.
    asked.execute = async () => {
      const [, answer] = await query.transaction([enter(), query.query(text, params, options)], options);
      return answer as never;
    };
    return asked;
  };
  const transaction: Query["transaction"] = async (asked, options) => {
    if (!Array.isArray(asked)) throw new Error("Statements of a tenant are given as a list.");
    const answers = await query.transaction([enter(), ...asked] as never, options);
    return answers.slice(1) as never;
  };
  return Object.assign(
    () => {
      throw new Error("Statements of a tenant are built with drizzle.");
    },
    { query: ask, transaction, unsafe: query.unsafe },
  ) as unknown as Query;
}
