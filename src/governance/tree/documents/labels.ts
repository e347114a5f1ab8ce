/** What a document says behind its labels: `**Owner:** Platform`, with the code and the list below it. */

import type MarkdownIt from "markdown-it";

type Token = ReturnType<InstanceType<typeof MarkdownIt>["parse"]>[number];

export interface Code {
  readonly text: string;
  /** Of its first line of text, from 1. */
  readonly line: number;
}

export interface Label {
  /** Without marks and the colon. */
  readonly name: string;
  readonly line: number;
  /** What stands behind it in its paragraph; empty: nothing. */
  readonly text: string;
  /** Blocks of code up to the next label or heading. */
  readonly codes: readonly Code[];
  /** Items of lists and rows of tables up to the next label or heading. */
  readonly items: readonly Item[];
}

/** An item of a list, or a row of a table. */
export interface Item {
  readonly text: string;
  readonly line: number;
  /** What is marked as code, in order. */
  readonly codes: readonly string[];
  /** Of a row: the text of its cells. Of an item: it as a whole. */
  readonly cells: readonly string[];
}

interface Open {
  name: string;
  line: number;
  text: string;
  codes: Code[];
  items: Item[];
}

const plain = (tokens: readonly Token[]) =>
  tokens.map(({ type, content }) => (type === "softbreak" || type === "hardbreak" ? "\n" : content)).join("");

const codesOf = (tokens: readonly Token[]) =>
  tokens.flatMap(({ type, content }) => (type === "code_inline" ? [content] : []));

/** @param tokens of a whole document */
export function readLabels(tokens: readonly Token[]): readonly Label[] {
  const found: Open[] = [];
  let open: Open | null = null;
  let row: { line: number; cells: string[]; codes: string[] } | null = null;
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    const line = (token.map?.[0] ?? 0) + 1;
    if (token.type === "heading_open") open = null;
    else if (token.type === "list_item_open") depth++;
    else if (token.type === "list_item_close") depth--;
    else if (token.type === "tr_open") row = { line, cells: [], codes: [] };
    else if (token.type === "tr_close" && row !== null) {
      open?.items.push({ text: row.cells.join(" | "), ...row });
      row = null;
    } else if (token.type === "fence") open?.codes.push({ text: token.content, line: line + 1 });
    else if (token.type === "inline") {
      const children = token.children ?? [];
      if (row !== null) {
        row.cells.push(plain(children).trim());
        row.codes.push(...codesOf(children));
      } else if (tokens[index - 1]?.type === "paragraph_open") {
        const labels = labelsIn(children, line);
        found.push(...labels);
        open = labels.at(-1) ?? open;
        const text = plain(children).trim();
        if (labels.length === 0 && depth > 0)
          open?.items.push({ text, line, codes: codesOf(children), cells: [text] });
        else if (labels.length === 0 && open !== null && open.text === "") open.text = text;
      }
    }
  }
  return found;
}

/** Lines of a paragraph that begin with something strong and a colon. */
function labelsIn(children: readonly Token[], line: number): Open[] {
  const lines: Token[][] = [[]];
  for (const child of children) {
    if (child.type === "softbreak" || child.type === "hardbreak") lines.push([]);
    else lines.at(-1)?.push(child);
  }
  const found: Open[] = [];
  for (const [index, parts] of lines.entries()) {
    const start = parts.findIndex(({ type, content }) => type !== "text" || content !== "");
    const end = parts.findIndex(({ type }) => type === "strong_close");
    const isStrong = parts[start]?.type === "strong_open" && end > start;
    const name = isStrong ? plain(parts.slice(start + 1, end)).trim() : "";
    const rest = plain(parts.slice(end + 1));
    if (isStrong && (name.endsWith(":") || rest.startsWith(":"))) {
      const text = rest.replace(/^:/, "").trim();
      found.push({ name: name.replace(/:$/, ""), line: line + index, text, codes: [], items: [] });
    } else {
      const last = found.at(-1);
      if (last !== undefined) last.text = `${last.text} ${plain(parts)}`.trim();
    }
  }
  return found;
}
