import { ForbiddenError, UnauthorizedError } from "@brain/engine";
import { type AccessRule, priceOf } from "../../access-rule.ts";
import type { AccessCheck } from "../../ports/access-check.ts";
import type { Reader } from "../../reader.ts";

/** What of a course is free, and who may have the rest. */

/** True for a lesson that anybody may read. @param index its place in the course, from 0 */
export function isFree(rule: AccessRule | null, index: number): boolean {
  return rule === null || rule.mode === "open" || index < rule.free_lessons;
}

/** The course that somebody wants to learn. */
interface LearntCourse {
  readonly courseId: string;
  readonly tenantId: string;
  readonly access: AccessRule | null;
}

/** What a buyer sends to which route; it stands beside the refusal. */
function howToBuy(courseId: string, rule: Extract<AccessRule, { mode: "paid" }>, userId: string | null) {
  return {
    access: rule,
    buy: {
      method: "POST",
      path: "/api/paycore/intents",
      body: {
        amount_cents: rule.price_cents,
        currency: rule.currency,
        user_id: userId,
        metadata: { course_id: courseId },
      },
    },
  };
}

/** Said to a request that names nobody. */
const nameYourself =
  "the request does not say who wants to learn it. Send the user's id in the header x-actor-id; who has no access yet buys it with POST /api/paycore/intents.";

/**
 * Lets who has access to a paid course through, and everybody to an open one. When nobody can be asked, nobody is let
 * through: the error of the check is the answer.
 *
 * @param userId who wants to learn; null: nobody is named
 * @param unnamed what is said then, and what to do
 * @throws {UnauthorizedError} a paid course, and no user is named
 * @throws {ForbiddenError} the user has no access; `extra` says how to buy it
 */
export async function requireAccess(
  { read, check }: { readonly read: Reader; readonly check: AccessCheck },
  course: LearntCourse,
  userId: string | null,
  unnamed = nameYourself,
): Promise<void> {
  const { courseId, access: rule } = course;
  if (rule === null || rule.mode === "open") return;
  const price = `The course ${courseId} costs ${priceOf(rule)}`;
  const extra = howToBuy(courseId, rule, userId);
  if (userId === null) {
    throw new UnauthorizedError(`${price}, and ${unnamed}`, { extra });
  }
  if (await check.hasAccess(read, course, userId)) return;
  throw new ForbiddenError(
    `${price}, and "${userId}" has no access to it. Buy it with POST /api/paycore/intents, as "buy" says, or have an operator grant access; GET /api/courses/${courseId}/lessons lists what is free.`,
    { extra },
  );
}

/**
 * The same for who is enrolled already: access that ended, e.g. by a refund, ends learning too. It is the learner who
 * needs access, not who sends the request.
 */
export async function requireLearnersAccess(
  asking: { readonly read: Reader; readonly check: AccessCheck },
  course: LearntCourse,
  learner: string | null,
): Promise<void> {
  await requireAccess(
    asking,
    course,
    learner,
    `the enrolment names no learner, so nobody's access can be found. Enrol again with the user's id: POST /api/courses/${course.courseId}/enroll.`,
  );
}
