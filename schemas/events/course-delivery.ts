import * as z from "zod";
import { defineEvent } from "../define-event.ts";
import { count, errorText, id, isoTime, renameMissing, slug } from "./fields.ts";

/** The bridge between payment, distribution and access of a course. */

const byCourse = (payload: { course_id: string }) => payload.course_id;

export const coursePaymentRequired = defineEvent("course.payment.required", {
  version: 1,
  module: "course_factory",
  criticality: "INFO",
  when: "A course has to be paid for; before each purchase, also one that begins with its intent",
  key: byCourse,
  payload: z.strictObject({
    course_id: id,
    amount_cents: z.int().min(1),
    /** ISO 4217. */
    currency: z.string().regex(/^[A-Z]{3}$/),
    /** The same in whole units, e.g. 49 for 4900 cents: the name of the first plan. */
    amount: z.number().min(0).optional(),
  }),
  legacy: (payload) =>
    // The first plan carried an amount in whole units.
    typeof payload.amount === "number" && payload.amount_cents === undefined
      ? { ...payload, amount_cents: Math.round(payload.amount * 100) }
      : payload,
  consumers: ["payment"],
});

export const coursePaymentCompleted = defineEvent("course.payment.completed", {
  version: 1,
  module: "course_factory",
  criticality: "CRITICAL",
  when: "The course factory has handled the payment of a course",
  key: byCourse,
  payload: z.strictObject({ course_id: id, transaction_id: id }),
  consumers: ["notification"],
});

export const coursePaymentFailed = defineEvent("course.payment.failed", {
  version: 1,
  module: "course_factory",
  criticality: "WARNING",
  severity: "WARNING",
  when: "The payment of a course failed, or was received for a course that cannot be delivered",
  key: byCourse,
  payload: z.strictObject({
    course_id: id,
    reason: errorText,
    /** The payment. */
    transaction_id: id.optional(),
    /** True: the money was received and has to be paid back; the reason says how. */
    refund_due: z.boolean().optional(),
    /** The purchase to pay back, for `POST /api/paycore/refunds`. */
    intent_id: id.optional(),
    /** What was received, in the smallest unit of the currency. */
    amount_cents: z.int().min(0).optional(),
    /** ISO 4217. */
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .optional(),
  }),
  consumers: ["notification", "alerting"],
});

export const courseDistributionRequested = defineEvent("course.distribution.requested", {
  version: 1,
  module: "course_factory",
  criticality: "INFO",
  when: "A paid course is enabled and is to be distributed",
  key: byCourse,
  payload: z.strictObject({ course_id: id }),
  consumers: ["course_distribution"],
});

export const courseDistributionCompleted = defineEvent("course.distribution.completed", {
  version: 1,
  module: "course_distribution",
  criticality: "INFO",
  when: "A requested distribution exists; whether it is public is decided by the workflow of the course",
  key: byCourse,
  payload: z.strictObject({ course_id: id, distribution_id: id, slug }),
  consumers: ["course_factory", "notification", "analytics"],
});

export const courseDistributionFailed = defineEvent("course.distribution.failed", {
  version: 1,
  module: "course_distribution",
  criticality: "ERROR",
  severity: "ERROR",
  when: "A requested distribution could not be made",
  key: byCourse,
  payload: z.strictObject({ course_id: id, error: errorText, retry_count: count }),
  legacy: (payload) => renameMissing(payload, { error_message: "error" }),
  consumers: ["course_factory", "alerting"],
});

const accessFields = {
  course_id: id,
  user_id: id,
  tenant_id: id.nullable(),
  /** The payment that caused it; null when an operator did. */
  payment_id: id.nullable(),
};

export const courseAccessGranted = defineEvent("course.access.granted", {
  version: 1,
  module: "course_access",
  criticality: "INFO",
  when: "A user may open a course",
  key: byCourse,
  payload: z.strictObject({
    ...accessFields,
    granted_at: isoTime,
    /** Why, in the words of the operator who granted it; null when a payment did. */
    reason: z.string().max(500).nullable().optional(),
  }),
  consumers: ["notification", "analytics", "audit"],
});

export const courseAccessRevoked = defineEvent("course.access.revoked", {
  version: 1,
  module: "course_access",
  criticality: "WARNING",
  when: "A user may no longer open a course, e.g. after a refund",
  key: byCourse,
  payload: z.strictObject({ ...accessFields, reason: z.string().max(500).nullable(), revoked_at: isoTime }),
  consumers: ["notification", "analytics", "audit"],
});
