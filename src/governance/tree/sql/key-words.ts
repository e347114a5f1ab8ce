/** What the key words of SQL say about the tables that come behind them. */

import { beginnings, madeForAWhile, type Read, withoutFrom } from "./beginnings.ts";
import { type Access, expect, type Frame, isSign, isWord, peek, type Reader, skip } from "./frames.ts";

/** One word of a statement. A word that says nothing of tables is a name, or goes on with what was there. */
export function readKeyWord(reader: Reader, word: string): void {
  const { frame } = reader;
  if (frame.verb === "explain" && (word === "analyze" || word === "verbose")) return;
  if (word === "case" && !isStatementCase(reader, frame)) frame.cases++;
  if (frame.cases > 0) {
    if (word === "end") frame.cases--;
    if (word === "when" || word === "then" || word === "else" || word === "end") return;
  }
  const wasStart = frame.isStart;
  if (frame.within === null && word !== "explain") frame.isStart = false;
  if (endsList.has(word)) endList(frame);
  // Between parentheses all others are names, of columns perhaps.
  const begun = wasStart && (frame.outer === null || word === "update") ? beginnings.get(word) : undefined;
  if (begun !== undefined) frame.within = null;
  (begun ?? anywhere.get(word))?.(reader, frame);
}

/** Of a function's body: `CASE x WHEN 1 THEN DELETE …; END CASE` */
const isStatementCase = (reader: Reader, { isStart }: Frame) =>
  reader.isBody && (isStart || isWord(reader, -1, "end"));

/** What comes behind belongs to another statement. */
export function endStatement({ bodies }: Reader, frame: Frame): void {
  const { language } = frame;
  if (language === null || language === "sql" || language === "plpgsql") bodies.push(...frame.bodies);
  frame.bodies.length = 0;
}

function endList(frame: Frame): void {
  frame.list = null;
  frame.expects = null;
}

/** Behind these no table comes by a comma any more. */
const endsList = new Set(
  `where group having window union intersect except order limit offset fetch for returning set select values begin atomic
  then else loop do also instead to`.split(/\s+/),
);

/** `name (columns) AS NOT MATERIALIZED (`, behind `WITH`, behind a comma, or in a piece that goes on with them. */
export function readCte(reader: Reader, frame: Frame): boolean {
  const mayBePiece = frame.outer === null && frame.verb === null && frame.isStart;
  if (frame.within === null && !mayBePiece) return false;
  const name = peek(reader, 0)?.text;
  const paren = name === undefined ? null : bodyOfCte(reader, 1);
  if (name === undefined || paren === null) return false;
  if (frame.within === null) {
    // A piece does not tell whether its CTEs are recursive.
    frame.within = "recursive";
    frame.scope = { parent: null, names: new Map() };
  }
  const end = reader.ends.get(paren) ?? reader.tokens.length;
  frame.scope?.names.set(name, frame.within === "recursive" ? 0 : end);
  reader.made.add(name);
  reader.at = paren - 1;
  return true;
}

/** Where the query of a CTE begins, from behind its name; null: it is none. */
function bodyOfCte(reader: Reader, by: number): number | null {
  let at = by;
  if (isSign(reader, at, "(")) at = (reader.ends.get(reader.at + at) ?? reader.tokens.length) + 1 - reader.at;
  if (!isWord(reader, at, "as")) return null;
  at += isWord(reader, at + 1, "not") ? 2 : 1;
  if (isWord(reader, at, "materialized")) at++;
  return isSign(reader, at, "(") ? reader.at + at : null;
}

const isQuery: Read = (_reader, frame) => {
  frame.within = null;
  frame.isStart = false;
  frame.hasBodies = false;
  // GRANT SELECT
  if (frame.verb !== "grant" && frame.verb !== "revoke") frame.verb = "select";
};

const startsAgain: Read = (_reader, frame) => {
  frame.isStart = true;
  frame.verb = null;
};

const names =
  (access: Access): Read =>
  (reader) =>
    expect(reader, access, false);

/** `INSERT INTO`, `DELETE FROM`: together they are nothing else. */
const changes =
  (verb: string, second: string): Read =>
  (reader, frame) => {
    if (!isWord(reader, 1, second)) return;
    reader.at++;
    frame.verb = verb;
    frame.within = null;
    expect(reader, "write", false);
  };

