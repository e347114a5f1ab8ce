import { PermanentError, type Tx } from "@brain/engine";
import { eq, type SQL, sql } from "drizzle-orm";
import type { CourseCatalogue } from "../../ports/course-catalogue.ts";
import type { GenerationRequest } from "../content/model.ts";
import { courses } from "../tables.ts";

/** What handlers need of a course. */
export interface KnownCourse {
  readonly tenantId: string;
  readonly status: string;
  /** Where the workflow of the authors has it. */
  readonly state: string;
  readonly version: string;
  readonly request: GenerationRequest;
}

const uuidShape = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * False for the id of a course of other origin, which may have any shape; a uuid column would refuse it. Ids of ours
 * are in small letters: who tells of a course in capitals tells of another one, as accesses and distributions compare
 * text.
 */
export function isCourseId(id: string): boolean {
  return uuidShape.test(id);
}

/**
 * Whether the course was made here, for another tenant: a condition in SQL, which also holds where the tenant's own
 * database shows it no such course.
 *
 * @param tenantId null: of no tenant, so never
 */
export function isOfAnother(courseId: string, tenantId: string | null): SQL<boolean> {
  if (tenantId === null || !isCourseId(courseId)) return sql<boolean>`false`;
  return sql<boolean>`course_factory_is_of_another(${courseId}::uuid, ${tenantId}::text)`;
}

/** What an event says of whose it is. */
interface Told {
  readonly type: string;
  readonly tenant_id: string | null;
}

/**
 * The course that an event of another module names; null when the factory has no such course.
 *
 * @throws {PermanentError} the event belongs to another tenant than the course
 */
export async function findCourse(tx: Tx, courseId: string, event: Told): Promise<KnownCourse | null> {
  if (!isCourseId(courseId)) return null;
  const [course] = await tx
    .select({
      tenantId: courses.tenantId,
      status: courses.status,
      state: courses.workflowState,
      version: courses.version,
      request: courses.request,
    })
    .from(courses)
    .where(eq(courses.courseId, courseId));
  return course === undefined ? null : ofTenant(course, courseId, event);
}

function ofTenant(course: KnownCourse, courseId: string, event: Told): KnownCourse {
  if (event.tenant_id === null || event.tenant_id === course.tenantId) return course;
  throw new PermanentError(
    `The event "${event.type}" belongs to another tenant than course ${courseId}; nothing is done for it. Check who sent it.`,
  );
}

/** The course as JSON, for statements that ask for more. */
const courseJson = (courseId: string): SQL => sql`(
    SELECT jsonb_build_object('tenantId', tenant_id, 'status', status, 'state', workflow_state, 'version', version,
      'request', request)
    FROM course_factory_courses WHERE course_id = ${isCourseId(courseId) ? courseId : null}::uuid)`;

/**
 * The same, in one statement with a change to what belongs to the course.
 *
 * @param change CTEs; when this throws, the transaction undoes them
 * @throws {PermanentError} as `findCourse`
 */
export async function findCourseAndChange(
  tx: Tx,
  courseId: string,
  event: Told,
  change: SQL,
): Promise<KnownCourse | null> {
  if (!isCourseId(courseId)) return null;
  const { rows } = await tx.execute<{ course: KnownCourse | null }>(sql`
    WITH ${change} SELECT ${courseJson(courseId)} AS course`);
  const course = rows[0]?.course ?? null;
  return course === null ? null : ofTenant(course, courseId, event);
}

/**
 * What is paid for: a course of the factory, if it is the event's tenant's, and else whether the catalogue knows one of
 * that tenant, whoever made it. Another tenant's course is none here: what pays for it has to be paid back.
 */
export async function findCourseOrOther(
  tx: Tx,
  courseId: string,
  event: Told,
  catalogue: CourseCatalogue,
): Promise<{ readonly course: KnownCourse | null; readonly isKnown: boolean }> {
  const { rows } = await tx.execute<{ course: KnownCourse | null; is_known: boolean }>(sql`
    SELECT ${courseJson(courseId)} AS course, EXISTS (
      SELECT FROM (${catalogue.query(courseId, event.tenant_id)}) AS c WHERE c.state <> 'foreign') AS is_known`);
  const course = rows[0]?.course ?? null;
  const isForeign = course !== null && event.tenant_id !== null && course.tenantId !== event.tenant_id;
  return { course: isForeign ? null : course, isKnown: rows[0]?.is_known === true };
}

/** A payment whose delivery is open. */
export interface OpenDelivery {
  readonly payment_id: string;
  readonly intent_id: string | null;
  readonly amount_cents: number | null;
  readonly currency: string | null;
}

/**
 * The same, and the payments whose delivery is open.
 *
 * @throws {PermanentError} as `findCourse`
 */
export async function findCourseWithOpen(
  tx: Tx,
  courseId: string,
  event: Told,
): Promise<{ readonly course: KnownCourse | null; readonly open: readonly OpenDelivery[] }> {
  if (!isCourseId(courseId)) return { course: null, open: [] };
  const { rows } = await tx.execute<{ course: KnownCourse | null; open: readonly OpenDelivery[] | null }>(sql`
    SELECT ${courseJson(courseId)} AS course, (
      SELECT jsonb_agg(to_jsonb(d)) FROM (
        SELECT payment AS payment_id, intent_id, amount_cents, currency FROM course_factory_deliveries
        WHERE course_id = ${courseId} AND status = 'requested'
      ) d) AS open`);
  const course = rows[0]?.course ?? null;
  return {
    course: course === null ? null : ofTenant(course, courseId, event),
    open: rows[0]?.open ?? [],
  };
}
