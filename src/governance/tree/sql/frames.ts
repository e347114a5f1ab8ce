/** Where a reader of SQL stands: in a statement, or in what stands between parentheses. */

import type { Token } from "./tokens.ts";

/** `name`: it is named in another way than by being asked, and so never a function or a CTE. */
export type Access = "read" | "name" | "write";

/** Names that stand for something else than a table of the database, for a while. */
export interface Scope {
  readonly parent: Scope | null;
  /** CTEs, each with the token from which on it is known. */
  readonly names: Map<string, number>;
}

/** A statement, or what stands between two parentheses. */
export interface Frame {
  /** Null: the text as a whole. */
  readonly outer: Frame | null;
  /** What `FROM` means here is something else: `extract(day FROM at)`. */
  readonly isSpecial: boolean;
  /** The statement that it is; null: a piece of one, or an expression. */
  verb: string | null;
  /** A statement may begin here. */
  isStart: boolean;
  /** What a comma goes on with, as in `FROM a, b`. */
  list: Access | null;
  /** A table's name comes next. */
  expects: Access | null;
  /** What the next `ON`, or in a rule `TO`, leads to. */
  target: { readonly word: "on" | "to"; readonly access: Access } | null;
  /** Between `WITH` and the statement that it belongs to. */
  within: "plain" | "recursive" | null;
  /** How many CASE are open: `THEN` is no other statement there. */
  cases: number;
  /** Texts of it are code themselves. */
  hasBodies: boolean;
  /** As `LANGUAGE` says. */
  language: string | null;
  readonly bodies: string[];
  scope: Scope | null;
}

/** A table that is named. */
interface Named {
  readonly name: string;
  readonly at: number;
  readonly scope: Scope | null;
  access: Access;
}

export interface Reader {
  readonly tokens: readonly Token[];
  /** For an opening parenthesis the place of its end. */
  readonly ends: ReadonlyMap<number, number>;
  /** The text is the body of a function or of `DO`. */
  readonly isBody: boolean;
  readonly named: Named[];
  /** CTEs and tables that last as long as the session. */
  readonly made: Set<string>;
  readonly temporary: Set<string>;
  readonly bodies: string[];
  at: number;
  frame: Frame;
}

export function newFrame(outer: Frame | null, given: Partial<Frame> = {}): Frame {
  return {
    outer,
    isSpecial: false,
    verb: null,
    isStart: true,
    list: null,
    expects: null,
    target: null,
    within: null,
    cases: 0,
    hasBodies: false,
    language: null,
    bodies: [],
    scope: outer?.scope ?? null,
    ...given,
  };
}

/** The token some places on; null behind the end. */
export const peek = ({ tokens, at }: Reader, by: number): Token | null => tokens[at + by] ?? null;

/** Whether a key word stands some places on. */
export function isWord(reader: Reader, by: number, ...words: readonly string[]): boolean {
  const token = peek(reader, by);
  return token?.kind === "word" && words.includes(token.text);
}

export function isSign(reader: Reader, by: number, sign: string): boolean {
  const token = peek(reader, by);
  return token?.kind === "sign" && token.text === sign;
}

/** Goes over key words that say nothing of a table. */
export function skip(reader: Reader, ...words: readonly string[]): void {
  while (isWord(reader, 1, ...words)) reader.at++;
}

/** A table's name comes next, and behind a comma another one. */
export function expect(reader: Reader, access: Access, isList: boolean): void {
  reader.frame.expects = access;
  reader.frame.list = isList ? access : null;
}

/** A CTE asks what was there before it, unless it is recursive. More levels than anybody writes are not looked through. */
const maxScopes = 50;

/** What a name in a text stands for: a CTE. */
export function isCte({ name, scope, at }: Named): boolean {
  let around = scope;
  for (let level = 0; around !== null && level < maxScopes; level++, around = around.parent) {
    const from = around.names.get(name);
    if (from !== undefined && at >= from) return true;
  }
  return false;
}
