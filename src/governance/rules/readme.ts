import type { Edit } from "../finding.ts";
import type { Project } from "../project.ts";
import type { Document, Section } from "../tree/documents.ts";
import { checkEventPart } from "./documented-events.ts";
import {
  documentsOfModules,
  eventSections,
  eventsOfModule,
  isUnwritten,
  labelNamed,
  labelOf,
  labelsOf,
  type ModuleDocument,
} from "./module-documents.ts";
import type { Report, Rule } from "./rule.ts";

/** What each of the seven parts is about. */
interface Part {
  readonly id: string;
  readonly heading: RegExp;
  readonly english: string;
  readonly german: string;
  /** Below the heading of a new part. */
  readonly skeleton: string;
  readonly inside: (given: Inside, report: Report) => void;
  readonly isNeeded?: (project: Project, given: ModuleDocument) => boolean;
}

interface Inside {
  readonly project: Project;
  readonly given: ModuleDocument;
  readonly document: Document;
  readonly section: Section;
}

const parts: readonly Part[] = [
  {
    id: "R-2",
    heading: /^(?:Purpose|Zweck)$/i,
    english: "Purpose",
    german: "Zweck",
    skeleton: "?",
    inside: ({ given, section, document }, report) => {
      const [paragraph = ""] = ownText(document, section).split(/\n\s*\n/);
      if (isUnwritten(paragraph))
        report({ at: given.place(section.line), message: "The purpose of the module is not told." });
    },
  },
  {
    id: "R-3",
    heading: /^(?:Events Published|Ver(?:ö|oe)ffentlichte Events)$/i,
    english: "Events Published",
    german: "Events Published",
    skeleton: "None.",
    inside: checkPublished,
  },
  {
    id: "R-4",
    heading: /^(?:Events Consumed|Konsumierte Events)$/i,
    english: "Events Consumed",
    german: "Events Consumed",
    skeleton: "None.",
    inside: checkConsumed,
    isNeeded: ({ typescript, python }, { module }) =>
      [...typescript.consumers, ...python.consumers, ...python.handled].some(({ file }) =>
        module.files.includes(file),
      ),
  },
  {
    id: "R-5",
    heading: /^(?:Dependencies|Abh(?:ä|ae)ngigkeiten)$/i,
    english: "Dependencies",
    german: "Dependencies",
    skeleton:
      "| Dependency | What for |\n|---|---|\n| EventStream | ? |\n| Database | ? |\n| Redis | ? |\n| External APIs | ? |",
    inside: ({ given, section }, report) => {
      const named: readonly (readonly [string, RegExp])[] = [
        ["EventStream", /event[ -]?stream/i],
        ["Database", /database|datenbank|postgres/i],
        ["Redis", /redis/i],
        ["External APIs", /external APIs?|externe APIs?/i],
      ];
      for (const [name, words] of named)
        if (!words.test(section.text))
          report({
            at: given.place(section.line),
            message: `The dependencies do not say what of ${name} is used; write "none" where nothing is.`,
          });
    },
  },
  {
    id: "R-6",
    heading: /^(?:Operations|Operational Notes|Betriebs-?\s?[Hh]inweise)$/i,
    english: "Operations",
    german: "Betriebs-Hinweise",
    skeleton: "### Startup\n\n?\n\n### Monitoring\n\n?\n\n### Troubleshooting\n\n?",
    inside: ({ given, document, section }, report) => {
      const below = document.sections.filter(({ line }) => line > section.line && line < section.endLine);
      for (const [name, words] of operations) {
        const found = below.find(({ title }) => words.test(title));
        if (found === undefined)
          report({
            at: given.place(section.line),
            message: `The part "${section.title}" has no "### ${name}".`,
          });
        else if (isUnwritten(found.text))
          report({ at: given.place(found.line), message: `Nothing stands below "### ${found.title}".` });
      }
    },
  },
  {
    id: "R-7",
    heading: /^(?:Migration Notes|Migrations-?\s?[Hh]inweise)$/i,
    english: "Migration Notes",
    german: "Migration Notes",
    skeleton: "?",
    inside: checkMigration,
  },
];

const operations: readonly (readonly [string, RegExp])[] = [
  ["Startup", /^(?:Start-?up|Start)$/i],
  ["Monitoring", /^(?:Monitoring|Überwachung)$/i],
  ["Troubleshooting", /^(?:Troubleshooting|Fehlersuche|Fehlerbehebung)$/i],
];

