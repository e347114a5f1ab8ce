import { ConflictError, type HandlerContext, ValidationError } from "@brain/engine";
import {
  coursePaymentFailed,
  coursePaymentRequired,
  type Envelope,
  type PayloadOf,
  type paymentTransactionFailed,
} from "@brain/schemas";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { visibleTenant } from "../../../http/kit/tenants.ts";
import { refusalOfPrice } from "../../access-rule.ts";
import { inWholeUnits } from "../../money.ts";
import { idToldOf } from "../../told-once.ts";
import { toldTenant } from "../../told-tenant.ts";
import { factorySource } from "../announce.ts";
import { findCourse } from "../courses/known-course.ts";
import { isCourse } from "../courses/whose-course.ts";
import { noCourse } from "../errors.ts";
import { courses } from "../tables.ts";

/** Answer of POST /courses/{course_id}/payment-required. */
export interface PaymentRequired {
  readonly course_id: string;
  readonly amount_cents: number;
  readonly currency: string;
  /** Id of the event from which the payment is begun. */
  readonly event_id: string;
}

/**
 * Asks for the payment of a finished course on behalf of the calling user, who becomes the payer: the event carries the
 * user as its actor. Each call asks for a payment of its own.
 *
 * @throws {ValidationError} the request names no user, or less than the course costs
 * @throws {NotFoundError} no such course
 * @throws {ConflictError} the course is not completed, or archived
 */
export async function requirePayment(
  services: RequestServices,
  courseId: string,
  price: { readonly amount_cents: number; readonly currency: string },
): Promise<PaymentRequired> {
  const { actorId } = services;
  if (actorId === null) {
    const message = "expected the id of the user who is to pay";
    throw new ValidationError(`A payment needs a payer. Send the header x-actor-id: ${message}.`, {
      issues: [{ path: "x-actor-id", message }],
    });
  }
  const context = { source: factorySource, tenant_id: visibleTenant(services), actor_id: actorId };
  return await services.transact(context, async (tx, publish) => {
    const [course] = await tx
      .select({
        tenantId: courses.tenantId,
        status: courses.status,
        state: courses.workflowState,
        request: courses.request,
      })
      .from(courses)
      .where(isCourse(courseId, visibleTenant(services)));
    if (course === undefined) throw noCourse(courseId);
    if (course.status !== "completed" || course.state === "archived") {
      const found = course.status === "completed" ? course.state : course.status;
      throw new ConflictError(
        `The course ${courseId} is ${found} and cannot be sold. Expected a completed course that is not archived.`,
      );
    }
    const refusal = refusalOfPrice(courseId, course.request.access ?? null, price);
    if (refusal !== null) throw refusal;
    const payload = { course_id: courseId, ...price };
    const amount = inWholeUnits(price.amount_cents, price.currency);
    const event = await publish(
      coursePaymentRequired,
      { ...payload, amount },
      { tenant_id: course.tenantId },
    );
    return { ...payload, event_id: event.id };
  });
}

/**
 * Tells that the payment of a course of the factory failed. A later try of the payer may still succeed, so nothing is
 * stored.
 *
 * @throws {PermanentError} payment and course belong to different tenants
 */
export async function announcePaymentFailure(
  event: Envelope<PayloadOf<typeof paymentTransactionFailed>>,
  context: Pick<HandlerContext, "tx" | "publish">,
): Promise<void> {
  const { course_id: courseId, payment_id: paymentId, provider } = event.payload;
  if (courseId === null) return;
  const tenant = toldTenant(event);
  const course = await findCourse(context.tx, courseId, { type: event.type, tenant_id: tenant });
  if (course === null) return;
  await context.publish(
    coursePaymentFailed,
    {
      course_id: courseId,
      transaction_id: paymentId,
      reason: `The payment was not received${provider === null ? "" : ` through ${provider}`}: the provider reported that it failed.`,
    },
    { tenant_id: course.tenantId, id: idToldOf(event, coursePaymentFailed) },
  );
}
