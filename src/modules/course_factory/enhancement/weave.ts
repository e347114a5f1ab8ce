import type { LanguageTexts } from "../content/texts/language.ts";
import type { LessonAdditions, TextEnhancement } from "./model.ts";

/** The section at whose end each kind of paragraph stands. */
const sectionOf = { analogies: "main", examples: "examples", summaries: "summary" } as const;

/** In the order of the lesson. */
const order: readonly TextEnhancement[] = ["analogies", "examples", "summaries"];

/**
 * The lesson with the paragraphs of an enhancement: each at the end of its section, or before the last section when the
 * lesson has no such section, or at the end. Every line of the lesson stays as it is, in its place.
 */
export function weave(
  markdown: string,
  paragraphs: LessonAdditions["paragraphs"],
  headings: LanguageTexts["headings"],
): string {
  let lines = markdown.replace(/(?<!\n)\n+$/, "").split("\n");
  for (const type of order) {
    const paragraph = paragraphs[type];
    if (paragraph === undefined) continue;
    lines = inserted(lines, paragraph, placeFor(lines, headings[sectionOf[type]]));
  }
  return `${lines.join("\n")}${/(?<!\n)\n+$/.exec(markdown)?.[0] ?? ""}`;
}

/** Index of the line before which the paragraph belongs. */
function placeFor(lines: readonly string[], heading: string): number {
  const found = headingsOf(lines);
  const at = found.findIndex(({ title }) => title === heading.toLowerCase());
  const section = found[at];
  if (section === undefined) {
    const last = found.at(-1);
    return last === undefined || found.length < 2 ? lines.length : last.line;
  }
  return found.slice(at + 1).find(({ level }) => level <= section.level)?.line ?? lines.length;
}

function headingsOf(lines: readonly string[]) {
  let isCode = false;
  return lines.flatMap((text, line) => {
    if (/^ {0,3}(?:`{3,}|~{3,})/.test(text)) isCode = !isCode;
    const marks = isCode ? undefined : /^ {0,3}(#{1,6})(?=\s)/.exec(text);
    if (!marks) return [];
    const title = withoutClosing(text.slice(marks[0].length).trim());
    return [{ line, level: marks[1]?.length ?? 1, title: title.toLowerCase() }];
  });
}

/** A heading may end in marks, too: https://spec.commonmark.org/0.31.2/#atx-headings */
function withoutClosing(title: string): string {
  const marks = /(?<!#)#+$/.exec(title);
  if (marks === null) return title;
  const before = title.slice(0, marks.index);
  return before === "" || /\s$/.test(before) ? before.trimEnd() : title;
}

/** With exactly one blank line around the paragraph; blank lines that are there are used. */
function inserted(lines: readonly string[], paragraph: string, at: number): string[] {
  const before = lines.slice(0, at);
  const after = lines.slice(at);
  const lead = before.length === 0 || before.at(-1)?.trim() === "" ? [] : [""];
  const trail = after.length === 0 || after[0]?.trim() === "" ? [] : [""];
  return [...before, ...lead, paragraph, ...trail, ...after];
}
