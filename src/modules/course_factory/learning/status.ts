import { type SQL, sql } from "drizzle-orm";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { visibleTenant } from "../../../http/kit/tenants.ts";
import { andTenant } from "../../of-tenant.ts";
import type { Outline } from "../content/model.ts";
import { noEnrollment, requireOutline } from "./context.ts";
import { assertMayAct, type ProgressEntry, percentageOf } from "./state.ts";

/** Unix seconds of a time column, as a JavaScript number. */
export function unixColumn(column: SQL): SQL {
  return sql`extract(epoch FROM ${column})::float8`;
}

interface EnrollmentRow {
  readonly enrollment_id: string;
  readonly course_id: string;
  readonly language: string;
  readonly actor_id: string | null;
  readonly enrolled_at: number;
  readonly outline: Outline | null;
}

type EntryRow = ProgressEntry & { readonly started_at: number; readonly completed_at: number | null };

interface CompletionRow {
  readonly course_version: string;
  readonly completed_at: number;
  readonly completion_hash: string;
}

/**
 * How far a learner is.
 *
 * @throws {NotFoundError} the course has no such enrolment
 * @throws {ForbiddenError} the enrolment belongs to another actor than the request names
 */
export async function readStatus(services: RequestServices, courseId: string, enrollmentId: string) {
  const [found, entries, completed] = (await services.db.batch([
    sql`SELECT e.enrollment_id, e.course_id::text, e.language, e.actor_id, ${unixColumn(sql`e.enrolled_at`)} AS enrolled_at,
      c.outline
      FROM course_factory_enrollments e JOIN course_factory_courses c USING (course_id)
      WHERE e.enrollment_id = ${enrollmentId} AND e.course_id = ${courseId} ${andTenant(sql`c.tenant_id`, visibleTenant(services))}`,
    sql`SELECT kind, target_id::text, status, ${unixColumn(sql`started_at`)} AS started_at,
      ${unixColumn(sql`completed_at`)} AS completed_at
      FROM course_factory_learning_progress WHERE enrollment_id = ${enrollmentId}
      ORDER BY started_at, completed_at NULLS LAST, kind, target_id`,
    sql`SELECT course_version, ${unixColumn(sql`completed_at`)} AS completed_at, completion_hash
      FROM course_factory_completions WHERE enrollment_id = ${enrollmentId}`,
  ])) as [EnrollmentRow[], EntryRow[], CompletionRow[]];
  const [row] = found;
  if (row === undefined) throw noEnrollment(courseId);
  const { outline: stored, ...enrollment } = row;
  assertMayAct(enrollment.actor_id, [services.actorId]);
  const outline = requireOutline(stored);
  const [completion] = completed;
  return {
    enrollment,
    progress: entries.map((entry) => ({
      chapter_id: entry.kind === "chapter" ? entry.target_id : null,
      module_id: entry.kind === "module" ? entry.target_id : moduleOf(outline, entry.target_id),
      status: entry.status,
      started_at: entry.started_at,
      completed_at: entry.completed_at,
    })),
    completion:
      completion === undefined
        ? null
        : {
            enrollment_id: enrollmentId,
            course_id: courseId,
            actor_id: enrollment.actor_id,
            ...completion,
          },
    completion_percentage: percentageOf(outline, entries),
  };
}

/** The module of a chapter; null when the outline no longer has it. */
function moduleOf(outline: Outline, chapterId: string): string | null {
  const part = outline.modules.find(({ lessons }) =>
    lessons.some((lesson) => lesson.lesson_id === chapterId),
  );
  return part?.module_id ?? null;
}
