/** The Markdown of a project: headings with what stands below them, read by markdown-it. */

import MarkdownIt from "markdown-it";
import type { ProjectFiles } from "../files.ts";
import type { TextFile } from "../text.ts";
import { type Label, readLabels } from "./labels.ts";

export interface Section {
  /** 1 to 6. */
  readonly level: number;
  /** Without marks of Markdown. */
  readonly title: string;
  /** Line of the heading, from 1. */
  readonly line: number;
  /** The line behind its last one; sections of a deeper level are inside. */
  readonly endLine: number;
  /** Everything below the heading, as written. */
  readonly text: string;
}

export interface Document extends TextFile {
  readonly sections: readonly Section[];
  /** In the order of the text. */
  readonly labels: readonly Label[];
}

const markdown = new MarkdownIt({ html: true });

export function readDocuments({ files }: ProjectFiles): ReadonlyMap<string, Document> {
  const found = [...files.values()].filter(({ path }) => path.endsWith(".md"));
  return new Map(found.map((file) => [file.path, lazyDocument(file)]));
}

function lazyDocument(file: TextFile): Document {
  let tokens: ReturnType<typeof markdown.parse> | null = null;
  let sections: readonly Section[] | null = null;
  let labels: readonly Label[] | null = null;
  const read = () => {
    tokens ??= markdown.parse(file.text, {});
    return tokens;
  };
  return {
    ...file,
    get sections() {
      sections ??= readSections(file.text, read());
      return sections;
    },
    get labels() {
      labels ??= readLabels(read());
      return labels;
    },
  };
}

function readSections(text: string, tokens: ReturnType<typeof markdown.parse>): readonly Section[] {
  const lines = text.split("\n");
  const headings = tokens.flatMap((token, index) => {
    if (token.type !== "heading_open" || token.map === null) return [];
    const title = (tokens[index + 1]?.children ?? []).map(({ content }) => content).join("");
    return [
      { level: Number(token.tag.slice(1)), title: title.trim(), line: token.map[0] + 1, below: token.map[1] },
    ];
  });
  return headings.map(({ level, title, line, below }, index) => {
    const next = headings.slice(index + 1).find((heading) => heading.level <= level);
    const endLine = next?.line ?? lines.length + 1;
    return { level, title, line, endLine, text: lines.slice(below, endLine - 1).join("\n") };
  });
}
