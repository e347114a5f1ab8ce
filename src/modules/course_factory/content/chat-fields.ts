import * as z from "zod";

/** What is left of a text when everything that neither Postgres nor a reader can use is taken out. */
export const cleanText = (min: number, max: number) =>
  z
    .string()
    .transform((value) =>
      value
        .toWellFormed()
        .replace(/[^\P{Cc}\t\n\r]/gu, "")
        .trim(),
    )
    .pipe(z.string().min(min).max(max));

/** Names and sentences are one line. */
export const line = (min: number, max: number) =>
  cleanText(min, max).transform((value) => value.replace(/\s+/g, " "));
