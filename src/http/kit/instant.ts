import * as z from "zod";

/**
 * Times and days that a request may name. The years 1 to 9999: of year 0 and of years with five digits, which an offset
 * can make of a time in 9999, JavaScript writes a text that Postgres refuses.
 */

const yearsExpected = "expected a time in the years 1 to 9999";

/** ISO 8601 with an offset. */
export const instant = z.iso
  .datetime({ offset: true, error: 'expected ISO 8601 with an offset, e.g. "2026-03-01T10:00:00Z"' })
  .max(40)
  .transform((text) => new Date(text))
  .refine((time) => isYear(time.getUTCFullYear()), { error: yearsExpected });

/** The same as text in UTC. */
export const instantText = instant.transform((time) => time.toISOString());

/** A day (UTC) as text. */
export const day = z.iso
  .date({ error: 'expected a day (UTC), e.g. "2026-03-01"' })
  .refine((text) => isYear(Number(text.slice(0, 4))), { error: yearsExpected });

function isYear(year: number): boolean {
  return year >= 1 && year <= 9999;
}
