import { sql } from "drizzle-orm";
import { catalogueOf } from "../ports/course-catalogue.ts";

/** The courses that have an entry or of which an event told, wherever they were made. */
export const distributionCatalogue = catalogueOf(
  (courseId) => sql`
    SELECT d.tenant_id, k.access, CASE WHEN k.workflow_state = 'archived' THEN 'gone' ELSE 'ready' END AS state
    FROM (SELECT ${courseId}::text AS course_id) AS asked
    LEFT JOIN course_distributions d ON d.course_id = asked.course_id AND d.derived_from IS NULL
    LEFT JOIN course_distribution_courses k ON k.course_id = asked.course_id
    WHERE d.course_id IS NOT NULL OR k.course_id IS NOT NULL`,
);