const why =
  "A README of the same form in each module is what makes a module that nobody knows readable in a minute.";

const ruleOf = (id: string, title: string, mend: string): Rule => ({
  id,
  title,
  severity: "error",
  why,
  mend,
  caughtBy: [],
  check: (project, report) => checkPart(project, id, report),
});

/** The README of a module. */
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
  ruleOf(
    "R-2",
    "The README says what the module is for",
    "Write `## Purpose` (or `## Zweck`) with a sentence below it.",
  ),
  ruleOf(
    "R-3",
    "The README tells the events that the module publishes",
    "Write `## Events Published`, and for each event a numbered `###` with EventType, When (or Wann), Payload, Consumers and Meta.",
  ),
  ruleOf(
    "R-4",
    "The README tells the events that the module consumes",
    "Write `## Events Consumed`, and for each event a numbered `###` with EventType, Handler, Action (or Aktion) and Idempotent.",
  ),
  ruleOf(
    "R-5",
    "The README says what the module depends on",
    "Write `## Dependencies` with EventStream, Database, Redis and External APIs.",
  ),
  ruleOf(
    "R-6",
    "The README says how to run the module",
    "Write `## Operations` (or `## Betriebs-Hinweise`) with Startup, Monitoring and Troubleshooting below it.",
  ),
  ruleOf(
    "R-7",
    "The README tells what changed with the migration",
    "Write `## Migration Notes` with Migrated, From, To and Breaking Changes, or in a sentence that there was none.",
  ),
];

function checkHeads(project: Project, report: Report): void {
  for (const given of documentsOfModules(project, "README.md")) {
    const { document, module, path } = given;
    if (document === null) {
      report({ at: given.place(1), message: `The module ${module.name} has no ${path}.` });
      continue;
    }
    const [title] = document.sections;
    const [, name = ""] = /^Module?:\s{0,9}`?([\w-]+)`?$/i.exec(title?.title ?? "") ?? [];
    if (title === undefined || title.level !== 1 || name !== module.name)
      report({
        at: given.place(title?.line ?? 1),
        message: `The README begins with "${title?.title ?? ""}"; expected "# Module: ${module.name}".`,
      });
    checkHead(given, document, report);
  }
}

const headFields: readonly (readonly [string, RegExp, RegExp, string])[] = [
  ["Version", /^Version$/i, /^v?\d+\.\d+\.\d+(?:\s*\(.+\))?$/, "x.y.z, e.g. 1.0.0 (EventStream Migration)"],
  ["Owner", /^(?:Owner|Verantwortlich|Eigent(?:ü|ue)mer)$/i, /[^\s?]/, "who answers for the module"],
  [
    "Last Updated",
    /^(?:Last Updated|Zuletzt ge(?:ä|ae)ndert|Letzte Aktualisierung)$/i,
    /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/,
    "a day as yyyy-mm-dd",
  ],
];

function checkHead(given: ModuleDocument, document: Document, report: Report): void {
  const [title, next] = document.sections;
  const end = next?.line ?? Number.POSITIVE_INFINITY;
  const labels = document.labels.filter(({ line }) => line < end);
  for (const [name, names, form, expected] of headFields) {
    const label = labelOf(labels, names);
    if (label === null)
      report({
        at: given.place(title?.line ?? 1),
        message: `"**${name}:**" is not told below the title; expected ${expected}.`,
      });
    else if (!form.test(label.text.trim()))
      report({ at: given.place(label.line), message: `${name} is "${label.text}"; expected ${expected}.` });
  }
}

function checkPart(project: Project, id: string, report: Report): void {
  const index = parts.findIndex((part) => part.id === id);
  const part = parts[index];
  if (part === undefined) return;
  for (const given of documentsOfModules(project, "README.md")) {
    const { document } = given;
    if (document === null) continue;
    const section = sectionOf(document, part);
    if (section !== null) {
      part.inside({ project, given, document, section }, report);
      tellOrder(given, document, index, section, report);
    } else if (part.isNeeded === undefined || part.isNeeded(project, given)) {
      const before = lastBefore(document, index);
      report({
        at: given.place(before?.line ?? 1),
        message: `There is no "## ${headingOf(document, part)}" behind "${before?.title ?? "the beginning"}".`,
        fix: [skeletonOf(document, part, before)],
      });
    }
  }
}

const sectionOf = ({ sections }: Document, { heading }: Part): Section | null =>
  sections.find(({ level, title }) => level === 2 && heading.test(title)) ?? null;

