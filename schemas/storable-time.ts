import * as z from "zod";

/** 0001-01-01 and 10000-01-01, UTC, Unix ms. */
const [first, end] = [-62_135_596_800_000, 253_402_300_800_000];

/**
 * A time that databases hold: of the year 0, and of years with five digits, which an offset can make of a time in 9999,
 * JavaScript writes a text that Postgres refuses. It holds for what is written. Readers go without it, because events
 * from before are read for ever ({@link withoutStorable}).
 */
export const storable: z.core.$ZodCheck<string> = z.refine<string>(
  (text) => {
    const ms = Date.parse(text);
    // What is no time at all has an issue of its own.
    return Number.isNaN(ms) || (ms >= first && ms < end);
  },
  { error: "expected a time in the years 1 to 9999" },
);

/** The checks of a schema without that one. */
export function withoutStorable(
  checks: readonly z.core.$ZodCheck[] | undefined,
): readonly z.core.$ZodCheck[] | undefined {
  return checks?.filter((check) => check !== storable);
}
