/** README.md and EVENTS.md of a module: whole ones, and parts that are added to those that are there. */

import { type DocumentLanguage, inLanguage, languageOf } from "./documents.ts";
import { ScaffoldError } from "./errors.ts";
import type { FoundEvent, Layout } from "./layout.ts";
import { kebab } from "./names.ts";
import { fillIn, readTemplate, type Values } from "./templates.ts";
import { changedFile, newFile, type PlannedFile, readText } from "./write/plan.ts";

type Part = "published" | "consumed" | "events";

const folder = "repository/src/modules/sample_room";

/** Of the table of what a module handles, in its EVENTS.md. */
const titles = "| Event | Published by | Criticality | Handler |\n|---|---|---|---|";

/** What stands between the two lines of a generated part, without them. */
function partOf(text: string, name: Part, path: string): { readonly start: number; readonly end: number } {
  const open = new RegExp(`<!-- generated:${name} -->\\r?\\n`).exec(text);
  const end = text.indexOf(`<!-- /generated:${name} -->`);
  const start = open === null ? Number.POSITIVE_INFINITY : open.index + open[0].length;
  if (end >= start) return { start, end };
  throw new ScaffoldError(
    `${path} without the lines <!-- generated:${name} --> and <!-- /generated:${name} -->`,
    "both, because between them stands what the code says",
    "Write them where the part belongs, or remove the document.",
  );
}

export function moduleDocuments(
  layout: Layout,
  values: Values,
  language: DocumentLanguage,
): readonly PlannedFile[] {
  return ["README.md", "EVENTS.md"].map((name) =>
    newFile(
      `${layout.modules}/${values.name}/${name}`,
      fillIn(inLanguage(readTemplate(`${folder}/${name}`), language), values),
    ),
  );
}

/** The section of the template for one event, numbered by where it is put. */
function templateSection(name: Part, document: string): string {
  const text = readTemplate(`${folder}/${document}`);
  const { start, end } = partOf(text, name, document);
  const section = text.slice(start, end).trim();
  const from = section.indexOf("### 1. ");
  const to = section.indexOf("\n## ", from);
  return section.slice(from, to < 0 ? undefined : to).trim();
}

const numberOf = (part: string) => [...part.matchAll(/^### \d+\. /gm)].length + 1;

/** A part with one more section, in place of "None." when that is all it says. */
function withSection(part: string, section: string): string {
  const numbered = section.replace("### 1. ", `### ${numberOf(part)}. `);
  const present = part.trim() === "None." ? "" : part.trim();
  return `\n${[present, numbered].filter((text) => text !== "").join("\n\n")}\n\n`;
}

function changed(layout: Layout, path: string, name: Part, change: (part: string) => string): PlannedFile {
  return changedFile(layout.root, path, (before) => {
    const { start, end } = partOf(before, name, path);
    return before.slice(0, start) + change(before.slice(start, end)) + before.slice(end);
  });
}

/** The documents of a module with an event that it publishes from now on, and that nobody handles yet. */
export function documentsWithEvent(layout: Layout, module: string, values: Values): readonly PlannedFile[] {
  const readme = `${layout.modules}/${module}/README.md`;
  const events = `${layout.modules}/${module}/EVENTS.md`;
  const language = languageOf(readText(layout.root, readme));
  const unread = (text: string) => text.replace(/\*\*Consumers:\*\*\n\n- .*/, "**Consumers:**\n\n- none yet");
  const section = (part: Part, document: string) =>
    unread(fillIn(inLanguage(templateSection(part, document), language), values));
  return [
    changed(layout, readme, "published", (part) => withSection(part, section("published", "README.md"))),
    changed(layout, events, "events", (part) => {
      const heading = `## Events Consumed by ${module}`;
      const at = part.indexOf(heading);
      const [published, consumed] = at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at)];
      const none = published.replace(/\n\nNone\.\n/, "\n");
      return `${withSection(none, section("events", "EVENTS.md"))}${consumed}`;
    }),
  ];
}

/**
 * A heading of the consumed part names its consumer as soon as there are two for one event.
 *
 * @param part as it is
 */
