import * as z from "zod";
import { isStorableText, languages, storableText } from "../content/model.ts";

/** Field types that the inputs of this part share. Everything is text that Postgres can store. */

/** Text of any number of lines, so many characters after trimming; tabs are allowed, too. */
export const plainLines = (maxLength: number, minLength = 1) =>
  z.string().trim().min(minLength).max(maxLength).refine(isStorableText, storableText);

/** Line breaks and runs of blanks become one blank. */
export const oneLine = (min: number, max: number) =>
  z
    .string()
    // Runs of blanks count as one, so the text may be longer before.
    .max(10 * max)
    .transform((value) => value.replace(/\s+/g, " "))
    .pipe(plainLines(max, min));

export const enrollmentId = z
  .string()
  .regex(/^enr_[0-9a-f]{16}$/, "expected `enr_` and 16 hex digits, as enroll answered it");
export const certificateId = z
  .string()
  .regex(/^cert_[0-9a-f]{16}$/, "expected `cert_` and 16 hex digits, as certificates/issue answered it");
export const packId = z
  .string()
  .regex(/^pack_[0-9a-f]{16}$/, "expected `pack_` and 16 hex digits, as packs answered it");

export const language = z.enum(languages);

/** Unix seconds. */
export const unixSeconds = z.int().min(0).max(253_402_300_799);

/** Query parameters are text. */
export const limit = (max: number, standard: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, `expected a whole number from 1 to ${max}`)
    .transform(Number)
    .pipe(z.int().min(1).max(max))
    .default(standard);
