import { type SQL, sql } from "drizzle-orm";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { tenantOf, visibleTenant } from "../../../http/kit/tenants.ts";
import { andTenant } from "../../of-tenant.ts";
import { writeTimeCursor } from "../../time-cursor.ts";
import type { Outline } from "../content/model.ts";
import { noCourse } from "../errors.ts";
import { requireOutline } from "./context.ts";
import type { CatalogQuery } from "./model.ts";
import { assertEnrollable } from "./state.ts";
import { unixColumn } from "./status.ts";

/** A course that takes learners, as lists show it. */
export interface Card {
  readonly course_id: string;
  readonly tenant_id: string;
  readonly title: string;
  readonly description: string;
  readonly language: string;
  readonly target_audiences: readonly string[];
  readonly version: string;
  readonly workflow_state: string;
  readonly total_modules: number;
  readonly total_lessons: number;
  readonly total_estimated_duration_minutes: number;
  readonly enrollment_count: number;
  readonly completion_count: number;
  readonly packs_count: number;
  readonly completed_at: number;
}

/** Columns of a card; the table of courses is `c`. */
const cardColumns = sql`c.course_id::text, c.tenant_id, c.title, c.request ->> 'description' AS description, c.language,
  c.request -> 'target_audiences' AS target_audiences, c.version, c.workflow_state,
  jsonb_array_length(c.outline -> 'modules') AS total_modules,
  (c.outline ->> 'total_lessons')::integer AS total_lessons,
  (c.outline ->> 'total_estimated_duration_minutes')::integer AS total_estimated_duration_minutes,
  (SELECT count(*) FROM course_factory_enrollments e WHERE e.course_id = c.course_id)::integer AS enrollment_count,
  (SELECT count(*) FROM course_factory_completions d WHERE d.course_id = c.course_id)::integer AS completion_count,
  (SELECT count(*) FROM course_factory_packs p WHERE p.course_id = c.course_id)::integer AS packs_count,
  floor(${unixColumn(sql`c.finished_at`)}) AS completed_at`;

/** The courses that take learners, newest first: completed and not archived. */
export async function listCatalog(services: RequestServices, query: CatalogQuery) {
  const conditions: SQL[] = [sql`c.status = 'completed'`, sql`c.workflow_state <> 'archived'`];
  if (query.language !== undefined) conditions.push(sql`c.language = ${query.language}`);
  const tenantId = tenantOf(services, query.tenant_id);
  if (tenantId !== null) conditions.push(sql`c.tenant_id = ${tenantId}`);
  if (query.cursor !== undefined) {
    const { ms, id } = query.cursor;
    conditions.push(sql`(c.finished_at, c.course_id) < (to_timestamp(${ms}::float8 / 1000), ${id}::uuid)`);
  }
  const rows = await services.db.rows<Card & { ms: string }>(sql`
    SELECT ${cardColumns}, (extract(epoch FROM c.finished_at) * 1000)::bigint::text AS ms
    FROM course_factory_courses c WHERE ${sql.join(conditions, sql` AND `)}
    ORDER BY c.finished_at DESC, c.course_id DESC LIMIT ${query.limit + 1}`);
  const page = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? page.at(-1) : undefined;
  return {
    courses: page.map(({ ms: _ms, ...card }) => card),
    next_cursor: last === undefined ? null : writeTimeCursor({ ms: last.ms, id: last.course_id }),
  };
}

/**
 * Card and contents of one course, so that a learner's program knows the ids of modules and chapters.
 *
 * @throws {NotFoundError} no such course
 * @throws {ConflictError} the course is not completed, or is archived
 */
export async function readCatalogEntry(services: RequestServices, courseId: string) {
  const [row] = await services.db.rows<Card & { status: string; outline: Outline | null }>(sql`
    SELECT ${cardColumns}, c.status, c.outline FROM course_factory_courses c
    WHERE c.course_id = ${courseId} ${andTenant(sql`c.tenant_id`, visibleTenant(services))}`);
  if (row === undefined) throw noCourse(courseId);
  const { status, outline: stored, ...card } = row;
  assertEnrollable({ course_id: courseId, status, workflow_state: card.workflow_state });
  return {
    ...card,
    modules: requireOutline(stored).modules.map((part) => ({
      module_id: part.module_id,
      title: part.title,
      description: part.description,
      learning_objectives: part.learning_objectives,
      estimated_duration_minutes: part.estimated_total_duration_minutes,
      chapters: part.lessons.map((lesson) => ({
        chapter_id: lesson.lesson_id,
        title: lesson.title,
        description: lesson.description,
        estimated_duration_minutes: lesson.estimated_duration_minutes,
      })),
    })),
  };
}
