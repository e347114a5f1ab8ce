/** EV-1 to EV-5: EVENTS.md of a module says what the code says. */

import { payloadFields } from "@brain/schemas";
import type { Project } from "../../project.ts";
import { headingWords, labelWords } from "../../tree/documents/document-words.ts";
import type { Code, Label } from "../../tree/documents/labels.ts";
import { payloadSchemas } from "../events/payload-schemas.ts";
import type { Report, Rule } from "../rule.ts";
import {
  documentsOfModules,
  type EventSection,
  eventSections,
  eventsOfModule,
  type JudgedSection,
  labelOf,
  labelsOf,
  lineOfKey,
  type ModuleDocument,
  type OwnEvent,
  optionOfEvent,
  pythonFields,
  reportLines,
  sectionOf,
} from "./module-documents.ts";

/** An event of a module with what EVENTS.md says of it. */
interface DocumentedEvent extends JudgedSection {
  readonly event: OwnEvent;
}

/** EVENTS.md of each module, event by event. */
export const documentedEvents: readonly Rule[] = [
  {
    id: "EV-1",
    title: "EVENTS.md has each event of its module, and no other",
    severity: "error",
    why: "Other teams subscribe by this page; an event that is missing there has no reader, and one too many has readers who wait.",
    mend: "Write a numbered `### <n>. <wire name>` for each event that the module owns. `npm run generate` does where the project has it, else by hand.",
    caughtBy: ["documents"],
    check: checkComplete,
  },
  {
    id: "EV-2",
    title: "EVENTS.md has each field of a payload, and no other",
    severity: "error",
    why: "Who writes a reader in another language has this table only.",
    mend: "Name each field of the schema in the table or list below **Payload:**, and take out what the schema has not.",
    caughtBy: ["documents"],
    check: (project, report) => forEachEvent(project, report, checkFields),
  },
  {
    id: "EV-3",
    title: "EVENTS.md says how critical an event is",
    severity: "error",
    why: "Who gets too many alerts looks at this word first.",
    mend: "Write **Criticality:** INFO, WARNING, ERROR or CRITICAL, as the definition says.",
    caughtBy: ["documents"],
    check: (project, report) => forEachEvent(project, report, checkCriticality),
  },
  {
    id: "EV-4",
    title: "Consumers that EVENTS.md names exist",
    severity: "error",
    why: "Who changes an event asks the consumers that stand there.",
    mend: "Name subscribers of the product below **Consumers:**, and what is elsewhere as `outside: <name>`.",
    caughtBy: ["documents"],
    check: (project, report) => forEachEvent(project, report, checkConsumers),
  },
  {
    id: "EV-5",
    title: "EVENTS.md says the same as the definition",
    severity: "error",
    why: "A page that is older than the code is believed all the same.",
    mend: "Copy when and version from the definition. `npm run generate` does where the project has it, else by hand.",
    caughtBy: ["documents"],
    check: (project, report) => forEachEvent(project, report, checkWords),
  },
];

function forEachEvent(project: Project, report: Report, check: (documented: DocumentedEvent) => void): void {
  for (const given of documentsOfModules(project, "EVENTS.md")) {
    const { document, module } = given;
    const published = document === null ? null : sectionOf(document, headingWords.publishedBy);
    if (document === null || published === null) continue;
    const told = eventSections(document, published);
    for (const event of eventsOfModule(project, module)) {
      const section = told.find(({ type }) => type === event.type)?.section;
      if (section !== undefined)
        check({ project, given, document, section, event, report: reportLines(given, report) });
    }
  }
}

function checkComplete(project: Project, report: Report): void {
  for (const given of documentsOfModules(project, "EVENTS.md")) {
    const { document, module, path } = given;
    const reportLine = reportLines(given, report);
    const events = eventsOfModule(project, module);
    if (document === null) {
      if (events.length > 0) reportLine(1, `The module ${module.name} has no ${path}.`);
      continue;
    }
    const section = sectionOf(document, headingWords.publishedBy);
    if (section === null) {
      reportLine(document.sections[0]?.line ?? 1, `There is no "## Events Published by ${module.name}".`);
      continue;
    }
    checkList(eventSections(document, section), events, { module, section, report: reportLine });
  }
}

/** Each event that the module owns is told, and no other, numbered in the order of the text. */
function checkList(
  told: readonly EventSection[],
  events: readonly OwnEvent[],
  { module, section, report }: Pick<JudgedSection, "section" | "report"> & Pick<ModuleDocument, "module">,
): void {
  for (const { type } of events)
    if (!told.some((part) => part.type === type))
      report(section.line, `"${type}" does not stand below "${section.title}".`);
  const types = new Set<string>(events.map(({ type }) => type));
  for (const [index, { section: part, type, number }] of told.entries()) {
    if (!types.has(type)) report(part.line, `"${type}" is no event of the module ${module.name}.`);
    else if (number !== index + 1) report(part.line, `"### ${part.title}" has not the number ${index + 1}.`);
  }
}

