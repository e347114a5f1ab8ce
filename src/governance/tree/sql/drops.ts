/** Tables and columns that a statement takes away or calls otherwise. */

import { type Token, tokensOf } from "./tokens.ts";

export interface Drop {
  /** In lower case, without its schema. */
  readonly table: string;
  /** Null: the table itself. */
  readonly column: string | null;
  readonly isRenamed: boolean;
  /** Where its name stands in the statement. */
  readonly at: number;
}

/** What `ALTER TABLE … DROP x` takes away that is no column. */
const partsOfColumns = new Set(["constraint", "default", "not", "expression", "identity"]);

/** @param sql one statement */
export function dropsOf(sql: string): readonly Drop[] {
  const tokens = tokensOf(sql);
  if (isWords(tokens, 0, "drop", "table")) return droppedTables(tokens);
  return isWords(tokens, 0, "alter", "table") ? changedTable(tokens) : [];
}

const isWords = (tokens: readonly Token[], at: number, ...words: readonly string[]) =>
  words.every((word, index) => tokens[at + index]?.kind === "word" && tokens[at + index]?.text === word);

/** Behind `IF EXISTS`, `ONLY`, and so on. */
function skip(tokens: readonly Token[], from: number, ...words: readonly string[]): number {
  let at = from;
  while (tokens[at]?.kind === "word" && words.includes(tokens[at]?.text ?? "")) at++;
  return at;
}

/** The name at a place, without its schema, and what stands behind it. */
function nameAt(
  tokens: readonly Token[],
  from: number,
): { readonly name: Token; readonly next: number } | null {
  let at = from;
  while (tokens[at + 1]?.text === "." && tokens[at + 2] !== undefined) at += 2;
  const name = tokens[at];
  return name?.kind === "word" || name?.kind === "name" ? { name, next: at + 1 } : null;
}

/** `DROP TABLE IF EXISTS a, b CASCADE` */
function droppedTables(tokens: readonly Token[]): readonly Drop[] {
  const found: Drop[] = [];
  for (let at = skip(tokens, 2, "if", "exists"); at < tokens.length; at++) {
    const named = nameAt(tokens, at);
    if (named === null) break;
    found.push({ table: named.name.text, column: null, isRenamed: false, at: named.name.at });
    if (tokens[named.next]?.text !== ",") break;
    at = named.next;
  }
  return found;
}

/** `ALTER TABLE a DROP COLUMN b, RENAME c TO d` */
function changedTable(tokens: readonly Token[]): readonly Drop[] {
  const owner = nameAt(tokens, skip(tokens, 2, "if", "exists", "only"));
  if (owner === null) return [];
  const table = owner.name.text;
  const found: Drop[] = [];
  let depth = 0;
  for (let at = owner.next; at < tokens.length; at++) {
    const { text = "", kind } = tokens[at] ?? {};
    if (kind === "sign") depth += text === "(" ? 1 : text === ")" ? -1 : 0;
    const begins = at === owner.next || (tokens[at - 1]?.text === "," && depth === 0);
    if (!begins || kind !== "word" || !/^(?:drop|rename)$/.test(text)) continue;
    const isRenamed = text === "rename";
    if (isRenamed && isWords(tokens, at + 1, "to")) {
      found.push({ table, column: null, isRenamed, at: owner.name.at });
      continue;
    }
    const first = tokens[at + 1];
    if (first?.kind === "word" && partsOfColumns.has(first.text)) continue;
    const named = nameAt(tokens, skip(tokens, at + 1, "column", "if", "exists"));
    if (named !== null) found.push({ table, column: named.name.text, isRenamed, at: named.name.at });
  }
  return found;
}

/** Tables and columns (`table.column`) that a statement makes: what is taken away and made anew is there. */
export function madeBy(sql: string): readonly string[] {
  const tokens = tokensOf(sql);
  const start = tokens.findIndex(({ text }) => text === "table" || text === "view");
  if (isWords(tokens, 0, "create") && start > 0 && start < 5) {
    const named = nameAt(tokens, skip(tokens, start + 1, "if", "not", "exists"));
    return named === null ? [] : [named.name.text];
  }
  if (!isWords(tokens, 0, "alter", "table")) return [];
  const owner = nameAt(tokens, skip(tokens, 2, "if", "exists", "only"));
  return tokens.flatMap(({ text, kind }, at) => {
    if (owner === null || kind !== "word" || text !== "add") return [];
    const named = nameAt(tokens, skip(tokens, at + 1, "column", "if", "not", "exists"));
    return named === null ? [] : [`${owner.name.text}.${named.name.text}`];
  });
}