function withNamedConsumer(part: string, type: string): string {
  const lines = part.split("\n");
  const at = lines.findIndex((line) => /^### \d+\. /.test(line) && line.endsWith(`. ${type}`));
  if (at < 0) return part;
  const claim = lines.slice(at).find((line) => line.startsWith("**Idempotent:**"));
  const subscriber = /\(`([^`]+)`, stream message id\)/.exec(claim ?? "")?.[1];
  if (subscriber !== undefined) lines[at] = `${lines[at]} (${subscriber})`;
  return lines.join("\n");
}

/** README.md of a module with an event that a further consumer of it handles. @param file of the consumer */
export function readmeWithConsumer(
  layout: Layout,
  module: string,
  values: Values,
  file: string,
): PlannedFile {
  const path = `${layout.modules}/${module}/README.md`;
  const language = languageOf(readText(layout.root, path));
  const template = inLanguage(templateSection("consumed", "README.md"), language);
  const { type } = values.event;
  return changed(layout, path, "consumed", (part) => {
    const named = withNamedConsumer(part, type);
    const isAlone = named === part && !part.includes(`. ${type} (`);
    const placed = template.replace("src/modules/sample_room/consumer.ts", "TEMPLATE_FILE");
    const section = fillIn(placed, values).replace("TEMPLATE_FILE", file);
    const heading = isAlone ? section : section.replace(`. ${type}\n`, `. ${type} (${values.name})\n`);
    return withSection(named, heading);
  });
}

/**
 * EVENTS.md of a module with a row for what a further consumer of it handles, as `charter generate` writes it. Where
 * documents are generated at once, and where the event does not say its row, nothing is to be done.
 *
 * @param file of the consumer
 */
export function eventsWithConsumer(
  layout: Layout,
  module: string,
  { type, constant, module: publisher, criticality }: FoundEvent,
  file: string,
): readonly PlannedFile[] {
  if (layout.kind === "product" || publisher === null || criticality === null) return [];
  const row = `| \`${type}\` | ${publisher} | ${criticality} | \`on(${constant}, …)\`, \`${file}\` |`;
  const heading = `## Events Consumed by ${module}`;
  return [
    changed(layout, `${layout.modules}/${module}/EVENTS.md`, "events", (part) => {
      const at = part.indexOf(heading);
      if (at < 0) return part;
      const present = part.slice(at + heading.length).trim();
      const rows = present === "None." ? `${titles}\n${row}` : `${present}\n${row}`;
      return `${part.slice(0, at)}${heading}\n\n${rows}\n\n`;
    }),
  ];
}

/**
 * The same files, and those of whoever publishes an event, with a consumer more under it. Where documents are generated
 * nothing is to be done.
 */
export function withReader(
  layout: Layout,
  files: readonly PlannedFile[],
  publisher: string | null,
  { event, name }: Values,
): readonly PlannedFile[] {
  if (layout.kind === "product" || publisher === null || !layout.present.includes(publisher)) return files;
  const paths = ["README.md", "EVENTS.md"].map((document) => `${layout.modules}/${publisher}/${document}`);
  const planned = new Map(files.map((file) => [file.path, file]));
  for (const path of paths) {
    const file = planned.get(path) ?? changedFile(layout.root, path, (text) => text);
    planned.set(path, { ...file, content: listedUnder(file.content, event.type, name) });
  }
  return [...planned.values()];
}

/** A document with a name more in the first list of consumers below the heading of an event. */
function listedUnder(text: string, type: string, name: string): string {
  const lines = text.split("\n");
  const heading = lines.findIndex((line) => /^### \d+\. /.test(line) && line.endsWith(`. ${type}`));
  const list = lines.indexOf("**Consumers:**", heading) + 2;
  if (heading < 0 || list < 2) return text;
  if (lines[list] === "- none yet") lines.splice(list, 1);
  const end = lines.findIndex((line, at) => at >= list && !line.startsWith("- "));
  lines.splice(end < 0 ? list : end, 0, `- \`${name}\``);
  return lines.join("\n");
}

/** Where this repository lists its modules, and the row of one. */
const lists = [
  {
    path: "src/http/WHAT-ROUTES-DO.md",
    row: /^\| `\/[^`]*` \| \[\w+\]\(\.\.\/modules\//,
    text: ({ name }: Values, about: string) =>
      `| \`/api/${kebab(name)}\` | [${name}](../modules/${name}/README.md#routes): ${about} |`,
  },
  {
    path: "src/modules/README.md",
    row: /^\| \[\w+\]\(\w+\/README\.md\) \|/,
    text: ({ name }: Values, about: string) => `| [${name}](${name}/README.md) | ${about} |`,
  },
];

/**
 * The documents that list the modules, with one more.
 *
 * @throws {ScaffoldError} one of them has no such list any more; says what to add
 */
export function listsWithModule(layout: Layout, values: Values): readonly PlannedFile[] {
  const { purpose } = values;
  const about = purpose.charAt(0).toLowerCase() + purpose.slice(1).replace(/\.$/, "");
  return lists.map(({ path, row, text }) =>
    changedFile(layout.root, path, (before) => {
      const lines = before.split("\n");
      const last = lines.findLastIndex((line) => row.test(line));
      const added = text(values, about);
      if (last < 0) {
        throw new ScaffoldError(
          `${path}, in which no list of modules is found`,
          "a table with a row for each module",
          `Add by hand, then begin again: ${added}`,
        );
      }
      return lines.toSpliced(last + 1, 0, added).join("\n");
    }),
  );
}
