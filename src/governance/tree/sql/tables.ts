/**
 * Which tables a text of SQL reads and writes, in one pass over its words. It needs no whole statement, as a parser does: two
 * of three texts in real code are pieces of one, or have parts that are worked out at run time, and PostgreSQL's own parser
 * says nothing of those. Of what that parser reads, it says the same.
 */

import { type Access, type Frame, isCte, isSign, isWord, newFrame, peek, type Reader } from "./frames.ts";
import { endStatement, readCte, readKeyWord } from "./key-words.ts";
import { type Token, tokensOf } from "./tokens.ts";

export interface SqlTables {
  /** In lower case, without their schemas, each once. */
  readonly read: ReadonlySet<string>;
  readonly written: ReadonlySet<string>;
  /** What it makes for itself: CTEs and temporary tables. */
  readonly made: ReadonlySet<string>;
}

/** A block may make a function, whose body may run a text. */
const maxBodies = 3;

export function tablesOf(sql: string): SqlTables {
  const found = { read: new Set<string>(), written: new Set<string>(), made: new Set<string>() };
  let texts: readonly string[] = [sql];
  for (let depth = 0; depth <= maxBodies; depth++) {
    texts = texts.flatMap((text) => {
      const reader = readText(text, depth > 0);
      for (const name of reader.made) found.made.add(name);
      for (const one of reader.named)
        if (!reader.temporary.has(one.name))
          if (one.access === "write") found.written.add(one.name);
          else if (one.access === "name" || !isCte(one)) found.read.add(one.name);
      return reader.bodies;
    });
  }
  return found;
}

function readText(sql: string, isBody: boolean): Reader {
  const tokens = tokensOf(sql);
  const reader: Reader = {
    tokens,
    ends: endsOf(tokens),
    isBody,
    named: [],
    made: new Set(),
    temporary: new Set(),
    bodies: [],
    at: 0,
    frame: newFrame(null),
  };
  for (; reader.at < tokens.length; reader.at++)
    readToken(reader, tokens[reader.at] ?? { kind: "sign", text: "", at: 0 });
  for (let frame: Frame | null = reader.frame; frame !== null; frame = frame.outer)
    endStatement(reader, frame);
  return reader;
}

/** Of each opening parenthesis or bracket. One that is never closed ends with the text. */
function endsOf(tokens: readonly Token[]): ReadonlyMap<number, number> {
  const ends = new Map<number, number>();
  const open: number[] = [];
  for (const [at, { kind, text }] of tokens.entries()) {
    if (kind !== "sign") continue;
    if (text === "(" || text === "[") open.push(at);
    else if (text === ")" || text === "]") ends.set(open.pop() ?? at, at);
  }
  for (const at of open) ends.set(at, tokens.length);
  return ends;
}

function readToken(reader: Reader, token: Token): void {
  const { frame } = reader;
  if (token.kind === "sign") readSign(reader, token.text);
  else if (frame.expects !== null && token.kind !== "text") readTable(reader, frame.expects);
  else if (token.kind !== "text" && readCte(reader, frame)) return;
  else if (token.kind === "word") readKeyWord(reader, token.text);
  else if (token.kind !== "hole") {
    if (token.kind === "text" && frame.hasBodies) frame.bodies.push(token.text);
    frame.expects = null;
    frame.isStart = false;
  }
}

/** Where FROM says what a part is taken of. */
const specials = ["extract", "trim", "substring", "overlay", "position", "normalize"];

function readSign(reader: Reader, sign: string): void {
  const { frame } = reader;
  if (sign === "(" || sign === "[") {
    const { expects } = frame;
    frame.expects = null;
    reader.frame =
      expects === null || sign === "["
        ? newFrame(frame, {
            isSpecial: isWord(reader, -1, ...specials),
            // EXECUTE format('…', …)
            hasBodies: frame.hasBodies && reader.isBody,
          })
        : newFrame(frame, { list: expects, expects });
    return;
  }
  if (sign === ")" || sign === "]") {
    if (frame.outer === null) return;
    endStatement(reader, frame);
    reader.frame = frame.outer;
    return;
  }
  if (sign === ";") {
    endStatement(reader, frame);
    const { outer, isSpecial } = frame;
    reader.frame = newFrame(outer, { isSpecial });
    return;
  }
  if (sign === ",") {
    // Where no name stood before, it is no list of tables.
    if (frame.expects !== null) frame.list = null;
    frame.expects = frame.list;
    return;
  }
  frame.expects = null;
}

/** Names that no table has without quotes, for they go on with the statement. */
const reserved = new Set(
  `all analyse analyze and any array as asc both case cast check collate column constraint create cross current_date
  current_timestamp current_user default desc distinct do else end except false fetch for foreign from full grant group having
  in inner intersect into is join lateral leading left like limit localtime natural not null of offset on only or order outer
  placing primary references returning right select set some symmetric table then to trailing true union unique user using
  values variadic when where window with`.split(/\s+/),
);

/** `name`, `schema.name`, what is worked out, or something else after all. */
function readTable(reader: Reader, access: Access): void {
  if (isWord(reader, 0, "only", "lateral")) return;
  if (isWord(reader, 0, "rows") && isWord(reader, 1, "from")) {
    reader.at++;
    return;
  }
  reader.frame.expects = null;
  const first = peek(reader, 0);
  if (first?.kind === "word" && reserved.has(first.text)) {
    readKeyWord(reader, first.text);
    return;
  }
  const from = reader.at;
  while (isSign(reader, 1, ".") && isNameLike(peek(reader, 2))) reader.at += 2;
  const last = peek(reader, 0);
  reader.frame.isStart = false;
  if (last === null || last.kind === "hole") return;
  if (access === "read" && isSign(reader, 1, "(")) return;
  const { scope } = reader.frame;
  // With a schema it is no CTE.
  reader.named.push({ name: last.text, at: from, access, scope: reader.at === from ? scope : null });
}

const isNameLike = (token: Token | null) =>
  token !== null && (token.kind === "word" || token.kind === "name" || token.kind === "hole");
