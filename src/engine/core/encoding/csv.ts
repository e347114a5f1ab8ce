/**
 * A spreadsheet takes a cell that begins like this for a formula and runs it; an apostrophe in front makes it text. Their
 * full-width forms mean the same to some.
 *
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
const formula = /^[=+\-@\t\r\n\uFF0B\uFF0D\uFF1D\uFF20]/;

/** A cell of a table as text for spreadsheets, CSV as in RFC 4180. Null is an empty one. */
export function csvCell(value: string | number | null): string {
  if (value === null) return "";
  // Our own numbers are no formulas, negative ones neither.
  if (typeof value === "number") return String(value);
  const text = formula.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
