import { type BrainError, ConflictError, type Publish, ValidationError } from "@brain/engine";
import { coursePaymentRequired } from "@brain/schemas";
import { refusalOfPrice } from "../access-rule.ts";
import { inWholeUnits } from "../money.ts";
import type { CatalogueCourse } from "../ports/course-catalogue.ts";
import type { Intent } from "./model.ts";

/** The purchase of a course: what may be bought, and the event that goes before it. */

interface Offer {
  readonly amount_cents: number;
  readonly currency: string;
}

function wrong(path: string, message: string, text: string): ValidationError {
  return new ValidationError(text, { issues: [{ path, message }] });
}

/**
 * Why a course cannot be bought like this; null: it can.
 *
 * @param course as the catalogue knows it for the tenant that the offer names; null: it knows no such course
 */
export function refusalOfPurchase(
  courseId: string,
  course: CatalogueCourse | null,
  { amount_cents: amount, currency }: Offer,
): BrainError | null {
  if (course === null) {
    return wrong(
      "metadata.course_id",
      "expected the id of a course that exists",
      `There is no course "${courseId}", so nobody is asked to pay for it. Send a course_id of GET /api/courses/catalog, or leave metadata.course_id out when no course is sold.`,
    );
  }
  if (course.state === "gone") {
    return new ConflictError(
      `The course "${courseId}" is not sold any more: it is archived, or could not be made. Choose another one from GET /api/courses/catalog.`,
    );
  }
  if (course.state === "unclear") {
    return wrong(
      "tenant_id",
      "expected the tenant that sells the course",
      `Several tenants sell a course with the id "${courseId}", so it is not clear whose is bought. Name one in tenant_id.`,
    );
  }
  if (course.state === "foreign") {
    return wrong(
      "tenant_id",
      "expected the tenant of the course, or none",
      `The course "${courseId}" is not of the tenant that tenant_id names. Leave tenant_id out: the payment is of the course's tenant then.`,
    );
  }
  return refusalOfPrice(courseId, course.access, { amount_cents: amount, currency });
}

/**
 * Records `course.payment.required` of a purchase that begins here, under the id that the intent names as its source:
 * so the consumer that makes an intent for each such event finds this one, and makes no second.
 */
export async function publishRequired(
  publish: Publish,
  intent: Pick<Intent, "courseId" | "amountCents" | "currency" | "tenantId" | "userId">,
  eventId: string,
): Promise<void> {
  if (intent.courseId === null) return;
  await publish(
    coursePaymentRequired,
    {
      course_id: intent.courseId,
      amount_cents: intent.amountCents,
      currency: intent.currency,
      amount: inWholeUnits(intent.amountCents, intent.currency),
    },
    { id: eventId, tenant_id: intent.tenantId, actor_id: intent.userId },
  );
}
