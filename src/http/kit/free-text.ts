import { forbiddenValue, redactText } from "@brain/schemas";
import * as z from "zod";

/** Text of one line that Postgres can store and compare, and that can stand in a log. */
export const plainText = (maxLength: number, minLength = 1) =>
  z
    .string()
    .trim()
    .min(minLength, { error: `expected at least ${minLength} character${minLength === 1 ? "" : "s"}` })
    .max(maxLength)
    .regex(/^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u, "expected text without control characters and line ends");

/** The same text, refused when it holds personal data or secrets: for what goes into events. */
export const withoutFindings = (schema: z.ZodString) =>
  schema.superRefine((text, context) => {
    const what = forbiddenValue(text);
    if (what !== null) {
      context.addIssue({ code: "custom", message: `the text holds ${what}; remove it or name our own id` });
    }
  });

/** Why somebody acts. It is kept and shown to others, so it must not hold personal data or secrets. */
export const reasonText = (maxLength: number, minLength: number) =>
  withoutFindings(plainText(maxLength, minLength));

/**
 * A reason as an event may carry it, without personal data and secrets, also when it was stored by a release that knew
 * fewer of them. The replacement may be longer than what it replaces, and an event takes 500 characters.
 */
export function safeReason(reason: string): string {
  return redactText(reason).slice(0, 500).toWellFormed();
}
