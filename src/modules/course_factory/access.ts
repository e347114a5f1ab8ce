import { ConflictError } from "@brain/engine";
import { courseAccessRuleChanged } from "@brain/schemas";
import { eq, sql } from "drizzle-orm";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { visibleTenant } from "../../http/kit/tenants.ts";
import { type AccessRule, isSameRule, openAccess } from "../access-rule.ts";
import { factorySource } from "./announce.ts";
import { isCourse } from "./courses/whose-course.ts";
import { noCourse } from "./errors.ts";
import { courses } from "./tables.ts";

/** Answer of PUT /courses/{course_id}/access. */
export interface AccessView {
  readonly course_id: string;
  readonly access: AccessRule;
}

/**
 * Replaces who may learn a course, and tells of it in the same transaction. What reads the rule here (offers, enrolment,
 * lessons) follows at once, also the run that still makes the course. Idempotent: the same rule changes and tells
 * nothing. Payments that were begun keep their price.
 *
 * @throws {NotFoundError} no such course
 * @throws {ConflictError} the course is archived, or its generation failed
 */
export async function changeAccessRule(
  services: RequestServices,
  courseId: string,
  access: AccessRule,
): Promise<AccessView> {
  const context = {
    source: factorySource,
    tenant_id: visibleTenant(services),
    actor_id: services.actorId,
  };
  return await services.transact(context, async (tx, publish) => {
    const [course] = await tx
      .select({
        tenantId: courses.tenantId,
        status: courses.status,
        state: courses.workflowState,
        stored: sql<AccessRule | null>`${courses.request} -> 'access'`,
      })
      .from(courses)
      .where(isCourse(courseId, visibleTenant(services)))
      .for("update");
    if (course === undefined) throw noCourse(courseId);
    if (course.status === "failed" || course.state === "archived") {
      const found = course.status === "failed" ? "failed" : "archived";
      throw new ConflictError(
        `The course ${courseId} is ${found}, so nobody can learn it and its access cannot be changed. Expected a course that is completed or being generated, and not archived.`,
      );
    }
    const previous = course.stored ?? openAccess;
    if (isSameRule(previous, access)) return { course_id: courseId, access };
    const at = services.now().toISOString();
    await tx
      .update(courses)
      .set({
        request: sql`jsonb_set(${courses.request}, '{access}', ${JSON.stringify(access)}::jsonb)`,
        updatedAt: sql`greatest(${courses.updatedAt}, ${at}::timestamptz)`,
      })
      .where(eq(courses.courseId, courseId));
    await publish(
      courseAccessRuleChanged,
      { course_id: courseId, access, previous, changed_at: at },
      { tenant_id: course.tenantId },
    );
    return { course_id: courseId, access };
  });
}
