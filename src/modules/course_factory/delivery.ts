import { type HandlerContext, RetryAfter } from "@brain/engine";
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
import { readerIn } from "../reader.ts";
import { findCourse, type KnownCourse } from "./known-course.ts";
import { type Due, dueFor, failPayment } from "./refund-due.ts";
import type { CourseFactorySettings } from "./settings.ts";
import { deliveries } from "./tables.ts";

type DeliveryContext = Pick<HandlerContext, "tx" | "publish" | "log" | "now" | "attempt">;

/** First and longest wait for a paid course that is being generated, ms. Doubles with each look. */
const firstWaitMs = 1_000;
const longestWaitMs = 300_000;

/** What delivery asks beside the database. */
type DeliverySettings = Pick<CourseFactorySettings, "catalogue">;

/**
 * Enables a paid course for delivery, once per payment, and asks for its distribution. A payment for a course that
 * others have made is none of its business. One for a course that nobody knows, whose generation failed, or that was
 * archived since its payment began, has to be paid back: that is told, and operators get an alert.
 *
 * @throws {RetryAfter} the course is still being generated; other events of the payment may overtake this one
 * @throws {PermanentError} payment and course belong to different tenants
 */
export async function beginDelivery(
  event: Envelope<PayloadOf<typeof paymentTransactionCompleted>>,
  context: DeliveryContext,
  { catalogue }: DeliverySettings,
): Promise<void> {
  const { course_id: courseId, payment_id: paymentId, tenant_id: payingTenant } = event.payload;
  const { intent_id: intentId, amount_cents: amountCents, currency } = event.payload;
  if (courseId === null) return;
  const course = await findCourse(context.tx, courseId, {
    type: event.type,
    tenant_id: payingTenant ?? event.tenant_id,
  });
  if (course === null) {
    if ((await catalogue.find(readerIn(context.tx), courseId)) === null) {
      await failPayment(dueFor(event, courseId), "There is no such course.", context);
      return;
    }
    context.log.debug({ course_id: courseId }, "A payment for a course that others have made");
    return;
  }
  if (course.status === "generating") {
    const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** (context.attempt - 1));
    throw new RetryAfter(wait, `The course ${courseId} is paid for and still being generated.`, {
      overtakable: true,
    });
  }
  const error = whyUndeliverable(course);
  const now = context.now().toISOString();
  const inserted = await context.tx
    .insert(deliveries)
    .values({
      deliveryId: crypto.randomUUID(),
      paymentId,
      courseId,
      intentId,
      amountCents,
      currency,
      requestedAt: now,
      ...(error === null ? {} : { status: "failed", error, closedAt: now }),
    })
    .onConflictDoNothing({ target: deliveries.paymentId })
    .returning({ deliveryId: deliveries.deliveryId });
  if (inserted.length === 0) return;
  if (error !== null) {
    await failPayment(dueFor(event, courseId), error, context);
    return;
  }
  const options = { tenant_id: course.tenantId };
  await context.publish(coursePaymentCompleted, { course_id: courseId, transaction_id: paymentId }, options);
  await context.publish(courseDistributionRequested, { course_id: courseId }, options);
}

/** Null: the course can be delivered. */
function whyUndeliverable({ status, state }: KnownCourse): string | null {
  if (status === "failed") return "The generation of the course failed.";
  return state === "archived" ? "The course is archived." : null;
}

/** Closes the open deliveries of a course whose distribution is done. Idempotent. */
export async function closeDeliveries(
  event: Envelope<PayloadOf<typeof courseDistributionCompleted>>,
  context: DeliveryContext,
): Promise<void> {
  const { course_id: courseId, distribution_id: distributionId, slug } = event.payload;
  await endDeliveries(courseId, event, context, { status: "delivered", distributionId, slug });
}

/** Fails the open deliveries of a course that could not be distributed, and has operators pay them back. Idempotent. */
export async function failDeliveries(
  event: Envelope<PayloadOf<typeof courseDistributionFailed>>,
  context: DeliveryContext,
): Promise<void> {
  const { course_id: courseId, error } = event.payload;
  for (const due of await endDeliveries(courseId, event, context, { status: "failed", error })) {
    await failPayment(due, error, context);
  }
}

/** @returns the payments whose delivery this has ended, as they would be paid back */
async function endDeliveries(
  courseId: string,
  event: { readonly type: string; readonly tenant_id: string | null },
  context: DeliveryContext,
  end:
    | { readonly status: "delivered"; readonly distributionId: string; readonly slug: string }
    | { readonly status: "failed"; readonly error: string },
): Promise<readonly Due[]> {
  const course = await findCourse(context.tx, courseId, event);
  if (course === null) return [];
  const ended = await context.tx
    .update(deliveries)
    .set({ ...end, closedAt: context.now().toISOString() })
    .where(and(eq(deliveries.courseId, courseId), eq(deliveries.status, "requested")))
    .returning({
      payment_id: deliveries.paymentId,
      intent_id: deliveries.intentId,
      amount_cents: deliveries.amountCents,
      currency: deliveries.currency,
    });
  return ended.map((payment) => ({ ...payment, course_id: courseId, tenant_id: course.tenantId }));
}
