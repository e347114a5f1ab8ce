/** the README of a module has seven parts in one order. */

import type { Edit } from "../../finding.ts";
import type { Project } from "../../project.ts";
import { headingWords, labelWords } from "../../tree/documents/document-words.ts";
import type { Document, Section } from "../../tree/documents/documents.ts";
import { isUnwritten } from "../../tree/documents/unwritten.ts";
import type { Report, Rule } from "../rule.ts";
import {
  documentsOfModules,
  type JudgedSection,
  labelOf,
  labelsOf,
  type ModuleDocument,
  type ReportLine,
  reportLines,
  sectionOf,
} from "./module-documents.ts";
import { checkConsumed, checkPublished } from "./readme-events.ts";

/** A part that each README has, with the rule that asks for it. */
interface Part extends Pick<Rule, "id" | "title" | "mend"> {
  readonly words: RegExp;
  /** Headings of a new part. */
  readonly english: string;
  readonly german: string;
  /** What stands below the heading of a new part. */
  readonly skeleton: string;
  readonly check: (judged: JudgedSection) => void;
  /** Left out: each README needs it. */
  readonly isNeeded?: (project: Project, given: ModuleDocument) => boolean;
}

/** In the order in which they stand. */
const parts: readonly Part[] = [
  {
    id: "R-2",
    title: "The README says what the module is for",
    mend: "Write `## Purpose` (or `## Zweck`) with a sentence below it.",
    words: headingWords.purpose,
    english: "Purpose",
    german: "Zweck",
    skeleton: "?",
    check: checkPurpose,
  },
  {
    id: "R-3",
    title: "The README tells the events that the module publishes",
    mend: "Write `## Events Published`, and for each event a numbered `###` with EventType, When (or Wann), Payload, Consumers and Meta.",
    words: headingWords.published,
    english: "Events Published",
    german: "Events Published",
    skeleton: "None.",
    check: checkPublished,
  },
  {
    id: "R-4",
    title: "The README tells the events that the module consumes",
    mend: "Write `## Events Consumed`, and for each event a numbered `###` with EventType, Handler, Action (or Aktion) and Idempotent.",
    words: headingWords.consumed,
    english: "Events Consumed",
    german: "Events Consumed",
    skeleton: "None.",
    check: checkConsumed,
    isNeeded: ({ typescript, python }, { module }) =>
      [...typescript.consumers, ...python.consumers, ...python.handled].some(({ file }) =>
        module.files.includes(file),
      ),
  },
  {
    id: "R-5",
    title: "The README says what the module depends on",
    mend: "Write `## Dependencies` with EventStream, Database, Redis and External APIs.",
    words: headingWords.dependencies,
    english: "Dependencies",
    german: "Dependencies",
    skeleton:
      "| Dependency | What for |\n|---|---|\n| EventStream | ? |\n| Database | ? |\n| Redis | ? |\n| External APIs | ? |",
    check: checkDependencies,
  },
  {
    id: "R-6",
    title: "The README says how to run the module",
    mend: "Write `## Operations` (or `## Betriebs-Hinweise`) with Startup, Monitoring and Troubleshooting below it.",
    words: headingWords.operations,
    english: "Operations",
    german: "Betriebs-Hinweise",
    skeleton: "### Startup\n\n?\n\n### Monitoring\n\n?\n\n### Troubleshooting\n\n?",
    check: checkOperations,
  },
  {
    id: "R-7",
    title: "The README tells what changed with the migration",
    mend: "Write `## Migration Notes` with Migrated, From, To and Breaking Changes, or in a sentence that there was none.",
    words: headingWords.migration,
    english: "Migration Notes",
    german: "Migration Notes",
    skeleton: "?",
    check: checkMigration,
  },
];

const why =
  "A README of the same form in each module is what makes a module that nobody knows readable in a minute.";

