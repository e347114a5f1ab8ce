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
import { and, eq, inArray, sql } from "drizzle-orm";
import { toldTenant } from "../../told-tenant.ts";
import {
  findCourseAndChange,
  findCourseOrOther,
  findCourseWithOpen,
  type KnownCourse,
} from "../courses/known-course.ts";
import type { CourseFactorySettings } from "../settings.ts";
import { deliveries } from "../tables.ts";
import { failPayments } from "./refund-due.ts";
import { dueFor } from "./refund-texts.ts";

type DeliveryContext = Pick<HandlerContext, "tx" | "publish" | "log" | "now" | "attempt">;

/** First and longest wait for a paid course that is being generated, ms. Doubles with each look. */
const firstWaitMs = 1_000;
const longestWaitMs = 300_000;

/** What delivery asks beside the database. */
type DeliverySettings = Pick<CourseFactorySettings, "catalogue">;

/**
 * Enables a paid course for delivery, once per payment, and asks for its distribution. A payment for a course that
 * others have made is none of its business. One for a course that nobody knows, that is another tenant's, whose
 * generation failed, or that was archived since its payment began, has to be paid back: that is told, and operators get
 * an alert.
 *
 * @throws {RetryAfter} the course is still being generated; other events of the payment may overtake this one
 */
export async function beginDelivery(
  event: Envelope<PayloadOf<typeof paymentTransactionCompleted>>,
  context: DeliveryContext,
  { catalogue }: DeliverySettings,
): Promise<void> {
  const { course_id: courseId, payment_id: paymentId } = event.payload;
  const { intent_id: intentId, amount_cents: amountCents, currency } = event.payload;
  if (courseId === null) return;
  const told = { type: event.type, tenant_id: toldTenant(event) };
  const { course, isKnown } = await findCourseOrOther(context.tx, courseId, told, catalogue);
  if (course === null) {
    if (isKnown) context.log.debug({ course_id: courseId }, "A payment for a course that others have made");
    else await failPayments([dueFor(event, courseId)], "There is no such course.", context);
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
  const delivery = context.tx
    .insert(deliveries)
    .values({
      deliveryId: crypto.randomUUID(),
      paymentId,
      tenantId: course.tenantId,
      courseId,
      intentId,
      amountCents,
      currency,
      requestedAt: now,
      ...(error === null ? {} : { status: "failed", error, closedAt: now }),
    })
    .onConflictDoNothing({ target: [deliveries.paymentId, deliveries.tenantId] })
    .returning({ paymentId: deliveries.paymentId });
  if (error !== null) {
    await failPayments([dueFor(event, courseId)], error, context, {
      statements: sql`delivery AS ${delivery}`,
      condition: sql`EXISTS (SELECT FROM delivery)`,
    });
    return;
  }
  if ((await delivery).length === 0) return;
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
  { tx, now }: DeliveryContext,
): Promise<void> {
  const { course_id: courseId, distribution_id: distributionId, slug } = event.payload;
  // Deliveries are begun for courses that are known, and for no others.
  const closed = tx
    .update(deliveries)
    .set({ status: "delivered", distributionId, slug, closedAt: now().toISOString() })
    .where(openOf(courseId));
  await findCourseAndChange(tx, courseId, event, sql`closed AS ${closed}`);
}

/** Fails the open deliveries of a course that could not be distributed, and has operators pay them back. Idempotent. */
export async function failDeliveries(
  event: Envelope<PayloadOf<typeof courseDistributionFailed>>,
  context: DeliveryContext,
): Promise<void> {
  const { tx, now } = context;
  const { course_id: courseId, error } = event.payload;
  const { course, open } = await findCourseWithOpen(tx, courseId, event);
  if (course === null || open.length === 0) return;
  const ids = open.map(({ payment_id }) => payment_id);
  const ended = tx
    .update(deliveries)
    .set({ status: "failed", error, closedAt: now().toISOString() })
    .where(and(openOf(courseId), inArray(deliveries.paymentId, ids)))
    .returning({ paymentId: deliveries.paymentId });
  const dues = open.map((payment) => ({ ...payment, course_id: courseId, tenant_id: course.tenantId }));
  await failPayments(dues, error, context, {
    statements: sql`ended AS ${ended}`,
    condition: sql`payment_id IN (SELECT payment FROM ended)`,
  });
}

const openOf = (courseId: string) =>
  and(eq(deliveries.courseId, courseId), eq(deliveries.status, "requested"));
