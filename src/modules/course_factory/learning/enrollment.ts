import type { Tx } from "@brain/engine";
import { sha256Hex } from "@brain/engine";
import { courseCompletionRecorded, courseEnrollmentCreated, courseProgressRecorded } from "@brain/schemas";
import { actorNamed } from "../../../http/kit/acting.ts";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { publishContext } from "../../../http/kit/publish-context.ts";
import { visibleTenant } from "../../../http/kit/tenants.ts";
import type { AccessCheck } from "../../ports/access-check.ts";
import { readerIn } from "../../reader.ts";
import { noCourse } from "../errors.ts";
import { requireAccess, requireLearnersAccess } from "./access.ts";
import { aboutLearner, learningSource, noEnrollment, requireOutline, wholeSecond } from "./context.ts";
import {
  type CompleteInput,
  completionView,
  type EnrollInput,
  enrollmentView,
  type ProgressInput,
  progressView,
  unixOf,
} from "./model.ts";
import {
  assertAllChaptersDone,
  assertEnrollable,
  assertMayAct,
  completionText,
  percentageOf,
  targetOf,
  withReport,
} from "./state.ts";
import {
  findCompletion,
  findCourse,
  findEnrollmentOfActor,
  insertCompletion,
  insertEnrollment,
  listProgress,
  lockEnrollment,
  newId,
  saveProgress,
} from "./store.ts";

/**
 * Enrols a learner. Idempotent for a known actor: the enrolment that exists is answered, and no event is published.
 *
 * @throws {NotFoundError} no such course
 * @throws {ConflictError} the course is not completed, or is archived
 * @throws {UnauthorizedError | ForbiddenError} it is a paid course, and the learner is not named or has no access to it
 */
export async function enroll(
  services: RequestServices,
  check: AccessCheck,
  courseId: string,
  input: EnrollInput,
) {
  const actorId = actorNamed(services, "actor_id", input.actor_id);
  const enrolledAt = wholeSecond(services);
  return services.transact(publishContext(services, learningSource), async (tx, publish) => {
    const course = await findCourse(tx, courseId, visibleTenant(services));
    if (course === null) throw noCourse(courseId);
    assertEnrollable({ course_id: courseId, status: course.status, workflow_state: course.workflowState });
    await requireAccess({ read: readerIn(tx), check }, course, actorId);
    const row = {
      enrollmentId: newId("enr"),
      courseId,
      language: input.language ?? course.language,
      actorId,
      enrolledAt,
    };
    const inserted = await insertEnrollment(tx, row);
    if (inserted === null) return enrollmentView(await existing(tx, courseId, actorId));
    await publish(
      courseEnrollmentCreated,
      {
        course_id: courseId,
        enrollment_id: row.enrollmentId,
        user_id: actorId,
        language: row.language,
        enrolled_at: enrolledAt.toISOString(),
      },
      aboutLearner(services, course.tenantId, actorId),
    );
    return enrollmentView(inserted);
  });
}

async function existing(tx: Tx, courseId: string, actorId: string | null) {
  const row = actorId === null ? null : await findEnrollmentOfActor(tx, courseId, actorId);
  if (row === null)
    throw new Error("The enrolment that was in the way is gone; enrolments are never deleted.");
  return row;
}

/** An enrolment for whose learner the request may act, and whose learner has access to the course, locked. */
async function ownEnrollment(
  services: RequestServices,
  check: AccessCheck,
  tx: Tx,
  courseId: string,
  input: { readonly enrollment_id: string; readonly actor_id?: string | undefined },
) {
  const found = await lockEnrollment(tx, courseId, input.enrollment_id, visibleTenant(services));
  if (found === null) throw noEnrollment(courseId);
  assertMayAct(found.enrollment.actorId, [services.actorId, input.actor_id ?? null]);
  await requireLearnersAccess({ read: readerIn(tx), check }, found.course, found.enrollment.actorId);
  return { ...found, outline: requireOutline(found.course.outline) };
}

/**
 * Records that a chapter or a module was started or completed. Idempotent: what is known changes nothing and publishes
 * nothing, and a completion is never taken back.
 *
 * @throws {NotFoundError} the course has no such enrolment, chapter or module
 * @throws {ForbiddenError} the enrolment belongs to another actor
 * @throws {UnauthorizedError | ForbiddenError} as {@link requireLearnersAccess}
 */
export async function recordProgress(
  services: RequestServices,
  check: AccessCheck,
  courseId: string,
  input: ProgressInput,
) {
  const now = wholeSecond(services);
  return services.transact(publishContext(services, learningSource), async (tx, publish) => {
    const { enrollment, course, outline } = await ownEnrollment(services, check, tx, courseId, input);
    const target = targetOf(outline, input);
    const known = await listProgress(tx, enrollment.enrollmentId);
    const { row, changed } = await saveProgress(tx, enrollment, target, input.status, now);
    const percentage = percentageOf(outline, withReport(known, target, input.status));
    if (changed) {
      await publish(
        courseProgressRecorded,
        {
          course_id: courseId,
          enrollment_id: enrollment.enrollmentId,
          user_id: enrollment.actorId,
          chapter_id: target.kind === "chapter" ? target.id : null,
          module_id: target.moduleId,
          status: row.status,
          completion_percentage: percentage,
          recorded_at: now.toISOString(),
        },
        aboutLearner(services, course.tenantId, enrollment.actorId),
      );
    }
    return { ...progressView(row), module_id: target.moduleId, completion_percentage: percentage };
  });
}

/**
 * Records that a learner has completed the course. Idempotent: a second call answers the first completion.
 *
 * @throws {NotFoundError} the course has no such enrolment
 * @throws {ForbiddenError} the enrolment belongs to another actor
 * @throws {UnauthorizedError | ForbiddenError} as {@link requireLearnersAccess}
 * @throws {ConflictError} chapters are missing; the error names them
 */
export async function completeCourse(
  services: RequestServices,
  check: AccessCheck,
  courseId: string,
  input: CompleteInput,
) {
  const completedAt = wholeSecond(services);
  return services.transact(publishContext(services, learningSource), async (tx, publish) => {
    const { enrollment, course, outline } = await ownEnrollment(services, check, tx, courseId, input);
    const { enrollmentId, actorId } = enrollment;
    const before = await findCompletion(tx, enrollmentId);
    if (before !== null) return completionView(before, actorId);
    assertAllChaptersDone(outline, await listProgress(tx, enrollmentId));
    const row = {
      enrollmentId,
      courseId,
      courseVersion: course.version,
      completedAt,
      completionHash: await sha256Hex(
        completionText({
          courseId,
          learner: actorId ?? enrollmentId,
          completedAt: unixOf(completedAt),
          version: course.version,
        }),
      ),
    };
    await insertCompletion(tx, row);
    await publish(
      courseCompletionRecorded,
      {
        course_id: courseId,
        enrollment_id: enrollmentId,
        user_id: actorId,
        course_version: row.courseVersion,
        completion_hash: row.completionHash,
        completed_at: completedAt.toISOString(),
      },
      aboutLearner(services, course.tenantId, actorId),
    );
    return completionView(row, actorId);
  });
}
