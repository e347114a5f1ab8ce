import { sql } from "drizzle-orm";
import type { AccessRule } from "../access-rule.ts";
import type { CourseCatalogue } from "../ports/course-catalogue.ts";
import { isCourseId } from "./known-course.ts";

/** The courses that were made here, from the moment that their request was accepted. */
export const factoryCatalogue: CourseCatalogue = {
  async find(read, courseId) {
    if (!isCourseId(courseId)) return null;
    const [row] = await read(sql`
      SELECT tenant_id, status, workflow_state, request -> 'access' AS access
      FROM course_factory_courses WHERE course_id = ${courseId}`);
    if (row === undefined) return null;
    const course = row as {
      tenant_id: string;
      status: string;
      workflow_state: string;
      access: AccessRule | null;
    };
    const isGone = course.status === "failed" || course.workflow_state === "archived";
    return {
      tenantId: course.tenant_id,
      state: isGone ? "gone" : course.status === "completed" ? "ready" : "soon",
      access: course.access,
    };
  },
};
