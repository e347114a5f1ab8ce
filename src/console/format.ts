import { fractionDigitsOf } from "@brain/schemas";
import type { Preferences } from "./preferences.ts";

/** Numbers and times as the viewer reads them. */
export interface Format {
  number(value: number, fractionDigits?: number): string;
  /** @param share 0 to 1 */
  percent(share: number): string;
  bytes(count: number): string;
  /** @param minor in the smallest unit of the currency @param currency ISO 4217 */
  money(minor: number, currency: string): string;
  /** How long, from microseconds to days. @param ms null: not known */
  duration(ms: number | null): string;
  /** In the viewer's zone, to the second, with the date when it is another day. */
  time(at: Date): string;
  /** As `time`, always with the date. */
  dateTime(at: Date): string;
  date(at: Date): string;
  /** Distance from now, e.g. "3 min ago". */
  ago(at: Date): string;
  /** For titles: to the millisecond, in UTC. */
  utc(at: Date): string;
}

const none = "–";

export function formatFor({ language, zone }: Preferences, now: Date): Format {
  const locale = language === "de" ? "de-DE" : "en-GB";
  const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const times = new Intl.DateTimeFormat(locale, { timeZone: zone, timeStyle: "medium" });
  const dates = new Intl.DateTimeFormat(locale, { timeZone: zone, dateStyle: "medium" });
  const both = new Intl.DateTimeFormat(locale, { timeZone: zone, dateStyle: "medium", timeStyle: "medium" });
  const distances = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: "short" });
  const today = dates.format(now);
  return {
    number: (value, fractionDigits) =>
      fractionDigits === undefined
        ? numbers.format(value)
        : new Intl.NumberFormat(locale, { maximumFractionDigits: fractionDigits }).format(value),
    percent: (share) =>
      new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 }).format(share),
    bytes(count) {
      const [value, unit] =
        count < 1_024
          ? [count, "B"]
          : count < 1_048_576
            ? [count / 1_024, "KiB"]
            : [count / 1_048_576, "MiB"];
      return `${numbers.format(value)} ${unit}`;
    },
    money(minor, currency) {
      const digits = fractionDigitsOf(currency);
      const written = { minimumFractionDigits: digits, maximumFractionDigits: digits };
      return new Intl.NumberFormat(locale, { style: "currency", currency, ...written }).format(
        minor / 10 ** digits,
      );
    },
    duration(ms) {
      if (ms === null) return none;
      const [value, unit] = largestUnit(ms);
      return `${numbers.format(value)} ${unit}`;
    },
    time: (at) => (dates.format(at) === today ? times.format(at) : both.format(at)),
    dateTime: (at) => both.format(at),
    date: (at) => dates.format(at),
    ago(at) {
      const seconds = (at.getTime() - now.getTime()) / 1_000;
      const [value, unit] = relative(seconds);
      return distances.format(Math.round(value), unit);
    },
    utc: (at) => `${at.toISOString().replace("T", " ").replace("Z", "")} UTC`,
  };
}

function largestUnit(ms: number): readonly [number, string] {
  if (ms < 1_000) return [ms, "ms"];
  if (ms < 120_000) return [ms / 1_000, "s"];
  if (ms < 7_200_000) return [ms / 60_000, "min"];
  if (ms < 172_800_000) return [ms / 3_600_000, "h"];
  return [ms / 86_400_000, "d"];
}

function relative(seconds: number): readonly [number, Intl.RelativeTimeFormatUnit] {
  const distance = Math.abs(seconds);
  if (distance < 90) return [seconds, "second"];
  if (distance < 5_400) return [seconds / 60, "minute"];
  if (distance < 129_600) return [seconds / 3_600, "hour"];
  return [seconds / 86_400, "day"];
}