export const readmes: readonly Rule[] = [
  {
    id: "R-1",
    title: "A module has a README with name, version, owner and date",
    severity: "error",
    why,
    mend: "Begin README.md in the module's folder with `# Module: <name>`, and **Version:** x.y.z, **Owner:** and **Last Updated:** yyyy-mm-dd.",
    caughtBy: ["documents"],
    check: checkHeads,
  },
  ...parts.map(
    (part): Rule => ({
      id: part.id,
      title: part.title,
      severity: "error",
      why,
      mend: part.mend,
      caughtBy: [],
      check: (project, report) => checkPart(project, part, report),
    }),
  ),
];

function checkHeads(project: Project, report: Report): void {
  for (const given of documentsOfModules(project, "README.md")) {
    const { document, module, path } = given;
    const reportLine = reportLines(given, report);
    if (document === null) {
      reportLine(1, `The module ${module.name} has no ${path}.`);
      continue;
    }
    const [title] = document.sections;
    const [, name = ""] = /^Module?:\s{0,9}`?([\w-]+)`?$/i.exec(title?.title ?? "") ?? [];
    if (title === undefined || title.level !== 1 || name !== module.name)
      reportLine(
        title?.line ?? 1,
        `The README begins with "${title?.title ?? ""}"; expected "# Module: ${module.name}".`,
      );
    checkHead(document, reportLine);
  }
}

interface HeadField {
  readonly name: string;
  readonly words: RegExp;
  readonly form: RegExp;
  /** The form, as a message tells it. */
  readonly expected: string;
}

const headFields: readonly HeadField[] = [
  {
    name: "Version",
    words: labelWords.version,
    form: /^v?\d+\.\d+\.\d+(?:\s*\(.+\))?$/,
    expected: "x.y.z, e.g. 1.0.0 (EventStream Migration)",
  },
  { name: "Owner", words: labelWords.owner, form: /[^\s?]/, expected: "who answers for the module" },
  {
    name: "Last Updated",
    words: labelWords.lastUpdated,
    form: /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/,
    expected: "a day as yyyy-mm-dd",
  },
];

function checkHead(document: Document, report: ReportLine): void {
  const [title, next] = document.sections;
  const end = next?.line ?? Number.POSITIVE_INFINITY;
  const labels = document.labels.filter(({ line }) => line < end);
  for (const { name, words, form, expected } of headFields) {
    const label = labelOf(labels, words);
    if (label === null)
      report(title?.line ?? 1, `"**${name}:**" is not told below the title; expected ${expected}.`);
    else if (!form.test(label.text.trim()))
      report(label.line, `${name} is "${label.text}"; expected ${expected}.`);
  }
}

/** That a part is there, that it stands where it belongs, and what stands in it. */
function checkPart(project: Project, part: Part, report: Report): void {
  for (const given of documentsOfModules(project, "README.md")) {
    const { document } = given;
    if (document === null) continue;
    const section = sectionOf(document, part.words);
    const before = partsBefore(document, part);
    if (section !== null) {
      const reportLine = reportLines(given, report);
      part.check({ project, given, document, section, report: reportLine });
      const late = before.find(({ line }) => line > section.line);
      if (late !== undefined)
        reportLine(section.line, `"${section.title}" stands before "${late.title}", and belongs behind it.`);
    } else if (part.isNeeded === undefined || part.isNeeded(project, given)) {
      const last = before.at(-1) ?? document.sections[0] ?? null;
      report({
        at: given.place(last?.line ?? 1),
        message: `There is no "## ${headingOf(document, part)}" behind "${last?.title ?? "the beginning"}".`,
        fix: [skeletonOf(document, part, last)],
      });
    }
  }
}

/** Those that belong before a part and are there, in the order in which they belong. */
const partsBefore = (document: Document, part: Part): readonly Section[] =>
  parts.slice(0, parts.indexOf(part)).flatMap(({ words }) => sectionOf(document, words) ?? []);

/** In the language of the headings that are there; English when none tells, or both do. */
function headingOf({ sections }: Document, part: Part): string {
  const has = (heading: string) =>
    sections.some(({ title }) => title.toLowerCase() === heading.toLowerCase());
  const telling = parts.filter(({ english, german }) => english !== german);
  const isGerman = telling.some(({ german }) => has(german)) && !telling.some(({ english }) => has(english));
  return isGerman ? part.german : part.english;
}