const readWith: Read = (reader, frame) => {
  const isRecursive = isWord(reader, 1, "recursive");
  const by = isRecursive ? 2 : 1;
  // Not WITH ORDINALITY, WITH TIME ZONE, WITH (…)
  if (peek(reader, by)?.kind !== "hole" && bodyOfCte(reader, by + 1) === null) return;
  frame.within = isRecursive ? "recursive" : "plain";
  frame.scope = { parent: frame.scope, names: new Map() };
  frame.isStart = true;
  endList(frame);
  if (isRecursive) reader.at++;
};

const readInto: Read = (reader, frame) => {
  // In a body it is a variable.
  if (reader.isBody || (frame.verb !== null && frame.verb !== "select")) return;
  const isTemporary = isWord(reader, 1, "temp", "temporary");
  skip(reader, "temp", "temporary", "unlogged", "table");
  if (isTemporary) madeForAWhile(reader);
  else expect(reader, "write", false);
};

const readFrom: Read = (reader, frame) => {
  if (frame.verb === "copy") {
    const copied = reader.named.at(-1);
    if (copied !== undefined) copied.access = "write";
    return;
  }
  const isDistinct = isWord(reader, -1, "distinct") && isWord(reader, -2, "is", "not");
  if (isDistinct || frame.isSpecial) return;
  // FOR VALUES FROM (1) TO (2)
  if (withoutFrom.has(frame.verb ?? "") || isWord(reader, -1, "values")) endList(frame);
  else expect(reader, "read", true);
};

const readUsing: Read = (reader, frame) => {
  frame.hasBodies = false;
  const isOfChange = (frame.verb === "delete" || frame.verb === "merge") && frame.list === null;
  const mayBePiece = frame.outer === null && frame.verb === null && !reader.isBody;
  const isPiece = mayBePiece && !isSign(reader, 1, "(");
  if (frame.within === null && (isOfChange || isPiece)) expect(reader, "read", true);
};

const readTarget: Read = (reader, frame) => {
  const { target } = frame;
  if (target === null || !isWord(reader, 0, target.word)) return;
  frame.target = null;
  skip(reader, "table");
  expect(reader, target.access, frame.verb === "grant" || frame.verb === "revoke");
};

const readAs: Read = (_reader, frame) => {
  if (frame.verb === "function") frame.hasBodies = true;
  if (frame.verb === "create" || frame.verb === "prepare") frame.isStart = true;
};

const readLanguage: Read = (reader, frame) => {
  if (frame.verb !== "function" && frame.verb !== "do") return;
  frame.language ??= peek(reader, 1)?.text.toLowerCase() ?? null;
  reader.at++;
};

/** A read that comes only behind some words. */
const behind =
  (words: readonly string[], read: Read): Read =>
  (reader, frame) => {
    const before = peek(reader, -1);
    if (before !== null && words.includes(before.text)) read(reader, frame);
  };

/** Words that say the same wherever they stand. */
const anywhere: ReadonlyMap<string, Read> = new Map([
  ["with", readWith],
  ["select", isQuery],
  ["values", isQuery],
  ["insert", changes("insert", "into")],
  ["merge", changes("merge", "into")],
  ["delete", changes("delete", "from")],
  ["into", readInto],
  ["from", readFrom],
  ["using", readUsing],
  ["on", readTarget],
  ["to", readTarget],
  ["as", readAs],
  ["language", readLanguage],
  [
    "table",
    (reader) => {
      // Not RETURNS TABLE (a int)
      if (!isSign(reader, 1, "(")) expect(reader, "read", true);
    },
  ],
  [
    "join",
    (reader, frame) => {
      // CREATE OPERATOR (JOIN = …)
      if (isSign(reader, 1, "=")) return;
      frame.list ??= "read";
      frame.expects = "read";
    },
  ],
  ["references", names("name")],
  ["inherits", names("name")],
  [
    "inherit",
    (reader, frame) => {
      if (frame.verb === "alter") expect(reader, "write", false);
    },
  ],
  ["partition", behind(["attach", "detach"], names("write"))],
  ["of", behind(["partition"], names("name"))],
  ["like", behind(["(", ","], names("name"))],
  ...["begin", "atomic", "then", "else", "loop", "also", "instead", "query", "do"].map(
    (word) => [word, startsAgain] as const,
  ),
]);
