/** Which tables SQL in the code reads and writes. */

import ts from "typescript";
import type { Nodes } from "./nodes.ts";
import { calledName } from "./source.ts";

export type SqlText = Nodes["texts"][number];

const runners = new Set(["execute", "query", "raw", "unsafe", "rows", "batch"]);

/** What is SQL for sure: tagged by `sql`, or given to what runs it. */
export function sqlTextsOf({ texts }: Pick<Nodes, "texts">): readonly SqlText[] {
  return texts.filter(({ parent }) => {
    if (ts.isTaggedTemplateExpression(parent)) return /(?:^|\.)sql$/.test(parent.tag.getText());
    return ts.isCallExpression(parent) && runners.has(calledName(parent) ?? "");
  });
}

const name = String.raw`(?:only\s+|if\s+exists\s+)*(?:"?\w+"?\s*\.\s*)?"?(\w+)"?`;
const writing = new RegExp(
  String.raw`\b(?:insert\s+into|merge\s+into|delete\s+from|truncate(?:\s+table)?|(?:alter|drop)\s+table|lock(?:\s+table)?|update)\s+${name}`,
  "gi",
);
const reading = new RegExp(String.raw`\b(?:from|join|using|copy)\s+${name}`, "gi");
/** `FROM a, b x`: the next one of a list. */
const next = new RegExp(String.raw`(?:\s+(?:as\s+)?\w+)?\s*,\s*${name}`, "iy");
const comment = /--[^\n]*|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\//g;

/** Names of tables that are written, in lower case. */
export function tablesWritten(text: SqlText): readonly string[] {
  return namesIn(text, writing);
}

/** Names of tables that are read or written, in lower case. */
export function tablesNamed(text: SqlText): readonly string[] {
  return [...new Set([...namesIn(text, writing), ...namesIn(text, reading)])];
}

function namesIn(text: SqlText, form: RegExp): readonly string[] {
  const plain = text.getText().replace(comment, " ");
  return [...plain.matchAll(form)].flatMap((found) => {
    const names = [found[1] ?? ""];
    next.lastIndex = found.index + found[0].length;
    for (let more = next.exec(plain); more !== null; more = next.exec(plain)) names.push(more[1] ?? "");
    return names.map((one) => one.toLowerCase());
  });
}
