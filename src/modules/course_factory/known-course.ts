import { PermanentError, type Tx } from "@brain/engine";
import { eq } from "drizzle-orm";
import type { GenerationRequest } from "./content/model.ts";
import { courses } from "./tables.ts";

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
 * The course that an event of another module names; null when the factory has no such course.
 *
 * @throws {PermanentError} the event belongs to another tenant than the course
 */
export async function findCourse(
  tx: Tx,
  courseId: string,
  event: { readonly type: string; readonly tenant_id: string | null },
): Promise<KnownCourse | null> {
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
  if (course === undefined) return null;
  if (event.tenant_id !== null && event.tenant_id !== course.tenantId) {
    throw new PermanentError(
      `The event "${event.type}" belongs to another tenant than course ${courseId}; nothing is done for it. Check who sent it.`,
    );
  }
  return course;
}