function skeletonOf(document: Document, part: Part, before: Section | null): Edit {
  const lines = document.text.split("\n");
  const isTitle = before === null || before.level === 1;
  const next = document.sections.find(({ line, level }) => level === 2 && line > (before?.line ?? 0));
  const line = isTitle ? (next?.line ?? lines.length + 1) : before.endLine;
  const at = lines.slice(0, line - 1).join("\n").length + (line > 1 && line <= lines.length ? 1 : 0);
  const text = `## ${headingOf(document, part)}\n\n${part.skeleton}\n`;
  return line > lines.length
    ? {
        file: document.path,
        start: document.text.length,
        end: document.text.length,
        text: `${document.text.endsWith("\n") ? "" : "\n"}\n${text}`,
      }
    : { file: document.path, start: at, end: at, text: `${text}\n` };
}

/** What stands in a section before the headings below it. */
function ownText(document: Document, section: Section): string {
  const next = document.sections.find(({ line }) => line > section.line);
  const count =
    (next === undefined ? section.endLine : Math.min(next.line, section.endLine)) - section.line - 1;
  return section.text
    .split("\n")
    .slice(0, Math.max(0, count))
    .join("\n")
    .replace(/<!--[\s\S]*?-->/g, "")
    .trim();
}

function checkPurpose({ document, section, report }: JudgedSection): void {
  const [paragraph = ""] = ownText(document, section).split(/\n\s*\n/);
  if (isUnwritten(paragraph)) report(section.line, "The purpose of the module is not told.");
}

const dependencies: readonly (readonly [name: string, words: RegExp])[] = [
  ["EventStream", /event[ -]?stream/i],
  ["Database", /database|datenbank|postgres/i],
  ["Redis", /redis/i],
  ["External APIs", /external APIs?|externe APIs?/i],
];

function checkDependencies({ section, report }: JudgedSection): void {
  for (const [name, words] of dependencies)
    if (!words.test(section.text))
      report(
        section.line,
        `The dependencies do not say what of ${name} is used; write "none" where nothing is.`,
      );
}

const operations: readonly (readonly [name: string, words: RegExp])[] = [
  ["Startup", /^(?:Start-?up|Start)$/i],
  ["Monitoring", /^(?:Monitoring|Überwachung)$/i],
  ["Troubleshooting", /^(?:Troubleshooting|Fehlersuche|Fehlerbehebung)$/i],
];

function checkOperations({ document, section, report }: JudgedSection): void {
  const below = document.sections.filter(({ line }) => line > section.line && line < section.endLine);
  for (const [name, words] of operations) {
    const found = below.find(({ title }) => words.test(title));
    if (found === undefined) report(section.line, `The part "${section.title}" has no "### ${name}".`);
    else if (isUnwritten(found.text)) report(found.line, `Nothing stands below "### ${found.title}".`);
  }
}

const migrationLabels: readonly (readonly [name: string, words: RegExp])[] = [
  ["Migrated", labelWords.migrated],
  ["From", labelWords.migratedFrom],
  ["To", labelWords.migratedTo],
  ["Breaking Changes", labelWords.breakingChanges],
];

/** The four labels, or a sentence that there was no migration. */
function checkMigration({ document, section, report }: JudgedSection): void {
  const labels = labelsOf(document, section);
  const found = migrationLabels.map(([name, words]) => [name, labelOf(labels, words)] as const);
  if (found.every(([, label]) => label === null)) {
    if (isUnwritten(section.text)) report(section.line, "It is not told what changed with the migration.");
    return;
  }
  for (const [name, label] of found) {
    if (label === null) report(section.line, `"**${name}:**" is not told below "${section.title}".`);
    else if (name === "Migrated" && !/^\d{4}-\d\d-\d\d\b/.test(label.text))
      report(label.line, `Migrated is "${label.text}"; expected a day as yyyy-mm-dd.`);
    else if (isUnwritten(label.text) && label.items.length === 0)
      report(label.line, `Nothing stands behind "**${name}:**".`);
  }
}
