/** Growth of the text above which an enhancement is no enhancement any more, as a share of the lesson's length. */
const maxGrowth = 0.5;

/** Parts of a Markdown text that its readers navigate by. */
interface Structure {
  readonly headings: number;
  readonly listLines: number;
  readonly codeBlocks: number;
}

const fence = /^ {0,3}(`{3,}|~{3,})/;

/** Counts outside of fenced code; a fence that is never closed takes everything behind it (CommonMark, 4.5). */
export function structureOf(markdown: string): Structure {
  let headings = 0;
  let listLines = 0;
  let codeBlocks = 0;
  let open: string | null = null;
  for (const line of markdown.split(/\r?\n/)) {
    const mark = fence.exec(line)?.[1];
    if (open !== null) {
      if (mark?.startsWith(open) && line.trim() === mark) open = null;
      continue;
    }
    if (mark !== undefined) {
      open = mark;
      codeBlocks += 1;
    } else if (/^ {0,3}#{1,6}(?:\s|$)/.test(line)) headings += 1;
    else if (/^\s*(?:[-*+]|\d{1,9}[.)])\s/.test(line)) listLines += 1;
  }
  return { headings, listLines, codeBlocks };
}

/**
 * What is wrong with an enhanced text; empty when it may be stored. It must not be empty, not be more than half as long
 * again as the lesson, and keep the lesson's structure.
 */
export function checkEnhancement(base: string, enhanced: string): readonly string[] {
  if (enhanced.trim() === "") return ["The enhanced text is empty."];
  const problems: string[] = [];
  const growth = (enhanced.length - base.length) / Math.max(1, base.length);
  if (growth > maxGrowth) {
    problems.push(
      `The text grew by ${Math.round(growth * 100)} % (${base.length} to ${enhanced.length} characters); at most ${maxGrowth * 100} % are allowed.`,
    );
  }
  const before = structureOf(base);
  const after = structureOf(enhanced);
  const parts = [
    ["headings", before.headings, after.headings],
    ["list lines", before.listLines, after.listLines],
    ["code blocks", before.codeBlocks, after.codeBlocks],
  ] as const;
  for (const [what, expected, found] of parts) {
    if (expected !== found) {
      problems.push(`The number of ${what} changed from ${expected} to ${found}; it must stay the same.`);
    }
  }
  return problems;
}
