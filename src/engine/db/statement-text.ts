/*
 * What can be said of the text of a statement without reading all of SQL.
 *
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */

/** One statement without comments, and without spaces and semicolons around it. */
export function bare(text: string): string {
  let out = "";
  let at = 0;
  while (at < text.length) {
    const end = text.startsWith("--", at)
      ? endOfLine(text, at)
      : text.startsWith("/*", at)
        ? endOfComment(text, at)
        : null;
    if (end !== null) {
      out += " ";
      at = end;
      continue;
    }
    const quoted = text[at] === '"' ? text.indexOf('"', at + 1) : -1;
    const next = quoted < 0 ? at + 1 : quoted + 1;
    out += text.slice(at, next);
    at = next;
  }
  return out.replaceAll(/^[\s;]+|(?<![\s;])[\s;]+$/g, "");
}

function endOfLine(text: string, from: number): number {
  const end = text.slice(from).search(/[\r\n]/);
  return end < 0 ? text.length : from + end;
}

/** Comments stand in each other. */
function endOfComment(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith("/*", at)) depth += 1;
    else if (text.startsWith("*/", at)) depth -= 1;
    else continue;
    at += 1;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

/**
 * The first word of a text that begins, ends or divides a transaction, in lower case; null: it begins with something else.
 *
 * @see https://www.postgresql.org/docs/current/tutorial-transactions.html
 */
export function steeringWord(text: string): string | null {
  let at = 0;
  for (;;) {
    if (text.startsWith("--", at)) at = endOfLine(text, at);
    else if (text.startsWith("/*", at)) at = endOfComment(text, at);
    else if (/[\s;]/.test(text[at] ?? "")) at += 1;
    else break;
  }
  const word = (/^[a-z]*/i.exec(text.slice(at, at + maxWordLength))?.[0] ?? "").toLowerCase();
  // PREPARE alone makes a statement of which it gives the name.
  if (word === "prepare") return /^prepare\s+transaction\b/i.test(bare(text)) ? word : null;
  return steeringWords.has(word) ? word : null;
}

const steeringWords: ReadonlySet<string> = new Set([
  ...["abort", "begin", "commit", "end", "release", "rollback", "savepoint", "start"],
]);
const maxWordLength = 20;
