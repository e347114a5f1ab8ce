import {
  type courseDistributionCompleted,
  type courseDistributionFailed,
  courseDistributionRequested,
  coursePaymentCompleted,
  type Envelope,
  type PayloadOf,
  type paymentTransactionCompleted,
} from "@brain/schemas";
import { and, eq } from "drizzle-orm";
import type { HandlerContext } from "../../consume/define-consumer.ts";
import { RetryAfter } from "../../core/errors.ts";
import { findCourse } from "./known-course.ts";
import { deliveries } from "./tables.ts";

type DeliveryContext = Pick<HandlerContext, "tx" | "publish" | "log" | "now" | "attempt">;

/** First and longest wait for a paid course that is being generated, ms. Doubles with each look. */
const firstWaitMs = 1_000;
const longestWaitMs = 300_000;

/**
 * Enables a paid course for delivery, once per payment, and asks for its distribution. A payment for something that
 * is no course of the factory is none of its business. One for a course whose generation failed leaves a failed
 * delivery: somebody has to pay it back.
 *
 * @throws {RetryAfter} the course is still being generated; other events of the payment may overtake this one
 * @throws {PermanentError} payment and course belong to different tenants
 */
export async function beginDelivery(
  event: Envelope<PayloadOf<typeof paymentTransactionCompleted>>,
  context: DeliveryContext,
): Promise<void> {
  const { course_id: courseId, payment_id: paymentId, tenant_id: payingTenant } = event.payload;
  if (courseId === null) return;
  const course = await findCourse(context.tx, courseId, {
    type: event.type,
    tenant_id: payingTenant ?? event.tenant_id,
  });
  if (course === null) {
    context.log.debug(
      { course_id: courseId },
      "A payment for a course that the factory has not made; nothing to deliver",
    );
    return;
  }
  if (course.status === "generating") {
    const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** (context.attempt - 1));
    throw new RetryAfter(wait, `The course ${courseId} is paid for and still being generated.`, {
      overtakable: true,
    });
  }
  const failed = course.status === "failed";
  const now = context.now().toISOString();
  const inserted = await context.tx
    .insert(deliveries)
    .values({
      deliveryId: crypto.randomUUID(),
      paymentId,
      courseId,
      requestedAt: now,
      ...(failed ? { status: "failed", error: "The generation of the course failed.", closedAt: now } : {}),
    })
    .onConflictDoNothing({ target: deliveries.paymentId })
    .returning({ deliveryId: deliveries.deliveryId });
  if (inserted.length === 0) return;
  if (failed) {
    context.log.error(
      { course_id: courseId, payment_id: paymentId },
      "A course was paid for whose generation had failed; pay it back",
    );
    return;
  }
  const options = { tenant_id: course.tenantId };
  await context.publish(coursePaymentCompleted, { course_id: courseId, transaction_id: paymentId }, options);
  await context.publish(courseDistributionRequested, { course_id: courseId }, options);
}

/** Closes the open deliveries of a course whose distribution is done. Idempotent. */
export async function closeDeliveries(
  event: Envelope<PayloadOf<typeof courseDistributionCompleted>>,
  context: DeliveryContext,
): Promise<void> {
  const { course_id: courseId, distribution_id: distributionId, slug } = event.payload;
  await endDeliveries(courseId, event, context, { status: "delivered", distributionId, slug });
}

/** Fails the open deliveries of a course that could not be distributed. Idempotent. */
export async function failDeliveries(
  event: Envelope<PayloadOf<typeof courseDistributionFailed>>,
  context: DeliveryContext,
): Promise<void> {
  const { course_id: courseId, error } = event.payload;
  const ended = await endDeliveries(courseId, event, context, { status: "failed", error });
  if (ended > 0)
    context.log.error({ course_id: courseId, deliveries: ended }, "A paid course could not be distributed");
}

async function endDeliveries(
  courseId: string,
  event: { readonly type: string; readonly tenant_id: string | null },
  context: DeliveryContext,
  end:
    | { readonly status: "delivered"; readonly distributionId: string; readonly slug: string }
    | { readonly status: "failed"; readonly error: string },
): Promise<number> {
  if ((await findCourse(context.tx, courseId, event)) === null) return 0;
  const ended = await context.tx
    .update(deliveries)
    .set({ ...end, closedAt: context.now().toISOString() })
    .where(and(eq(deliveries.courseId, courseId), eq(deliveries.status, "requested")))
    .returning({ deliveryId: deliveries.deliveryId });
  return ended.length;
}
