import { ConflictError, type Database, isoText, type Tx } from "@brain/engine";
import { sql } from "drizzle-orm";
import { andTenant } from "../../of-tenant.ts";
import type { GenerationRequest, Outline } from "../content/model.ts";
import { noCourse } from "../errors.ts";
import type { Progress } from "../generation/progress.ts";
import { type ArtifactRow, artifactsOf, progressOf } from "../generation/store.ts";
import { courses } from "../tables.ts";
import { isCourse } from "./whose-course.ts";

/** What authoring needs of a course. */
export interface AuthoredCourse {
  readonly tenant_id: string;
  readonly status: string;
  readonly workflowState: string;
  readonly version: string;
  readonly request: GenerationRequest;
  readonly created_at: string;
  readonly progress: Progress;
}

/** One course with everything that was generated. @param tenantId null: of any @throws {NotFoundError} */
export async function readAuthoredCourse(
  db: Database,
  courseId: string,
  tenantId: string | null,
): Promise<AuthoredCourse> {
  const course = await findAuthoredCourse(db, courseId, tenantId);
  if (course === null) throw noCourse(courseId);
  return course;
}

/** The same; null when there is no such course. */
export async function findAuthoredCourse(
  db: Database,
  courseId: string,
  tenantId: string | null,
): Promise<AuthoredCourse | null> {
  const [row] = await db.rows<
    Omit<AuthoredCourse, "progress"> & { outline: Outline | null; artifacts: readonly ArtifactRow[] }
  >(sql`
    SELECT c.tenant_id, c.status, c.workflow_state AS "workflowState", c.version, c.request,
      ${isoText(sql`c.created_at`)} AS created_at, c.outline, ${artifactsOf(sql`c.course_id`)} AS artifacts
    FROM course_factory_courses c WHERE c.course_id = ${courseId} ${andTenant(sql`c.tenant_id`, tenantId)}`);
  if (row === undefined) return null;
  const { outline, artifacts, ...course } = row;
  return { ...course, progress: progressOf(outline, artifacts) };
}

/** State of a course as its lock found it. */
export interface LockedCourse {
  readonly tenantId: string;
  readonly status: string;
  readonly workflowState: string;
}

/** Locks the course, so that of two authors at once one comes after the other. @throws {NotFoundError} */
export async function lockAuthoredCourse(
  tx: Tx,
  courseId: string,
  tenantId: string | null,
): Promise<LockedCourse> {
  const [row] = await tx
    .select({ tenantId: courses.tenantId, status: courses.status, workflowState: courses.workflowState })
    .from(courses)
    .where(isCourse(courseId, tenantId))
    .for("update");
  if (row === undefined) throw noCourse(courseId);
  return row;
}

/**
 * Lets authors work on completed courses only, and on none that is archived.
 *
 * @throws {ConflictError}
 */
export function refuseUnfinished(
  courseId: string,
  { status, workflowState }: Pick<LockedCourse, "status" | "workflowState">,
): void {
  if (status === "completed" && workflowState !== "archived") return;
  const found = status === "completed" ? workflowState : status;
  throw new ConflictError(
    `The course ${courseId} is ${found}. Expected a completed course that is not archived.`,
  );
}