function checkFields({ project, document, section, event, report }: DocumentedEvent): void {
  const schema = payloadSchemas(project).find((payload) => payload.event === event)?.schema;
  const fields = schema === undefined ? pythonFields(project, event) : fieldsOf(schema);
  if (fields === null) return;
  const label = labelOf(labelsOf(document, section), labelWords.payload);
  const told = label === null ? [] : toldFields(label);
  for (const path of fields)
    if (!told.some(({ name }) => name === path))
      report(label?.line ?? section.line, `The field ${path} of "${event.type}" is not told.`);
  for (const { name, line } of told)
    if (!fields.includes(name)) report(line, `"${event.type}" has no field ${name}.`);
}

function fieldsOf(schema: unknown): readonly string[] | null {
  try {
    return payloadFields({ payload: schema } as Parameters<typeof payloadFields>[0]).map(({ path }) => path);
  } catch {
    return null;
  }
}

/** First cells of a table, beginnings of items of a list, or keys of a block of JSON. */
function toldFields({ items, codes }: Label): readonly { readonly name: string; readonly line: number }[] {
  const listed = items.flatMap(({ cells, line }) => {
    const [name = ""] = /^`?([a-z_][\w.[\]{}]*)`?/.exec(cells[0] ?? "") ?? [];
    const isHead = cells.length > 1 && /^(?:Field|Feld|Name)$/i.test(cells[0] ?? "");
    return name === "" || isHead ? [] : [{ name: name.replaceAll("`", ""), line }];
  });
  return listed.length > 0 ? listed : codes.flatMap(keysOf);
}

function keysOf(code: Code): readonly { readonly name: string; readonly line: number }[] {
  const paths = (value: unknown, above: string): readonly string[] => {
    if (Array.isArray(value)) return paths(value[0], `${above}[]`);
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([key, inner]) => {
      const path = above === "" ? key : `${above}.${key}`;
      return [path, ...paths(inner, path)];
    });
  };
  try {
    return paths(JSON.parse(code.text), "").map((name) => {
      const key = name.slice(name.lastIndexOf(".") + 1).replace("[]", "");
      return { name, line: lineOfKey(code, key) };
    });
  } catch {
    return [];
  }
}

const criticalities = /^(?:INFO|WARNING|ERROR|CRITICAL|Low|Medium|High)$/;

function checkCriticality({ project, document, section, event, report }: DocumentedEvent): void {
  const label = labelOf(labelsOf(document, section), labelWords.criticality);
  if (label === null) {
    report(section.line, `"**Criticality:**" of "${event.type}" is not told.`);
    return;
  }
  const told = label.text.replaceAll("`", "").trim();
  const defined = optionOfEvent(project, event, "criticality");
  if (!criticalities.test(told))
    report(label.line, `Criticality is "${told}"; expected INFO, WARNING, ERROR or CRITICAL.`);
  else if (told === told.toUpperCase() && typeof defined === "string" && told !== defined)
    report(label.line, `Criticality is ${told}; the event is defined as ${defined}.`);
}

function checkConsumers({ project, given, document, section, event, report }: DocumentedEvent): void {
  const label = labelOf(labelsOf(document, section), labelWords.consumers);
  if (label === null) {
    report(section.line, `"**Consumers:**" of "${event.type}" is not told.`);
    return;
  }
  // A tree of Python is often a part of a product only.
  if (project.python.modules.some(({ folder }) => folder === given.module.folder)) return;
  const { consumers, modules } = project.typescript;
  // One whose name is worked out at run time can be any.
  if (consumers.some(({ subscriber }) => subscriber === null)) return;
  const known = new Set([
    ...consumers.map(({ subscriber }) => subscriber ?? ""),
    ...modules.map(({ name }) => name),
  ]);
  for (const { codes, text, line } of label.items) {
    const [name] = codes;
    if (name === undefined || /^(?:outside|extern|außerhalb)\b/i.test(text) || known.has(name)) continue;
    report(line, `"${name}" consumes "${event.type}", and no consumer of the product has that name.`);
  }
}

const sameWords = (left: string, right: string) =>
  left.replace(/[\s`.]+/g, " ").trim() === right.replace(/[\s`.]+/g, " ").trim();

function checkWords({ project, document, section, event, report }: DocumentedEvent): void {
  const labels = labelsOf(document, section);
  const when = labelOf(labels, labelWords.when);
  const defined = optionOfEvent(project, event, "when");
  if (when === null) report(section.line, `"**When:**" of "${event.type}" is not told.`);
  else if (typeof defined === "string" && !sameWords(when.text, defined))
    report(when.line, `When is "${when.text}"; the definition says "${defined}".`);
  const version = labelOf(labels, labelWords.schemaVersion);
  const current = optionOfEvent(project, event, "version");
  if (version !== null && typeof current === "number" && version.text.trim() !== String(current))
    report(version.line, `Schema version is ${version.text}; the event has ${current}.`);
}
