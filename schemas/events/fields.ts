import * as z from "zod";
import type { JsonObject, JsonValue } from "../json/json.ts";
import { isJsonObject } from "../json/json.ts";
import { openObject } from "../payloads/open-object.ts";
import { storable } from "../storable-time.ts";
import { readTime } from "../time.ts";

/** Field types that several domains share, and the readers for older forms of them. */

/** ISO-8601 with an offset, in the years 1 to 9999. On read also naive (UTC) and Unix seconds, and any year. */
export const isoTime = z.iso.datetime({ offset: true }).max(100).check(storable);
/** Opaque id text of up to 100 characters; no control characters, because ids travel to envelopes and logs. */
export const id = z
  .string()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}+$/u);
export const slug = z
  .string()
  .min(5)
  .max(100)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
export const count = z.int().min(0);
export const url = z.url({ protocol: /^https?$/ }).max(2048);
/** `de` or `de-AT`. */
export const languageTag = z.string().regex(/^[a-z]{2}(?:-[A-Z]{2})?$/);
export const seconds = z.number().min(0);
export const milliseconds = z.number().min(0);
/** Error text for operators; must not carry personal data. */
export const errorText = z.string().max(2000);
/** Lower-case hex of SHA-256. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Data of any shape. */
export const openData = openObject();

/** Who may learn a course. A price without its amount would be none, so both or neither. */
export const accessRule = z
  .strictObject({
    mode: z.enum(["open", "paid"]).describe("`open`: everybody; `paid`: who has bought it."),
    price_cents: z
      .int()
      .min(1)
      .max(99_999_999)
      .optional()
      .describe("Price in the smallest unit of the currency; left out: the course is open."),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .optional()
      .describe("ISO 4217; left out: the course is open."),
    free_lessons: z
      .int()
      .min(0)
      .max(30)
      .optional()
      .describe("How many of the first lessons are free all the same; left out: none."),
  })
  .refine(
    ({ mode, price_cents, currency }) =>
      (mode === "paid") === (price_cents !== undefined) && (mode === "paid") === (currency !== undefined),
    { path: ["price_cents"], message: "expected price_cents and currency for a paid course, and only there" },
  );

/** Importance of a piece of work. */
export const workPriority = z.enum(["LOW", "NORMAL", "HIGH", "CRITICAL"]);

const priorityByName: Readonly<Record<string, string>> = { urgent: "CRITICAL" };

/**
 * Older producers counted: 1 3 5 7 9, 10 20 30 40 and 10 25 50 75 100. The scales overlap at 10 only, which is the
 * lowest in both. Text is upper-cased. Anything else is returned as it is.
 */
export function readPriority(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value === "string") return priorityByName[value] ?? value.toUpperCase();
  if (typeof value !== "number") return value;
  if (value < 10) return value >= 9 ? "CRITICAL" : value >= 7 ? "HIGH" : value >= 5 ? "NORMAL" : "LOW";
  const exact: Readonly<Record<number, string>> = { 20: "NORMAL", 30: "HIGH", 40: "CRITICAL" };
  return exact[value] ?? (value >= 100 ? "CRITICAL" : value >= 75 ? "HIGH" : value >= 50 ? "NORMAL" : "LOW");
}

/** Copies `from` to `to` where `to` is missing. */
export function renameMissing(payload: JsonObject, names: Readonly<Record<string, string>>): JsonObject {
  const result = { ...payload };
  for (const [from, to] of Object.entries(names)) {
    const value = payload[from];
    if (result[to] === undefined && value !== undefined) result[to] = value;
  }
  return result;
}

/** Sets `defaults` where the payload has no such key. */
export function fillMissing(payload: JsonObject, defaults: JsonObject): JsonObject {
  return { ...defaults, ...payload };
}

/** Lifts the fields of `data` to the top level, as the queue and the agent manager nested them. */
export function unwrapData(payload: JsonObject): JsonObject {
  const { data, ...rest } = payload;
  return data !== undefined && isJsonObject(data) ? { ...data, ...rest } : payload;
}

/** ISO text of any time that history holds, or the value itself. */
export function readIso(value: JsonValue | undefined): JsonValue | undefined {
  return readTime(value)?.iso ?? value;
}