/** The last part that is there of those that come before; the title when none is. */
function lastBefore(document: Document, index: number): Section | null {
  const before = parts.slice(0, index).flatMap((part) => sectionOf(document, part) ?? []);
  return before.at(-1) ?? document.sections[0] ?? null;
}

function tellOrder(
  given: ModuleDocument,
  document: Document,
  index: number,
  section: Section,
  report: Report,
): void {
  const behind = parts.slice(0, index).flatMap((part) => sectionOf(document, part) ?? []);
  const late = behind.find(({ line }) => line > section.line);
  if (late !== undefined)
    report({
      at: given.place(section.line),
      message: `"${section.title}" stands before "${late.title}", and belongs behind it.`,
    });
}

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

function checkPublished({ project, given, document, section }: Inside, report: Report): void {
  const told = eventSections(document, section);
  tellNumbers(given, told, report);
  for (const event of eventsOfModule(project, given.module)) {
    const found = told.find(({ type }) => type === event.type);
    if (found === undefined)
      report({
        at: given.place(section.line),
        message: `"${event.type}" does not stand below "${section.title}".`,
      });
    else checkEventPart(project, given, document, found.section, event, report);
  }
}

/** 1, 2, 3 in the order of the text. */
function tellNumbers(given: ModuleDocument, told: ReturnType<typeof eventSections>, report: Report): void {
  for (const [index, { number, section }] of told.entries())
    if (number !== index + 1)
      report({
        at: given.place(section.line),
        message: `"### ${section.title}" has not the number ${index + 1}.`,
      });
}

function checkConsumed({ project, given, document, section }: Inside, report: Report): void {
  const told = eventSections(document, section);
  tellNumbers(given, told, report);
  const isOwn = ({ file }: { readonly file: string }) => given.module.files.includes(file);
  const inTypeScript = project.typescript.handled.filter(isOwn).flatMap(({ events }) => events);
  const inPython = project.python.handled.filter(isOwn).flatMap(({ types: used }) => used);
  const types = new Set([...inTypeScript, ...inPython].flatMap(({ type }) => type ?? []));
  for (const type of types)
    if (!told.some((part) => part.type === type))
      report({
        at: given.place(section.line),
        message: `The module handles "${type}", which does not stand below "${section.title}".`,
      });
  for (const { section: part, type } of told) {
    const labels = labelsOf(document, part);
    // A handler of every event has no type.
    const names: readonly (readonly [string, RegExp, string?])[] = [
      ...(type.includes(".") ? [["EventType", /^Event-?\s?Typ(?:e)?$/i] as const] : []),
      ["Handler", /^Handler$/i],
      ["Action", /^(?:Action|Aktion)$/i, "Aktion"],
      ["Idempotent", /^Idempoten(?:t|cy|z)$/i],
    ];
    for (const [name, words, german] of names) {
      const label = labelOf(labels, words);
      if (label === null || isUnwritten(label.text))
        report({
          at: given.place(label?.line ?? part.line),
          message: `${labelNamed(name, german)} of "${part.title}" is not told.`,
        });
    }
  }
}

function checkMigration({ given, document, section }: Inside, report: Report): void {
  const labels = labelsOf(document, section);
  const names: readonly (readonly [string, RegExp])[] = [
    ["Migrated", /^(?:Migrated|Migriert)$/i],
    ["From", /^(?:From|Von)$/i],
    ["To", /^(?:To|Nach|Zu)$/i],
    ["Breaking Changes", /^(?:Breaking Changes|Inkompatible Änderungen)$/i],
  ];
  const found = names.map(([name, words]) => [name, labelOf(labels, words)] as const);
  if (found.every(([, label]) => label === null)) {
    if (isUnwritten(section.text))
      report({ at: given.place(section.line), message: "It is not told what changed with the migration." });
    return;
  }
  for (const [name, label] of found) {
    if (label === null)
      report({
        at: given.place(section.line),
        message: `"**${name}:**" is not told below "${section.title}".`,
      });
    else if (name === "Migrated" && !/^\d{4}-\d\d-\d\d\b/.test(label.text))
      report({
        at: given.place(label.line),
        message: `Migrated is "${label.text}"; expected a day as yyyy-mm-dd.`,
      });
    else if (isUnwritten(label.text) && label.items.length === 0)
      report({ at: given.place(label.line), message: `Nothing stands behind "**${name}:**".` });
  }
}
