import type { Edit, Finding } from "../finding.ts";
import type { TextFile } from "../tree/text.ts";

export interface Fixed {
  /** New texts by path. */
  readonly texts: ReadonlyMap<string, string>;
  /** Findings that were mended. */
  readonly count: number;
}

/** Applies the mends that do not touch each other; those that do come with the next run. */
export function applyFixes(findings: readonly Finding[], files: ReadonlyMap<string, TextFile>): Fixed {
  const taken: Edit[] = [];
  let count = 0;
  for (const { fix } of findings) {
    if (fix === null || fix.some((edit) => taken.some((other) => overlaps(edit, other)))) continue;
    taken.push(...fix);
    count++;
  }
  const texts = new Map<string, string>();
  for (const edit of taken.toSorted((left, right) => right.start - left.start)) {
    const text = texts.get(edit.file) ?? files.get(edit.file)?.text ?? "";
    texts.set(edit.file, text.slice(0, edit.start) + edit.text + text.slice(edit.end));
  }
  return { texts, count };
}

const overlaps = (left: Edit, right: Edit) =>
  left.file === right.file && left.start <= right.end && right.start <= left.end;
