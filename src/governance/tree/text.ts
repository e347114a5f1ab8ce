import type { Place } from "../finding.ts";

/** A file of a project. */
export interface TextFile {
  /** From the root of the project, with `/`. */
  readonly path: string;
  readonly text: string;
}

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

const isolateLines = new WeakMap<TextFile, readonly number[]>();

/** Offsets at which the lines of a file begin. */
function linesOf(file: TextFile): readonly number[] {
  const known = isolateLines.get(file);
  if (known !== undefined) return known;
  const starts = [0];
  for (let at = file.text.indexOf("\n"); at !== -1; at = file.text.indexOf("\n", at + 1)) starts.push(at + 1);
  isolateLines.set(file, starts);
  return starts;
}

export function positionOf(file: TextFile, offset: number): Position {
  const starts = linesOf(file);
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}

/** The text of a line, without its end. @param line from 1 */
export function lineText(file: TextFile, line: number): string {
  const starts = linesOf(file);
  const end = starts[line] ?? file.text.length + 1;
  return file.text.slice(starts[line - 1] ?? file.text.length, end - 1).replace(/\r$/, "");
}

/** A whole line as a place. @param line from 1 */
export function placeOfLine(file: TextFile, line: number): Place {
  const start = linesOf(file)[line - 1] ?? file.text.length;
  return { file: file.path, start, end: start + lineText(file, line).length };
}
