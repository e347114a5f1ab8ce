import { csvCell } from "@brain/engine";

/** Tables as text for spreadsheets: CSV as in RFC 4180. */

export type Cell = string | number | null;

/** @param columns the head line, and the order of the cells; a missing cell is empty */
export function csvOf<Column extends string>(
  columns: readonly Column[],
  rows: readonly Readonly<Record<Column, Cell>>[],
): string {
  const lines = [
    columns as readonly string[],
    ...rows.map((row) => columns.map((column) => csvCell(row[column]))),
  ];
  return lines.map((cells) => `${cells.join(",")}\r\n`).join("");
}
