/** Tables as text for spreadsheets: CSV as in RFC 4180. */

export type Cell = string | number | null;

/**
 * A spreadsheet takes a cell that begins like this for a formula and runs it; an apostrophe in front makes it text.
 *
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
const formula = /^[=+\-@\t\r\n\uFF0B\uFF0D\uFF1D\uFF20]/;

function cellText(cell: Cell): string {
  if (cell === null) return "";
  // Our own numbers are no formulas, negative ones neither.
  if (typeof cell === "number") return String(cell);
  const text = formula.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param columns the head line, and the order of the cells; a missing cell is empty */
export function csvOf<Column extends string>(
  columns: readonly Column[],
  rows: readonly Readonly<Record<Column, Cell>>[],
): string {
  const lines = [
    columns as readonly string[],
    ...rows.map((row) => columns.map((column) => cellText(row[column]))),
  ];
  return lines.map((cells) => `${cells.join(",")}\r\n`).join("");
}
