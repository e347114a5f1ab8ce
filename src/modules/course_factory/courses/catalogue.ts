import { sql } from "drizzle-orm";
import { catalogueOf } from "../../ports/course-catalogue.ts";
import { isCourseId, isOfAnother } from "./known-course.ts";

/** The courses that were made here, from the moment that their request was accepted. */
export const factoryCatalogue = catalogueOf(
  (courseId, tenantId) => sql`
    SELECT tenant_id, request -> 'access' AS access,
      CASE WHEN status = 'failed' OR workflow_state = 'archived' THEN 'gone'
        WHEN status = 'completed' THEN 'ready' ELSE 'soon' END AS state
    FROM course_factory_courses
    WHERE course_id = ${isCourseId(courseId) ? courseId : null}::uuid
      AND (${tenantId}::text IS NULL OR tenant_id = ${tenantId})
    UNION ALL
    SELECT NULL, NULL, 'foreign' WHERE ${isOfAnother(courseId, tenantId)}`,
);
