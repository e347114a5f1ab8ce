import { readTime } from "@brain/schemas";

/*
 * Times as the JSONL records hold them: ISO 8601 in UTC without an offset, as Python's `datetime.isoformat()` writes
 * them, with up to six digits below the second.
 */

/** The time of a Date, with milliseconds. */
export function naiveOf(time: Date): string {
  return time.toISOString().slice(0, -1);
}

/**
 * Any ISO text, naive or with an offset, or a day alone, which is its beginning. Digits below the second stay as they
 * are, up to the sixth.
 *
 * @returns null when it is no point in time
 */
export function toNaive(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const text = /^\d{4}-\d{2}-\d{2}$/.test(value) ? `${value}T00:00:00` : value;
  const read = readTime(text);
  if (read === null || read.shape === "unix") return null;
  const fraction = /[.,](\d{1,9})/.exec(text)?.[1]?.slice(0, 6);
  return `${read.iso.slice(0, 19)}${fraction === undefined ? "" : `.${fraction}`}`;
}

/** Text whose order is the order of time, whatever the number of digits. */
export function timeKey(naive: string): string {
  return naive.length === 19 ? `${naive}.000000` : naive.padEnd(26, "0");
}

/** First and last microsecond of a range, as `timeKey`; a day alone means all of it. */
export interface TimeRange {
  readonly from: string;
  readonly to: string;
}

/**
 * @param start ISO text or a day; null: since ever
 * @param end ISO text or a day, inclusive; null: for ever
 * @returns null when one of them is no point in time
 */
export function timeRange(start: string | null, end: string | null): TimeRange | null {
  const from = start === null ? "0001-01-01T00:00:00" : toNaive(start);
  const last = end !== null && /^\d{4}-\d{2}-\d{2}$/.test(end) ? `${end}T23:59:59.999999` : end;
  const to = last === null ? "9999-12-31T23:59:59.999999" : toNaive(last);
  return from === null || to === null ? null : { from: timeKey(from), to: timeKey(to) };
}
