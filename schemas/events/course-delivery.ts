import * as z from "zod";
import { defineEvent } from "../define-event.ts";
import { fractionDigitsOf } from "../money.ts";
import { pii } from "../personal.ts";
import { count, errorText, id, isoTime, renameMissing, slug } from "./fields.ts";

/** The bridge between payment, distribution and access of a course. */

const byCourse = (payload: { course_id: string }) => payload.course_id;

export const coursePaymentRequired = defineEvent("course.payment.required", {
  version: 1,
  module: "course_factory",
  criticality: "INFO",
  producers: ["course_factory_service", "payment"],
  when: "A course has to be paid for; before each purchase, also one that begins with its intent",
  key: byCourse,
  payload: z.strictObject({
    course_id: id.describe("The course that is to be paid for."),
    amount_cents: z.int().min(1).describe("What the course costs, in the smallest unit of the currency."),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .describe("ISO 4217."),
    amount: z
      .number()
      .min(0)
      .optional()
      .describe("The same in whole units, e.g. 49 for 4900 cents: the name of the first plan."),
  }),
  legacy: (payload) =>
    // The first plan carried an amount in whole units.
    typeof payload.amount === "number" && payload.amount_cents === undefined
      ? {
          ...payload,
          amount_cents: Math.round(payload.amount * 10 ** fractionDigitsOf(String(payload.currency))),
        }
      : payload,
  consumers: ["payment"],
});

export const coursePaymentCompleted = defineEvent("course.payment.completed", {
  version: 1,
  module: "course_factory",
  criticality: "CRITICAL",
  producers: ["course_factory_service"],
  when: "The course factory has handled the payment of a course",
  key: byCourse,
  payload: z.strictObject({
    course_id: id.describe("The course."),
    transaction_id: id.describe("The payment, `payment_id` of its own event."),
  }),
  outside: ["notification"],
});

export const coursePaymentFailed = defineEvent("course.payment.failed", {
  version: 1,
  module: "course_factory",
  criticality: "WARNING",
  producers: ["course_factory_service"],
  severity: "WARNING",
  when: "The payment of a course failed, or was received for a course that cannot be delivered",
  key: byCourse,
  payload: z.strictObject({
    course_id: id.describe("The course."),
    reason: errorText.describe("Why the payment failed, for people."),
    transaction_id: id
      .optional()
      .describe("The payment, `payment_id` of its own event; left out: it got none."),
    refund_due: z
      .boolean()
      .optional()
      .describe("True: the money was received and has to be paid back; the reason says how."),
    intent_id: id.optional().describe("The purchase to pay back, for `POST /api/paycore/refunds`."),
    amount_cents: z
      .int()
      .min(0)
      .optional()
      .describe("What was received, in the smallest unit of the currency."),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .optional()
      .describe("ISO 4217."),
  }),
  outside: ["notification", "alerting"],
});

export const courseDistributionRequested = defineEvent("course.distribution.requested", {
  version: 1,
  module: "course_factory",
  criticality: "INFO",
  producers: ["course_factory_service"],
  when: "A paid course is enabled and is to be distributed",
  key: byCourse,
  payload: z.strictObject({ course_id: id.describe("The course.") }),
  consumers: ["course_distribution"],
});

export const courseDistributionCompleted = defineEvent("course.distribution.completed", {
  version: 1,
  module: "course_distribution",
  criticality: "INFO",
  when: "A requested distribution exists; whether it is public is decided by the workflow of the course",
  key: byCourse,
  payload: z.strictObject({
    course_id: id.describe("The course."),
    distribution_id: id.describe("The catalogue entry."),
    slug: slug.describe("The part of the public address that is the entry's own."),
  }),
  consumers: ["course_factory", "analytics"],
  outside: ["notification"],
});

export const courseDistributionFailed = defineEvent("course.distribution.failed", {
  version: 1,
  module: "course_distribution",
  criticality: "ERROR",
  severity: "ERROR",
  when: "A requested distribution could not be made",
  key: byCourse,
  payload: z.strictObject({
    course_id: id.describe("The course."),
    error: errorText.describe("What went wrong, for operators."),
    retry_count: count.describe("Tries before this one."),
  }),
  legacy: (payload) => renameMissing(payload, { error_message: "error" }),
  consumers: ["course_factory", "analytics"],
  outside: ["alerting"],
});

const accessFields = {
  course_id: id.describe("The course."),
  user_id: id.describe("The user who may open the course, or no longer may."),
  tenant_id: id.nullable().describe("The tenant in which the access holds; null: in none."),
  payment_id: id.nullable().describe("The payment that caused it; null when an operator did."),
};

export const courseAccessGranted = defineEvent("course.access.granted", {
  version: 1,
  module: "course_access",
  criticality: "INFO",
  when: "A user may open a course",
  key: byCourse,
  payload: z.strictObject({
    ...accessFields,
    granted_at: isoTime.describe("When the access began."),
    reason: pii(
      z
        .string()
        .max(500)
        .nullable()
        .optional()
        .describe("Why, in the words of the operator who granted it; null when a payment did."),
      { subject: "user_id" },
    ),
  }),
  consumers: ["analytics", "course_access_notifications"],
  outside: ["notification", "audit"],
});

export const courseAccessRevoked = defineEvent("course.access.revoked", {
  version: 1,
  module: "course_access",
  criticality: "WARNING",
  when: "A user may no longer open a course, e.g. after a refund",
  key: byCourse,
  payload: z.strictObject({
    ...accessFields,
    reason: pii(
      z
        .string()
        .max(500)
        .nullable()
        .describe("Why, in the words of the operator, or `refund`; null: not told."),
      { subject: "user_id" },
    ),
    revoked_at: isoTime.describe("When the access ended."),
  }),
  consumers: ["analytics", "course_access_notifications"],
  outside: ["notification", "audit"],
});
