import { sql } from "drizzle-orm";
import { catalogueOf } from "../ports/course-catalogue.ts";
import { toldAccess, toldState } from "./told.ts";

/*
 * The courses that have an entry or of which an event told, wherever they were made. Several tenants may have an entry
 * for one id. Who has an entry sells the course; only where nobody has one, whoever told of it.
 */
export const distributionCatalogue = catalogueOf((courseId, tenantId) => {
  const seller = { courseId: sql`${courseId}::varchar`, tenantId: sql`s.tenant_id` };
  return sql`
    WITH sellers AS (
      SELECT d.tenant_id, 0 AS place FROM course_distributions d
      WHERE d.course_id = ${courseId} AND d.derived_from IS NULL
      UNION ALL
      SELECT k.tenant_id, 1 AS place FROM course_distribution_courses k WHERE k.course = ${courseId}
    ), meant AS (
      SELECT * FROM sellers WHERE ${tenantId}::varchar IS NULL OR tenant_id IS NULL OR tenant_id = ${tenantId}
    ), nearest AS (
      -- What was told for all makes nobody a seller beside those who have a tenant.
      SELECT *, count(*) FILTER (WHERE place = 0 OR tenant_id IS NOT NULL) OVER () AS number
      FROM meant WHERE place = (SELECT min(place) FROM meant)
    ), one AS (
      SELECT tenant_id, ${tenantId}::varchar IS NULL AND number > 1 AS is_unclear
      FROM nearest ORDER BY tenant_id NULLS LAST LIMIT 1
    )
    SELECT CASE WHEN is_unclear THEN NULL ELSE s.tenant_id END AS tenant_id,
      CASE WHEN is_unclear THEN NULL ELSE ${toldAccess(seller)} END AS access,
      CASE WHEN is_unclear THEN 'unclear' WHEN ${toldState(seller)} = 'archived' THEN 'gone' ELSE 'ready' END AS state
    FROM one s
    UNION ALL
    SELECT NULL, NULL, 'foreign' WHERE EXISTS (SELECT FROM sellers) AND NOT EXISTS (SELECT FROM meant)`;
});
