import { timestamp } from "drizzle-orm/pg-core";

/** A time with its zone, in milliseconds as a `Date` has them: what is read is what was written. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: "date" });
