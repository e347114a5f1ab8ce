import { NotFoundError, type PublishOptions, type Tx } from "@brain/engine";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { visibleTenant } from "../../../http/kit/tenants.ts";
import type { Outline } from "../content/model.ts";
import { noCourse } from "../errors.ts";
import { assertCompleted } from "./state.ts";
import { findCourse } from "./store.ts";

/** What the services of learning share. */

/** Producer of all events of learning. */
export const learningSource = "course_learning_service";

/** Envelope fields of an event about a learner: the tenant is the course's; who acts for nobody else is the learner. */
export function aboutLearner(
  services: RequestServices,
  tenantId: string,
  learner: string | null,
): PublishOptions {
  return { tenant_id: tenantId, actor_id: services.actorId ?? learner };
}

/** Now, without the part of a second that answers and certificates do not show. */
export function wholeSecond(services: RequestServices): Date {
  return new Date(Math.floor(services.now().getTime() / 1000) * 1000);
}

/** A course that can be learnt. @throws {NotFoundError} @throws {ConflictError} it is not completed */
export async function readyCourse(services: RequestServices, tx: Tx, courseId: string) {
  const course = await findCourse(tx, courseId, visibleTenant(services));
  if (course === null) throw noCourse(courseId);
  assertCompleted({ course_id: courseId, status: course.status });
  return { ...course, outline: requireOutline(course.outline) };
}

/** The outline of a completed course. */
export function requireOutline(outline: Outline | null): Outline {
  if (outline === null) throw new Error("A completed course has an outline; this one lost it.");
  return outline;
}

export function noEnrollment(courseId: string): NotFoundError {
  return new NotFoundError(
    `The course ${courseId} has no such enrolment. Expected the enrollment_id that POST /api/courses/${courseId}/enroll answered.`,
  );
}
