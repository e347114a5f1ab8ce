/** Timestamps of events: written as ISO-8601 UTC with milliseconds and `Z`, read in every shape history holds. */

export interface ReadTime {
  /** ISO-8601, UTC, milliseconds, `Z`. */
  readonly iso: string;
  readonly shape: "offset" | "naive" | "unix";
}

const isoShape =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?([Zz]|[+-]\d{2}:?\d{2})?$/;
const numberShape = /^\d{9,14}(?:\.\d+)?$/;
/** Seconds beyond this are the year 5138, so a larger number counts milliseconds. */
const maxSeconds = 100_000_000_000;

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function fromUnix(value: number): ReadTime | null {
  if (!Number.isFinite(value) || value < 0) return null;
  const date = new Date(value < maxSeconds ? Math.round(value * 1000) : value);
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999) return null;
  return { iso: date.toISOString(), shape: "unix" };
}

const writtenShape =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/**
 * The form in which nearly all are written. It needs no taking apart: every event has one or more of them, and to read
 * and write a date costs ten times as much.
 */
function isWrittenForm(value: string): boolean {
  if (value.length !== 24 || !writtenShape.test(value) || value.startsWith("0000")) return false;
  const day = Number(value.slice(8, 10));
  return day <= 28 || day <= daysIn(Number(value.slice(0, 4)), Number(value.slice(5, 7)));
}

/**
 * Reads an ISO text with or without offset (none means UTC, as Python's naive `isoformat()` wrote it) or Unix seconds.
 * Digits beyond the millisecond are cut. Null when it is no real point in time, or one that Postgres cannot hold.
 */
export function readTime(value: unknown): ReadTime | null {
  if (typeof value === "number") return fromUnix(value);
  if (typeof value !== "string") return null;
  if (isWrittenForm(value)) return { iso: value, shape: "offset" };
  const match = isoShape.exec(value);
  if (match === null) return numberShape.test(value) ? fromUnix(Number(value)) : null;
  const [, year = "", month = "", day = "", clock = "", seconds = "00", fraction = "", zone] = match;
  const monthNumber = Number(month);
  if (
    monthNumber < 1 ||
    monthNumber > 12 ||
    Number(day) < 1 ||
    Number(day) > daysIn(Number(year), monthNumber)
  ) {
    return null;
  }
  const offset =
    zone === undefined || zone === "z"
      ? "Z"
      : zone.length === 5
        ? `${zone.slice(0, 3)}:${zone.slice(3)}`
        : zone;
  const ms = Date.parse(
    `${year}-${month}-${day}T${clock}:${seconds}.${fraction.padEnd(3, "0").slice(0, 3)}${offset}`,
  );
  if (Number.isNaN(ms)) return null;
  const iso = new Date(ms).toISOString();
  // The year 0 and years of five digits have another text form, which Postgres refuses.
  if (iso.length !== 24 || iso.startsWith("0000")) return null;
  return { iso, shape: zone === undefined ? "naive" : "offset" };
}
