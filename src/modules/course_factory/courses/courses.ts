import { type Database, isoText, NotFoundError } from "@brain/engine";
import { type SQL, sql } from "drizzle-orm";
import { type AccessRule, openAccess } from "../../access-rule.ts";
import { andTenant } from "../../of-tenant.ts";
import { lessonsOf } from "../content/assemble.ts";
import type { GenerationRequest, GenerationResult, Lesson, Outline } from "../content/model.ts";
import { type Tone, toneWord } from "../content/tone.ts";
import { noCourse } from "../errors.ts";
import { outlineWithStates, type Progress } from "../generation/progress.ts";
import { type ArtifactRow, artifactsOf, progressOf } from "../generation/store.ts";
import type { StoredResult } from "../tables.ts";
import type { TransitionRecord } from "../workflow/workflow.ts";

/** Answer of GET /courses/{course_id}. */
export interface CourseView {
  readonly course_id: string;
  readonly tenant_id: string;
  readonly title: string;
  readonly description: string;
  readonly language: string;
  readonly target_audiences: readonly string[];
  readonly version: string;
  readonly status: "generating" | "completed" | "failed";
  readonly workflow_state: string;
  readonly access: AccessRule;
  readonly workflow_history: readonly TransitionRecord[];
  /** What exists already; of use while the course is being generated. */
  readonly progress: {
    readonly outline: boolean;
    readonly lessons_written: number;
    readonly lessons_requested: number;
    readonly quiz: boolean;
    readonly landing_page: boolean;
  };
  /** Null until the course is completed. */
  readonly result: GenerationResult | null;
  /** Null unless the generation failed. */
  readonly error: { readonly message: string; readonly type: string } | null;
  readonly deliveries: Readonly<Record<"requested" | "delivered" | "failed", number>>;
  readonly created_at: string;
  readonly updated_at: string;
}

interface CourseRow {
  readonly tenant_id: string;
  readonly status: CourseView["status"];
  readonly version: string;
  readonly workflow_state: string;
  readonly request: GenerationRequest;
  readonly outline: Outline | null;
  readonly result: StoredResult | null;
  readonly error_message: string | null;
  readonly error_type: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly artifacts: readonly ArtifactRow[];
  readonly history: readonly TransitionRecord[];
  readonly staging_url: string | null;
  readonly deliveries: Readonly<Partial<Record<"requested" | "delivered" | "failed", number>>>;
}

function courseQuery(courseId: string, tenantId: string | null): SQL {
  return sql`
    SELECT c.tenant_id, c.status, c.version, c.workflow_state, c.request, c.outline, c.result, c.error_message,
      c.error_type, ${isoText(sql`c.created_at`)} AS created_at, ${isoText(sql`c.updated_at`)} AS updated_at,
      ${artifactsOf(sql`c.course_id`)} AS artifacts,
      (SELECT coalesce(json_agg(json_build_object('transition_id', t.transition_id, 'course_id', t.course_id,
        'from_state', t.from_state, 'to_state', t.to_state, 'requires_approval', t.requires_approval,
        'approval_id', t.approval_id, 'approved_by', t.approved_by, 'validation_passed', true,
        'validation_errors', '[]'::json, 'transitioned_at', ${isoText(sql`t.transitioned_at`)},
        'transitioned_by', t.transitioned_by, 'reason', t.reason, 'can_rollback', t.can_rollback,
        'rollback_state', t.rollback_state, 'rollback_of', t.rollback_of) ORDER BY t.position), '[]'::json)
        FROM course_factory_transitions t WHERE t.course_id = c.course_id) AS history,
      (SELECT d.staging_url FROM course_factory_deployments d
        WHERE d.course_id = c.course_id AND d.course_version = c.version) AS staging_url,
      (SELECT coalesce(json_object_agg(n.status, n.count), '{}'::json) FROM (
        SELECT status, count(*)::integer AS count FROM course_factory_deliveries
        WHERE course_id = c.course_id GROUP BY status) n) AS deliveries
    FROM course_factory_courses c WHERE c.course_id = ${courseId} ${andTenant(sql`c.tenant_id`, tenantId)}`;
}

