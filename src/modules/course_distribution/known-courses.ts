import { sql } from "drizzle-orm";
import type { AccessRule } from "../access-rule.ts";
import type { CourseCatalogue } from "../ports/course-catalogue.ts";

/** The courses that have an entry or of which an event told, wherever they were made. */
export const distributionCatalogue: CourseCatalogue = {
  async find(read, courseId) {
    const [row] = await read(sql`
      SELECT d.tenant_id, k.workflow_state, k.access
      FROM (SELECT ${courseId}::text AS course_id) AS asked
      LEFT JOIN course_distributions d ON d.course_id = asked.course_id AND d.derived_from IS NULL
      LEFT JOIN course_distribution_courses k ON k.course_id = asked.course_id
      WHERE d.course_id IS NOT NULL OR k.course_id IS NOT NULL`);
    if (row === undefined) return null;
    const course = row as {
      tenant_id: string | null;
      workflow_state: string | null;
      access: AccessRule | null;
    };
    return {
      tenantId: course.tenant_id,
      state: course.workflow_state === "archived" ? "gone" : "ready",
      access: course.access,
    };
  },
};
