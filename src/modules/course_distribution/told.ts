import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { AccessRule } from "../access-rule.ts";

/*
 * Which events about a course count for its catalogue entry. A publisher may name any course, so several tenants may
 * publish about the same id. An entry of a tenant counts that tenant's events and those of no tenant. An entry of no
 * tenant counts events of no tenant, and those of the tenant that published about the id first.
 */

/** What names a course, and whose it is: columns of a row, or values. */
interface Named {
  readonly courseId: SQLWrapper;
  readonly tenantId: SQLWrapper;
}

/** A row of what was told. */
interface Told extends Named {
  /** Not null in the row of who told of the id first. */
  readonly firstOfId: SQLWrapper;
}

/** The row of an entry in a statement on the table of entries. */
export const ofEntry: Named = {
  courseId: sql.raw("course_distributions.course_id"),
  tenantId: sql.raw("course_distributions.tenant_id"),
};

/** An entry that was read. */
export const entryOf = (entry: { readonly courseId: string; readonly tenantId: string | null }): Named => ({
  courseId: sql`${entry.courseId}::varchar`,
  tenantId: sql`${entry.tenantId}::varchar`,
});

/** The condition on a row of what was told, that it counts for an entry. */
export function isToldOf(told: Told, entry: Named): SQL {
  return sql`(${told.courseId} = ${entry.courseId} AND (${told.tenantId} IS NULL
    OR ${told.tenantId} = ${entry.tenantId}
    OR (${entry.tenantId} IS NULL AND ${told.firstOfId} IS NOT NULL)))`;
}

/** A row of what was told of courses as a whole, under the name `known`. */
export const known: Told = {
  courseId: sql.raw("known.course"),
  tenantId: sql.raw("known.tenant_id"),
  firstOfId: sql.raw("known.course_id"),
};

/** No event told anything of the course of an entry. */
export function isUntold(entry: Named): SQL {
  return sql`NOT EXISTS (SELECT FROM course_distribution_courses known WHERE ${isToldOf(known, entry)})`;
}

/** Who may learn the course of an entry, as it was told last; null: nobody told. */
export function toldAccess(entry: Named): SQL<AccessRule | null> {
  return sql<AccessRule | null>`(
    SELECT known.access FROM course_distribution_courses known WHERE ${isToldOf(known, entry)}
    ORDER BY known.access_told_at DESC NULLS LAST LIMIT 1)`;
}

/** How far the authors of the course of an entry are, as it was told last; null: nobody told. */
export function toldState(entry: Named): SQL<string | null> {
  return sql<string | null>`(
    SELECT known.workflow_state FROM course_distribution_courses known WHERE ${isToldOf(known, entry)}
    ORDER BY known.workflow_told_at DESC NULLS LAST LIMIT 1)`;
}
