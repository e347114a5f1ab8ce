import { bigint, timestamp } from "drizzle-orm/pg-core";

/** A time with its zone, in milliseconds as a `Date` has them: what is read is what was written. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: "date" });

/** A time with its zone, as text: for rows that are read by SQL of their own. */
export const instantText = (name: string) => timestamp(name, { withTimezone: true, mode: "string" });

/** An amount of money in the smallest unit of its currency. */
export const cents = (name: string) => bigint(name, { mode: "number" });

/** The most that a column of the type `integer` holds. */
const mostInteger = 2_147_483_647;

/** A number as a column of the type `integer` holds it: programs outside count as they like, and an event is no fault. */
export function inIntegerColumn(value: number): number {
  return Math.min(value, mostInteger);
}
