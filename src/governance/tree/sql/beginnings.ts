/** Statements by their first words: which tables these name, and how. */

import { type Access, expect, type Frame, isSign, isWord, peek, type Reader, skip } from "./frames.ts";

export type Read = (reader: Reader, frame: Frame) => void;

/** `IF EXISTS`, `IF NOT EXISTS` */
const skipIf = (reader: Reader) => skip(reader, "if", "not", "exists");

const relations = ["table", "view"];
/** They stand on a table: `DROP TRIGGER name ON table`. */
const ofRelations = ["trigger", "policy", "rule"];

/** Nothing of it names a table, or other words do. */
const begins: Read = (reader, frame) => {
  frame.verb = peek(reader, 0)?.text ?? null;
};

const changes =
  (isList: boolean): Read =>
  (reader, frame) => {
    begins(reader, frame);
    skip(reader, "table");
    expect(reader, "write", isList);
  };

/** `DROP TABLE a, b`, `ALTER MATERIALIZED VIEW a` */
const defines =
  (isList: boolean): Read =>
  (reader, frame) => {
    begins(reader, frame);
    skip(reader, "materialized", "foreign");
    if (isWord(reader, 1, ...ofRelations)) frame.target = { word: "on", access: "write" };
    if (!isWord(reader, 1, ...relations)) return;
    reader.at++;
    skipIf(reader);
    expect(reader, "write", isList);
  };

/** What it is about comes behind its `ON`. */
const about =
  (access: Access): Read =>
  (reader, frame) => {
    begins(reader, frame);
    frame.target = { word: "on", access };
  };

/** `VACUUM (FULL) a, b` */
const maintains: Read = (reader, frame) => {
  begins(reader, frame);
  if (isSign(reader, 1, "(")) reader.at = reader.ends.get(reader.at + 1) ?? reader.tokens.length;
  skip(reader, "full", "freeze", "verbose", "analyze", "concurrently", "materialized", "view", "table");
  expect(reader, "name", true);
};

/** Texts of it are code themselves. */
const runs: Read = (reader, frame) => {
  begins(reader, frame);
  frame.hasBodies = frame.verb === "do" || reader.isBody;
};

const beforeKind =
  "or replace global local temp temporary unlogged unique constraint recursive materialized foreign event".split(
    " ",
  );

const creates: Read = (reader, frame) => {
  begins(reader, frame);
  let isTemporary = false;
  while (isWord(reader, 1, ...beforeKind)) {
    reader.at++;
    // It stands on no table.
    if (isWord(reader, 0, "event")) return;
    isTemporary ||= isWord(reader, 0, "temp", "temporary");
  }
  const kind = peek(reader, 1)?.text ?? "";
  if (kind === "index" || kind === "trigger" || kind === "policy")
    frame.target = { word: "on", access: "write" };
  if (kind === "rule") frame.target = { word: "to", access: "write" };
  if (kind === "function" || kind === "procedure") frame.verb = "function";
  if (!relations.includes(kind)) return;
  reader.at++;
  skipIf(reader);
  if (isTemporary) madeForAWhile(reader);
  else expect(reader, "write", false);
};

/** The next name is one of a temporary table. */
export function madeForAWhile(reader: Reader): void {
  const name = peek(reader, 1);
  if (name === null || (name.kind !== "word" && name.kind !== "name")) return;
  reader.at++;
  reader.made.add(name.text);
  reader.temporary.add(name.text);
}

export const beginnings: ReadonlyMap<string, Read> = new Map([
  ["update", changes(false)],
  ["truncate", changes(true)],
  ["lock", changes(true)],
  [
    "copy",
    (reader, frame) => {
      begins(reader, frame);
      // Whether it is written comes behind it.
      if (!isSign(reader, 1, "(")) expect(reader, "name", false);
    },
  ],
  ["drop", defines(true)],
  ["alter", defines(false)],
  ["create", creates],
  ["comment", about("write")],
  ["grant", about("name")],
  ["revoke", about("name")],
  ["analyze", maintains],
  ["vacuum", maintains],
  ["cluster", maintains],
  ["reindex", maintains],
  ["refresh", maintains],
  ["do", runs],
  ["execute", runs],
  ...["explain", "prepare", "fetch", "move", "deallocate", "import"].map((verb) => [verb, begins] as const),
]);

/** `FROM` names no table in them. */
export const withoutFrom: ReadonlySet<string> = new Set(["revoke", "fetch", "move", "deallocate", "import"]);
