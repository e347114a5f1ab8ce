/** Statements of a file of SQL, and where a name stands in it. */

import { hole, type Token, tokensOf } from "./tokens.ts";

/** From where to where a statement reaches, without its semicolon. */
export interface SqlStatement {
  readonly text: string;
  readonly start: number;
}

/** Parted by the semicolons that stand in no text, comment, body or parenthesis. */
export function statementsOf(sql: string): readonly SqlStatement[] {
  const found: SqlStatement[] = [];
  let depth = 0;
  let start = 0;
  const take = (end: number) => {
    if (tokensOf(sql.slice(start, end)).length > 0) found.push({ text: sql.slice(start, end), start });
    start = end + 1;
  };
  for (const { kind, text, at } of tokensOf(sql)) {
    if (kind !== "sign") continue;
    if (text === "(") depth++;
    else if (text === ")") depth--;
    else if (text === ";" && depth <= 0) {
      depth = 0;
      take(at);
    }
  }
  take(sql.length);
  return found;
}

/** A body may make a function, whose body may run a text. */
const maxBodies = 3;

/** Where a name stands first, also in the body of a function; null: it stands nowhere. */
export function placeOfName(sql: string, name: string, bodies = maxBodies): number | null {
  for (const { kind, text, at } of tokensOf(sql)) {
    if ((kind === "word" || kind === "name") && text === name) return at + (kind === "name" ? 1 : 0);
    if (kind !== "text" || bodies === 0 || !text.toLowerCase().includes(name)) continue;
    const inside = placeOfName(text, name, bodies - 1);
    if (inside !== null) return at + inside;
  }
  return null;
}

/** The name behind some words, without its schema: of `CREATE FUNCTION public.a()` it is `a`. Null: they do not follow each other. */
export function nameBehind(sql: string, ...words: readonly (readonly string[])[]): string | null {
  const tokens = tokensOf(sql);
  const isWord = (token: Token | undefined, among: readonly string[]) =>
    token?.kind === "word" && among.includes(token.text);
  for (let at = 0; at < tokens.length; at++) {
    if (!words.every((among, index) => isWord(tokens[at + index], among))) continue;
    let last = at + words.length;
    while (tokens[last + 1]?.text === "." && tokens[last + 2] !== undefined) last += 2;
    const name = tokens[last];
    return name === undefined || name.text === hole ? null : name.text;
  }
  return null;
}

/** The words that a statement begins with. */
export function firstWords(sql: string, count: number): readonly string[] {
  const found: string[] = [];
  for (const { kind, text } of tokensOf(sql)) {
    if (kind !== "word" || found.length === count) break;
    found.push(text);
  }
  return found;
}

/** Where a statement begins, behind comments. */
export const firstOf = (sql: string): number => tokensOf(sql)[0]?.at ?? 0;
