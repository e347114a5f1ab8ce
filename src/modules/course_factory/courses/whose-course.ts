import { and, eq, type SQL, sql } from "drizzle-orm";
import { ofTenant } from "../../of-tenant.ts";
import { courses } from "../tables.ts";

/*
 * Whose course is meant. What belongs to a course (lessons, enrolments, packs, pages …) has no tenant of its own and is
 * reached through it. Everywhere null means: of any tenant.
 */

/** One course, if it is this tenant's. */
export function isCourse(courseId: string, tenantId: string | null): SQL | undefined {
  return and(eq(courses.courseId, courseId), ofTenant(courses.tenantId, tenantId));
}

/** True for rows whose course is this tenant's. @param column with the id of the course */
export function isOfTenant(column: SQL, tenantId: string | null): SQL {
  if (tenantId === null) return sql`true`;
  return sql`EXISTS (SELECT FROM course_factory_courses whose
    WHERE whose.course_id = ${column} AND whose.tenant_id = ${tenantId})`;
}
