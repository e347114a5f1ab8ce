import { sql } from "drizzle-orm";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { visibleTenant } from "../../../http/kit/tenants.ts";
import { isOfTenant } from "../courses/whose-course.ts";

/** Whether learners can be served. Never throws: an unreachable database is what it reports. */
export async function readHealth(services: RequestServices, certificatesEnabled: boolean) {
  const base = {
    module: "course_factory",
    part: "learning",
    certificates_enabled: certificatesEnabled,
  };
  try {
    const [row] = await services.db.rows<{ count: number }>(
      sql`SELECT count(*)::integer AS count FROM course_factory_enrollments e
        WHERE ${isOfTenant(sql`e.course_id`, visibleTenant(services))}`,
    );
    return { ...base, status: "healthy", enrollments_count: row?.count ?? 0 };
  } catch (error) {
    const reason = error instanceof Error ? error.name : "unknown";
    services.log.warn({ reason }, "enrolments cannot be read; the health of learning is degraded");
    return { ...base, status: "degraded", enrollments_count: null };
  }
}
