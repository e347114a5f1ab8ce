/** The Markdown documents of the project, as what stands in them can be checked and run. */

import { readdir, readFile } from "node:fs/promises";
import MarkdownIt from "markdown-it";
import { root } from "../root.ts";

/** A fenced block. */
export interface Block {
  /** The first word behind the fence; empty when there is none. */
  readonly language: string;
  readonly text: string;
  /** Line of the fence, from 1. */
  readonly line: number;
  /** It stands between `<!-- generated:… -->` and `<!-- /generated:… -->`, so its generator answers for it. */
  readonly isGenerated: boolean;
}

/** A text and the line it stands in, from 1. */
export interface Mention {
  readonly text: string;
  readonly line: number;
}

export interface Document {
  /** From the root of the project, e.g. `src/http/README.md`. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** Where links lead, as written. */
  readonly links: readonly Mention[];
  /** What stands between backticks in a line. */
  readonly names: readonly Mention[];
  /** What a link can name behind `#`: the headings, as GitHub writes them. */
  readonly anchors: ReadonlySet<string>;
}

/** Folders that are made by programs. */
const skipped = new Set(["node_modules", "dist", "coverage"]);

/** Folders whose names begin with a dot, and which have documents of ours. */
const shown = new Set([".github"]);

/** Every file of the project by its path from the root, without what programs make. */
async function listFiles(): Promise<readonly string[]> {
  const walk = async (folder: string): Promise<string[]> => {
    const entries = await readdir(root + folder, { withFileTypes: true });
    const found = entries.map((entry) => {
      const isHidden = entry.name.startsWith(".") && !shown.has(entry.name);
      if (skipped.has(entry.name) || (entry.isDirectory() && isHidden)) return [];
      const path = folder + entry.name;
      return entry.isDirectory() ? walk(`${path}/`) : [path];
    });
    return (await Promise.all(found)).flat();
  };
  return (await walk("")).sort();
}

/** Every file and every document of the project, the README first. */
export async function readProject(): Promise<{
  readonly files: readonly string[];
  readonly documents: readonly Document[];
}> {
  const files = await listFiles();
  const paths = files.filter((path) => path.endsWith(".md"));
  const inOrder = ["README.md", ...paths.filter((path) => path !== "README.md")];
  const documents = await Promise.all(
    inOrder.map(async (path) => parseDocument(path, await readFile(root + path, "utf8"))),
  );
  return { files, documents };
}

/** @throws {Error} there is none at that path */
export function documentAt(documents: readonly Document[], path: string): Document {
  const document = documents.find((candidate) => candidate.path === path);
  if (document === undefined) throw new Error(`There is no ${path}.`);
  return document;
}

const markdown = new MarkdownIt({ html: true });

/** Pages of the charter's rules: their examples are tried by the rules, beside them. */
const isRulePage = (path: string) => path.startsWith("src/governance/rules/pages/");

export function parseDocument(path: string, text: string): Document {
  const blocks: Block[] = [];
  const links: Mention[] = [];
  const names: Mention[] = [];
  const anchors = new Set<string>();
  let line = 1;
  let isGenerated = false;
  let isHeading = false;
  for (const token of markdown.parse(text, {})) {
    line = token.map === null ? line : token.map[0] + 1;
    if (token.type === "fence") {
      if (isRulePage(path)) continue;
      const [language = ""] = token.info.trim().split(/\s+/);
      blocks.push({ language, text: token.content, line, isGenerated });
    } else if (token.type === "html_block" && token.content.includes("<!-- generated:")) isGenerated = true;
    else if (token.type === "html_block" && token.content.includes("<!-- /generated:")) isGenerated = false;
    else if (token.type === "heading_open") isHeading = true;
    if (token.type !== "inline") continue;
    const parts = token.children ?? [];
    if (isHeading) anchors.add(freeAnchor(parts.map(({ content }) => content).join(""), anchors));
    isHeading = false;
    for (const part of parts) {
      if (part.type === "code_inline") names.push({ text: part.content, line });
      const href = part.type === "link_open" ? part.attrGet("href") : null;
      if (href !== null) links.push({ text: String(href), line });
    }
  }
  return { path, text, blocks, links, names, anchors };
}

/** As GitHub makes it of a heading: lower case, blanks as hyphens, signs gone; one that is taken gets a number. */
function freeAnchor(heading: string, taken: ReadonlySet<string>): string {
  const anchor = heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
  let free = anchor;
  for (let number = 1; taken.has(free); number += 1) free = `${anchor}-${number}`;
  return free;
}

/** A block, and the document it stands in. */
export interface PlacedBlock extends Block {
  readonly path: string;
}

/** The blocks of one language in all documents, in their order. */
export function blocksOf(documents: readonly Document[], language: string): readonly PlacedBlock[] {
  return documents.flatMap(({ path, blocks }) =>
    blocks.filter((block) => block.language === language).map((block) => ({ path, ...block })),
  );
}

/** What stands under a heading, up to the next of its level or above. @throws {Error} there is no such heading */
export function sectionOf(document: Document, heading: string): string {
  const lines = document.text.split("\n");
  const start = lines.findIndex((line) => line.replace(/^#+ /, "") === heading && line.startsWith("#"));
  const level = lines[start]?.indexOf(" ") ?? 0;
  if (start < 0) throw new Error(`${document.path} has no heading "${heading}".`);
  const end = lines.findIndex(
    (line, index) => index > start && /^#+ /.test(line) && line.indexOf(" ") <= level,
  );
  return lines.slice(start + 1, end < 0 ? undefined : end).join("\n");
}