/** Everything of one course in one round trip. @param tenantId null: of any @throws {NotFoundError} */
export async function readCourse(
  db: Database,
  courseId: string,
  tenantId: string | null,
): Promise<CourseView> {
  const [row] = await db.rows<CourseRow>(courseQuery(courseId, tenantId));
  if (row === undefined) throw noCourse(courseId);
  const { request } = row;
  const progress = progressOf(row.outline, row.artifacts);
  return {
    course_id: courseId,
    tenant_id: row.tenant_id,
    title: request.title,
    description: request.description,
    language: request.language,
    target_audiences: request.target_audiences,
    version: row.version,
    status: row.status,
    workflow_state: row.workflow_state,
    access: request.access ?? openAccess,
    workflow_history: row.history,
    progress: {
      outline: progress.outline !== null,
      lessons_written: progress.lessons.size,
      lessons_requested: request.full_lessons_count,
      quiz: progress.quiz !== null,
      landing_page: progress.landingPage !== null,
    },
    result: row.result === null ? null : resultView(row, row.result, progress),
    error:
      row.error_message === null ? null : { message: row.error_message, type: row.error_type ?? "unknown" },
    deliveries: { requested: 0, delivered: 0, failed: 0, ...row.deliveries },
    created_at: row.created_at,
    updated_at: row.updated_at,
  };
}

/** The outline as it is shown: its tone is a word of its language. */
export function shownOutline(outline: Outline): Outline {
  const { tone, language } = outline.metadata;
  // The word is no value of the enum; whoever sends it back is understood by `readTone`.
  return { ...outline, metadata: { ...outline.metadata, tone: toneWord(tone, language) as Tone } };
}

function resultView(row: CourseRow, counted: StoredResult, progress: Progress): GenerationResult {
  return {
    ...counted,
    ...(progress.outline === null
      ? {}
      : { outline: shownOutline(outlineWithStates(progress.outline, progress.lessons)) }),
    ...(progress.quiz === null ? {} : { quiz: progress.quiz }),
    ...(progress.landingPage === null ? {} : { landing_page: progress.landingPage }),
    deployed: row.staging_url !== null,
    staging_url: row.staging_url,
    errors: [],
  };
}

/** Answer of GET /courses/{course_id}/lessons/{lesson_id}: the planned lesson, with its text when it has one. */
export type LessonView = Lesson & {
  readonly course_id: string;
  /** Null for a lesson without text of its own. */
  readonly word_count: number | null;
  readonly generated_at: string | null;
};

/** @throws {NotFoundError} no such course, no outline yet, or no such lesson in it */
export async function readLesson(
  db: Database,
  courseId: string,
  lessonId: string,
  tenantId: string | null,
): Promise<LessonView> {
  const [row] = await db.rows<Pick<CourseRow, "outline" | "artifacts">>(sql`
    SELECT c.outline, ${artifactsOf(sql`c.course_id`)} AS artifacts
    FROM course_factory_courses c WHERE c.course_id = ${courseId} ${andTenant(sql`c.tenant_id`, tenantId)}`);
  if (row === undefined) throw noCourse(courseId);
  return lessonOf(courseId, row, lessonId, `/api/course-factory/courses/${courseId}`).view;
}

/**
 * A lesson of a course and its place in it, from 0.
 *
 * @param listedAt the route that the caller finds the lessons at
 * @throws {NotFoundError} no outline yet, or no such lesson in it
 */
export function lessonOf(
  courseId: string,
  row: Pick<CourseRow, "outline" | "artifacts">,
  lessonId: string,
  listedAt: string,
): { readonly index: number; readonly view: LessonView } {
  const { outline, lessons } = progressOf(row.outline, row.artifacts);
  const all = outline === null ? [] : lessonsOf(outline);
  const index = all.findIndex((lesson) => lesson.lesson_id === lessonId);
  const planned = all[index];
  if (planned === undefined) {
    throw new NotFoundError(
      `The course ${courseId} has no lesson ${lessonId}. GET ${listedAt} lists its lessons.`,
    );
  }
  const written = lessons.get(index);
  const view: LessonView = {
    ...planned,
    ...(written === undefined
      ? // Planned as a full lesson, but its text is still to come, or never came because the course failed.
        { status: planned.status === "full" ? ("todo" as const) : planned.status }
      : { status: written.status, content_markdown: written.content_markdown }),
    course_id: courseId,
    word_count: written?.word_count ?? null,
    generated_at: written?.generated_at ?? null,
  };
  return { index, view };
}

/** Courses in work, for the health answer. `stalled` ones wait for the consumer to go on with them. */
export async function readActivity(
  db: Database,
  tenantId: string | null,
): Promise<{ readonly generating: number; readonly stalled: number }> {
  const [row] = await db.rows<{ generating: number; stalled: number }>(sql`
    SELECT count(*)::integer AS generating,
      (count(*) FILTER (WHERE generating_until <= now()))::integer AS stalled
    FROM course_factory_courses c WHERE c.status = 'generating' ${andTenant(sql`c.tenant_id`, tenantId)}`);
  return row ?? { generating: 0, stalled: 0 };
}
