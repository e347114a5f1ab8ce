import { fractionDigitsOf } from "@brain/schemas";

/** Numbers, money and names as the reader's language writes them. */

/** `{n}` of a text with one and many; in French also nothing is one. */
export function counted(language: string, forms: readonly [one: string, other: string], n: number): string {
  const one = new Intl.PluralRules(language).select(n) === "one";
  return (one ? forms[0] : forms[1]).replace("{n}", () => new Intl.NumberFormat(language).format(n));
}

/** Minutes as hours and minutes: `4 hours`, `1 hour 30 minutes`; `short` as a list shows it: `20 min`. */
export function durationText(
  language: string,
  minutes: number,
  unitDisplay: "long" | "short" = "long",
): string {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  const say = (value: number, unit: "hour" | "minute") =>
    new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay }).format(value);
  const parts = [
    ...(hours > 0 ? [say(hours, "hour")] : []),
    ...(rest > 0 || hours === 0 ? [say(rest, "minute")] : []),
  ];
  return parts.join(" ");
}

/** Minutes as ISO 8601 writes a duration: `PT240M`. https://schema.org/Duration */
export function isoDuration(minutes: number): string {
  return `PT${minutes}M`;
}

/**
 * @param amount in the smallest unit of the currency: cents, or yen, which has none
 * @param currency three capital letters (ISO 4217)
 */
export function moneyText(language: string, amount: number, currency: string): string {
  const digits = fractionDigitsOf(currency);
  const written = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, { style: "currency", currency, ...written }).format(
    amount / 10 ** digits,
  );
}

/** The same as a plain decimal, as structured data wants it: `49.00`. https://schema.org/price */
export function decimalAmount(amount: number, currency: string): string {
  const digits = fractionDigitsOf(currency);
  return (amount / 10 ** digits).toFixed(digits);
}

export function percentText(language: string, percent: number): string {
  return new Intl.NumberFormat(language, { style: "percent" }).format(percent / 100);
}

/** A language in its own words: `Deutsch`, `français`. */
export function languageName(tag: string): string {
  return new Intl.DisplayNames([tag], { type: "language" }).of(tag) ?? tag;
}
