import { sql } from "drizzle-orm";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { visibleTenant } from "../../../http/kit/tenants.ts";
import { type AccessRule, openAccess } from "../../access-rule.ts";
import { andTenant } from "../../of-tenant.ts";
import type { AccessCheck } from "../../ports/access-check.ts";
import { readerOf } from "../../reader.ts";
import { lessonsOf } from "../content/assemble.ts";
import type { Outline } from "../content/model.ts";
import { lessonOf } from "../courses/courses.ts";
import { noCourse } from "../errors.ts";
import { type ArtifactRow, artifactsOf } from "../generation/store.ts";
import { isFree, requireAccess } from "./access.ts";
import { requireOutline } from "./context.ts";
import { assertCompleted } from "./state.ts";

/** Lessons as learners read them: those of a paid course need access, except for the free ones. */

interface LessonsRow {
  readonly tenant_id: string;
  readonly status: string;
  readonly outline: Outline | null;
  readonly access: AccessRule | null;
}

/**
 * The lessons of a course in order, without their texts, and which of them the caller cannot read yet.
 *
 * @throws {NotFoundError} no such course
 * @throws {ConflictError} the course is not completed
 */
export async function listLessons(services: RequestServices, check: AccessCheck, courseId: string) {
  const [row] = await services.db.rows<LessonsRow & Record<string, unknown>>(sql`
    SELECT c.tenant_id, c.status, c.outline, c.request -> 'access' AS access
    FROM course_factory_courses c
    WHERE c.course_id = ${courseId} ${andTenant(sql`c.tenant_id`, visibleTenant(services))}`);
  if (row === undefined) throw noCourse(courseId);
  assertCompleted({ course_id: courseId, status: row.status });
  const rule = row.access ?? openAccess;
  const { actorId } = services;
  const hasAccess =
    rule.mode === "open" ||
    (actorId !== null &&
      (await check.hasAccess(readerOf(services.db), { courseId, tenantId: row.tenant_id }, actorId)));
  return {
    course_id: courseId,
    access: rule,
    has_access: hasAccess,
    lessons: lessonsOf(requireOutline(row.outline)).map((lesson, index) => ({
      lesson_id: lesson.lesson_id,
      module_id: lesson.module_id ?? null,
      title: lesson.title,
      description: lesson.description,
      estimated_duration_minutes: lesson.estimated_duration_minutes,
      position: index + 1,
      is_free: isFree(rule, index),
      is_locked: !hasAccess && !isFree(rule, index),
    })),
  };
}

/**
 * One lesson with its text.
 *
 * @throws {NotFoundError} no such course, or no such lesson in it
 * @throws {ConflictError} the course is not completed
 * @throws {UnauthorizedError | ForbiddenError} as {@link requireAccess}; not for a free lesson
 */
export async function readLearnersLesson(
  services: RequestServices,
  check: AccessCheck,
  courseId: string,
  lessonId: string,
) {
  const [row] = await services.db.rows<
    LessonsRow & { readonly artifacts: readonly ArtifactRow[] } & Record<string, unknown>
  >(sql`
    SELECT c.tenant_id, c.status, c.outline, c.request -> 'access' AS access, ${artifactsOf(sql`c.course_id`)} AS artifacts
    FROM course_factory_courses c
    WHERE c.course_id = ${courseId} ${andTenant(sql`c.tenant_id`, visibleTenant(services))}`);
  if (row === undefined) throw noCourse(courseId);
  assertCompleted({ course_id: courseId, status: row.status });
  const { index, view } = lessonOf(courseId, row, lessonId, `/api/courses/${courseId}/lessons`);
  const free = isFree(row.access, index);
  if (!free) {
    const course = { courseId, tenantId: row.tenant_id, access: row.access };
    await requireAccess({ read: readerOf(services.db), check }, course, services.actorId);
  }
  return { ...view, position: index + 1, is_free: free };
}
