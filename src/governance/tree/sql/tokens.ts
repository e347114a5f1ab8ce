/**
 * The words of SQL, as PostgreSQL itself takes a text apart
 * (https://www.postgresql.org/docs/current/sql-syntax-lexical.html). In linear time, whatever the text.
 */

/** Stands in a text for a part that is worked out at run time. PostgreSQL has no such character in any text. */
export const hole = "\0";

export interface Token {
  /**
   * `word`: a key word or a name without quotes. `name`: one in quotes. `text`: a string, a number or a parameter.
   * `hole`: see {@link hole}. `sign`: any other character.
   */
  readonly kind: "word" | "name" | "text" | "hole" | "sign";
  /** Of words and names in lower case; what stands between the quotes of a string; the character of a sign. */
  readonly text: string;
  /** Where it begins; of a string what stands in it. */
  readonly at: number;
}

const space = /\s+/y;
const lineComment = /--[^\n\r]*/y;
const commentEdge = /\/\*|\*\//g;
const word = /[a-z_\u0080-\uffff][\w$\u0080-\uffff]*/iy;
const number = /\d[\w.]*|\$\d+/y;
const dollars = /\$(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/iy;
/** A letter, directly before a quote, says which kind of string it is. */
const stringLetter = /^[ebxn]$/i;

/** What is left open ends with the text. */
export function tokensOf(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < sql.length; ) at = readToken(sql, at, tokens);
  return tokens;
}

/** Where the next one begins. */
function readToken(sql: string, at: number, tokens: Token[]): number {
  const gap = endOf(space, sql, at) ?? endOf(lineComment, sql, at);
  if (gap !== null) return gap;
  const first = sql[at] ?? "";
  if (first === "/" && sql[at + 1] === "*") return endOfComment(sql, at);
  if (first === "'") return readQuoted(sql, at, "'", false, tokens);
  if (first === '"') return readQuoted(sql, at, '"', false, tokens);
  if (first === hole) return push(tokens, { kind: "hole", text: hole, at }, at + 1);
  const wordEnd = endOf(word, sql, at);
  if (wordEnd !== null) return readWord(sql, at, wordEnd, tokens);
  const tag = endOf(dollars, sql, at);
  if (tag !== null) {
    const close = sql.indexOf(sql.slice(at, tag), tag);
    const end = close < 0 ? sql.length : close;
    return push(
      tokens,
      { kind: "text", text: sql.slice(tag, end), at: tag },
      close < 0 ? end : end + tag - at,
    );
  }
  const numberEnd = endOf(number, sql, at);
  if (numberEnd !== null)
    return push(tokens, { kind: "text", text: sql.slice(at, numberEnd), at }, numberEnd);
  return push(tokens, { kind: "sign", text: first, at }, at + 1);
}

function push(tokens: Token[], token: Token, end: number): number {
  tokens.push(token);
  return end;
}

function endOf(pattern: RegExp, sql: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : null;
}

/** A name, a key word, or what belongs to the string behind it: `E'…'`, `U&"…"`. */
function readWord(sql: string, at: number, end: number, tokens: Token[]): number {
  const text = sql.slice(at, end);
  if (sql[end] === "'" && stringLetter.test(text)) return readQuoted(sql, end, "'", /e/i.test(text), tokens);
  const quote = sql[end + 1];
  if (sql[end] === "&" && /^u$/i.test(text) && (quote === "'" || quote === '"'))
    return readQuoted(sql, end + 1, quote, false, tokens);
  return push(tokens, { kind: "word", text: text.toLowerCase(), at }, end);
}

/** A quote within is written twice, or behind a backslash where that has a meaning. */
function readQuoted(sql: string, at: number, quote: "'" | '"', hasEscapes: boolean, tokens: Token[]): number {
  let end = at + 1;
  for (; end < sql.length; end++) {
    if (hasEscapes && sql[end] === "\\") end++;
    else if (sql[end] !== quote) continue;
    else if (sql[end + 1] === quote) end++;
    else break;
  }
  const text = sql.slice(at + 1, end).replaceAll(quote + quote, quote);
  if (quote === "'") return push(tokens, { kind: "text", text, at: at + 1 }, end + 1);
  const token: Token = text.includes(hole)
    ? { kind: "hole", text: hole, at }
    : { kind: "name", text: text.toLowerCase(), at };
  return push(tokens, token, end + 1);
}

/** Comments stand in comments. */
function endOfComment(sql: string, at: number): number {
  let depth = 0;
  commentEdge.lastIndex = at;
  for (let edge = commentEdge.exec(sql); edge !== null; edge = commentEdge.exec(sql)) {
    depth += edge[0] === "/*" ? 1 : -1;
    if (depth === 0) return commentEdge.lastIndex;
  }
  return sql.length;
}
