import { ValidationError } from "@brain/engine";
import type { courseGenerationCompleted, PayloadOf } from "@brain/schemas";
import * as z from "zod";
import { inWholeUnits } from "./money.ts";

/*
 * Who may learn a course: a rule of the course. Whoever makes courses keeps it and tells of it in
 * `course.generation.completed` and `course.access_rule.changed`; whoever sells or shows them reads it there.
 */

/** Eight digits: more than that no payment provider takes. */
const maxPriceCents = 99_999_999;

/** As a request says it. `free_lessons`: how many of the first lessons anybody may read. */
export const accessRule = z.discriminatedUnion("mode", [
  z.strictObject({ mode: z.literal("open") }),
  z.strictObject({
    mode: z.literal("paid"),
    price_cents: z.int().min(1).max(maxPriceCents),
    currency: z
      .string()
      .regex(/^[A-Za-z]{3}$/, "expected three letters, as EUR")
      .transform((code) => code.toUpperCase())
      .default("EUR"),
    free_lessons: z.int().min(0).max(30).default(1),
  }),
]);
export type AccessRule = z.output<typeof accessRule>;

/** Of a course without a rule. */
export const openAccess: AccessRule = { mode: "open" };

/** What an event tells of the rule; null when it says nothing, which means that the course is open. */
export function toldRule(told: PayloadOf<typeof courseGenerationCompleted>["access"]): AccessRule | null {
  if (told === undefined) return null;
  const { price_cents, currency = "EUR", free_lessons = 1 } = told;
  return told.mode === "open" || price_cents === undefined
    ? { mode: "open" }
    : { mode: "paid", price_cents, currency, free_lessons };
}

/** As people write it, and as requests have it: `49 EUR (price_cents 4900)`. */
export function priceOf(rule: Extract<AccessRule, { mode: "paid" }>): string {
  return `${inWholeUnits(rule.price_cents, rule.currency)} ${rule.currency} (price_cents ${rule.price_cents})`;
}

/** Whether two rules say the same. */
export function isSameRule(left: AccessRule, right: AccessRule): boolean {
  if (left.mode === "open" || right.mode === "open") return left.mode === right.mode;
  return (
    left.price_cents === right.price_cents &&
    left.currency === right.currency &&
    left.free_lessons === right.free_lessons
  );
}

/** Why a payment is not enough for a course; null: it is. More than the price is fine, and so is any for an open course. */
export function refusalOfPrice(
  courseId: string,
  rule: AccessRule | null,
  { amount_cents: amount, currency }: { readonly amount_cents: number; readonly currency: string },
): ValidationError | null {
  if (rule === null || rule.mode === "open") return null;
  const price = `The course "${courseId}" costs ${priceOf(rule)}`;
  if (currency !== rule.currency) {
    return new ValidationError(
      `${price}; received the currency ${currency}. Send the price in its currency.`,
      {
        issues: [{ path: "currency", message: `expected ${rule.currency}` }],
      },
    );
  }
  if (amount >= rule.price_cents) return null;
  return new ValidationError(`${price}; received amount_cents ${amount}. Send its price as amount_cents.`, {
    issues: [{ path: "amount_cents", message: `expected at least ${rule.price_cents}` }],
  });
}
