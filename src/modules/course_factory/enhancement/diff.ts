/** Lines of context around a change, as `diff -u` shows them. */
const contextLines = 3;

type Edit = { readonly kind: " " | "-" | "+"; readonly line: string };

/**
 * Unified diff of two texts in the format of `diff -u` (POSIX), with the names `base` and `enhanced` and no times, so
 * that it is the same wherever and whenever it is made. Empty when the texts are equal.
 *
 * Written here because all that is needed fits a page: the shortest edit script after Myers, "An O(ND) Difference
 * Algorithm and Its Variations" (1986). Time and space grow with the number of changed lines, not with the text.
 */
export function unifiedDiff(base: string, enhanced: string): string {
  const edits = editScript(linesOf(base), linesOf(enhanced));
  const changed = edits.flatMap((edit, index) => (edit.kind === " " ? [] : [index]));
  if (changed.length === 0) return "";
  const hunks: { from: number; to: number }[] = [];
  for (const index of changed) {
    const from = Math.max(0, index - contextLines);
    const to = Math.min(edits.length, index + contextLines + 1);
    const last = hunks.at(-1);
    if (last !== undefined && from <= last.to) last.to = to;
    else hunks.push({ from, to });
  }
  return `--- base\n+++ enhanced\n${hunks.map(({ from, to }) => hunkText(edits, from, to)).join("")}`;
}

/** Lines with their ends; only the last one may have none. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]+\n?|\n/g) ?? [];
}

function hunkText(edits: readonly Edit[], from: number, to: number): string {
  const count = (list: readonly Edit[], other: "-" | "+") =>
    list.filter((edit) => edit.kind !== other).length;
  const range = (other: "-" | "+") => {
    const before = count(edits.slice(0, from), other);
    const length = count(edits.slice(from, to), other);
    // An empty range names the line before it.
    return `${length === 0 ? before : before + 1},${length}`;
  };
  const lines = edits
    .slice(from, to)
    .map(({ kind, line }) =>
      line.endsWith("\n") ? kind + line : `${kind}${line}\n\\ No newline at end of file\n`,
    );
  return `@@ -${range("+")} +${range("-")} @@\n${lines.join("")}`;
}

/** The shortest list of kept, removed and added lines that leads from `a` to `b`. */
function editScript(a: readonly string[], b: readonly string[]): readonly Edit[] {
  const trace: Map<number, number>[] = [];
  // Farthest x on each diagonal x - y, for the number of changes so far.
  let farthest = new Map<number, number>([[1, 0]]);
  for (let changes = 0; ; changes += 1) {
    trace.push(new Map(farthest));
    const next = new Map(farthest);
    for (let diagonal = -changes; diagonal <= changes; diagonal += 2) {
      let x = startOf(next, diagonal, changes);
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x += 1;
      next.set(diagonal, x);
      if (x >= a.length && x - diagonal >= b.length) return walkBack(a, b, trace);
    }
    farthest = next;
  }
}

/** Where a diagonal is entered: by an added line from above, or by a removed one from the left. */
function startOf(farthest: ReadonlyMap<number, number>, diagonal: number, changes: number): number {
  const above = farthest.get(diagonal + 1) ?? -1;
  const left = farthest.get(diagonal - 1) ?? -1;
  return diagonal === -changes || (diagonal !== changes && left < above) ? above : left + 1;
}

function walkBack(
  a: readonly string[],
  b: readonly string[],
  trace: readonly ReadonlyMap<number, number>[],
): readonly Edit[] {
  const edits: Edit[] = [];
  let x = a.length;
  let y = b.length;
  for (let changes = trace.length - 1; changes >= 0; changes -= 1) {
    const farthest = trace[changes] ?? new Map<number, number>();
    const diagonal = x - y;
    const above = farthest.get(diagonal + 1) ?? -1;
    const left = farthest.get(diagonal - 1) ?? -1;
    const isAdded = diagonal === -changes || (diagonal !== changes && left < above);
    const fromX = isAdded ? above : left;
    const fromY = isAdded ? fromX - diagonal - 1 : fromX - diagonal + 1;
    while (x > Math.max(0, fromX) && y > Math.max(0, fromY)) {
      x -= 1;
      y -= 1;
      edits.push({ kind: " ", line: a[x] ?? "" });
    }
    if (changes === 0) break;
    if (isAdded) {
      y -= 1;
      edits.push({ kind: "+", line: b[y] ?? "" });
    } else {
      x -= 1;
      edits.push({ kind: "-", line: a[x] ?? "" });
    }
  }
  return edits.reverse();
}
