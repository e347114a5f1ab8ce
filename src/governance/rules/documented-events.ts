import { payloadFields } from "@brain/schemas";
import type { Project } from "../project.ts";
import type { Document, Section } from "../tree/documents.ts";
import type { Label } from "../tree/labels.ts";
import { notKnown } from "../tree/values.ts";
import {
  documentsOfModules,
  type EventSection,
  eventSections,
  eventsOfModule,
  isUnwritten,
  labelNamed,
  labelOf,
  labelsOf,
  type ModuleDocument,
  type OwnEvent,
  pythonFields,
} from "./module-documents.ts";
import { payloadSchemas } from "./payload-schemas.ts";
import type { Report, Rule } from "./rule.ts";

const consumersLabel = /^(?:Consumers?|Konsument(?:en)?|Verbraucher)$/i;
const payloadLabel = /^(?:Payload|Nutzlast|Felder|Fields)$/i;
const whenLabel = /^(?:When|Wann)$/i;

/** What a README says of one event that its module publishes. */
export function checkEventPart(
  project: Project,
  given: ModuleDocument,
  document: Document,
  section: Section,
  event: OwnEvent,
  report: Report,
): void {
  const labels = labelsOf(document, section);
  const need = (name: string, words: RegExp, german?: string): Label | null => {
    const label = labelOf(labels, words);
    const isEmpty =
      label !== null && isUnwritten(label.text) && label.codes.length === 0 && label.items.length === 0;
    if (label === null || isEmpty)
      report({
        at: given.place(label?.line ?? section.line),
        message: `${labelNamed(name, german)} of "${event.type}" is not told.`,
      });
    return isEmpty ? null : label;
  };
  const type = need("EventType", /^Event-?\s?Typ(?:e)?$/i);
  // Python names the entry of its enum.
  const isNamed = [event.type, event.type.replaceAll(".", "_").toUpperCase()].some((name) =>
    type?.text.includes(name),
  );
  if (type !== null && !isNamed)
    report({ at: given.place(type.line), message: `EventType is "${type.text}"; expected "${event.type}".` });
  need("When", whenLabel, "Wann");
  checkJson(given, need("Payload", payloadLabel), "Payload", report);
  need("Consumers", consumersLabel);
  const meta = checkJson(given, need("Meta", /^Meta$/i), "Meta", report);
  if (meta !== null) checkMeta(project, given, meta, event, report);
}

/** The first block of code of a label as an object; null: there is none. */
function checkJson(given: ModuleDocument, label: Label | null, name: string, report: Report) {
  if (label === null) return null;
  const [code] = label.codes;
  if (code === undefined) {
    report({ at: given.place(label.line), message: `${name} is no block of JSON.` });
    return null;
  }
  try {
    const value: unknown = JSON.parse(code.text);
    if (typeof value === "object" && value !== null) return { value: value as Record<string, unknown>, code };
  } catch {
    // Told below.
  }
  report({ at: given.place(code.line), message: `${name} is no object of JSON.` });
  return null;
}

function checkMeta(
  project: Project,
  given: ModuleDocument,
  { value, code }: NonNullable<ReturnType<typeof checkJson>>,
  event: OwnEvent,
  report: Report,
): void {
  const lines = code.text.split("\n");
  const lineOf = (key: string) =>
    code.line +
    Math.max(
      0,
      lines.findIndex((line) => line.includes(`"${key}"`)),
    );
  for (const key of ["schema_version", "producer", "source_module"])
    if (!(key in value)) report({ at: given.place(code.line), message: `Meta has no ${key}.` });
  const version = valueOfOption(project, event, "version");
  if ("schema_version" in value && typeof version === "number" && value.schema_version !== version)
    report({
      at: given.place(lineOf("schema_version")),
      message: `schema_version is ${JSON.stringify(value.schema_version)}; the event has ${version}.`,
    });
  if ("source_module" in value && event.module !== null && value.source_module !== event.module)
    report({
      at: given.place(lineOf("source_module")),
      message: `source_module is ${JSON.stringify(value.source_module)}; the event belongs to ${event.module}.`,
    });
}

function valueOfOption({ typescript: { values } }: Project, event: OwnEvent, name: string): unknown {
  const option = event.options && values.optionOf(event.file, event.options, name);
  return option === null ? notKnown : values.valueOf(option.file, option.node);
}

interface Documented {
  readonly given: ModuleDocument;
  readonly document: Document;
  readonly part: EventSection;
  readonly event: OwnEvent;
}

/** EVENTS.md of each module, event by event. */
export const documentedEvents: readonly Rule[] = [
  {
    id: "EV-1",
    title: "EVENTS.md has each event of its module, and no other",
    severity: "error",
    why: "Other teams subscribe by this page; an event that is missing there has no reader, and one too many has readers who wait.",
    mend: "Write a numbered `### <n>. <wire name>` for each event that the module owns; in this project `npm run generate` does.",
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
    check: (project, report) => forEachEvent(project, (given) => checkFields(project, given, report)),
  },
  {
    id: "EV-3",
    title: "EVENTS.md says how critical an event is",
    severity: "error",
    why: "Who gets too many alerts looks at this word first.",
    mend: "Write **Criticality:** INFO, WARNING, ERROR or CRITICAL, as the definition says.",
    caughtBy: ["documents"],
    check: (project, report) => forEachEvent(project, (given) => checkCriticality(project, given, report)),
  },
  {
    id: "EV-4",
    title: "Consumers that EVENTS.md names exist",
    severity: "error",
    why: "Who changes an event asks the consumers that stand there.",
    mend: "Name subscribers of the product below **Consumers:**, and what is elsewhere as `outside: <name>`.",
    caughtBy: ["documents"],
    check: (project, report) => forEachEvent(project, (given) => checkConsumers(project, given, report)),
  },
  {
    id: "EV-5",
    title: "EVENTS.md says the same as the definition",
    severity: "error",
    why: "A page that is older than the code is believed all the same.",
    mend: "Copy when and version from the definition; in this project `npm run generate` does.",
    caughtBy: ["documents"],
    check: (project, report) => forEachEvent(project, (given) => checkWords(project, given, report)),
  },
];

const publishedHeading = /^(?:Events Published|Ver(?:ö|oe)ffentlichte Events)/i;

function partsOf(document: Document): {
  readonly section: Section | null;
  readonly told: readonly EventSection[];
} {
  const section =
    document.sections.find(({ level, title }) => level === 2 && publishedHeading.test(title)) ?? null;
  return { section, told: section === null ? [] : eventSections(document, section) };
}

function forEachEvent(project: Project, check: (given: Documented) => void): void {
  for (const given of documentsOfModules(project, "EVENTS.md")) {
    const { document, module } = given;
    if (document === null) continue;
    const { told } = partsOf(document);
    for (const event of eventsOfModule(project, module)) {
      const part = told.find(({ type }) => type === event.type);
      if (part !== undefined) check({ given, document, part, event });
    }
  }
}

function checkComplete(project: Project, report: Report): void {
  for (const given of documentsOfModules(project, "EVENTS.md")) {
    const { document, module, path } = given;
    const events = eventsOfModule(project, module);
    if (document === null) {
      if (events.length > 0)
        report({ at: given.place(1), message: `The module ${module.name} has no ${path}.` });
      continue;
    }
    const { section, told } = partsOf(document);
    const title = document.sections[0]?.line ?? 1;
    if (section === null)
      report({ at: given.place(title), message: `There is no "## Events Published by ${module.name}".` });
    for (const { type } of events)
      if (section !== null && !told.some((part) => part.type === type))
        report({
          at: given.place(section.line),
          message: `"${type}" does not stand below "${section.title}".`,
        });
    const types = new Set<string>(events.map(({ type }) => type));
    for (const [index, { section: part, type, number }] of told.entries()) {
      if (!types.has(type))
        report({
          at: given.place(part.line),
          message: `"${type}" is no event of the module ${module.name}.`,
        });
      else if (number !== index + 1)
        report({
          at: given.place(part.line),
          message: `"### ${part.title}" has not the number ${index + 1}.`,
        });
    }
  }
}

function checkFields(project: Project, { given, document, part, event }: Documented, report: Report): void {
  const schema = payloadSchemas(project).find((payload) => payload.event === event)?.schema;
  const fields = schema === undefined ? pythonFields(project, event) : fieldsOf(schema);
  const label = labelOf(labelsOf(document, part.section), payloadLabel);
  if (fields === null) return;
  const told = label === null ? [] : toldFields(label);
  for (const path of fields)
    if (!told.some(({ name }) => name === path))
      report({
        at: given.place(label?.line ?? part.section.line),
        message: `The field ${path} of "${event.type}" is not told.`,
      });
  for (const { name, line } of told)
    if (!fields.includes(name))
      report({ at: given.place(line), message: `"${event.type}" has no field ${name}.` });
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
  return listed.length > 0 ? listed : codes.flatMap(({ text, line }) => keysOf(text, line));
}

function keysOf(text: string, line: number): readonly { readonly name: string; readonly line: number }[] {
  const paths = (value: unknown, above: string): readonly string[] => {
    if (Array.isArray(value)) return paths(value[0], `${above}[]`);
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([key, inner]) => {
      const path = above === "" ? key : `${above}.${key}`;
      return [path, ...paths(inner, path)];
    });
  };
  try {
    const lines = text.split("\n");
    return paths(JSON.parse(text), "").map((name) => {
      const key = name.slice(name.lastIndexOf(".") + 1).replace("[]", "");
      return {
        name,
        line:
          line +
          Math.max(
            0,
            lines.findIndex((row) => row.includes(`"${key}"`)),
          ),
      };
    });
  } catch {
    return [];
  }
}

const criticalities = /^(?:INFO|WARNING|ERROR|CRITICAL|Low|Medium|High)$/;

function checkCriticality(
  project: Project,
  { given, document, part, event }: Documented,
  report: Report,
): void {
  const label = labelOf(labelsOf(document, part.section), /^(?:Criticality|Kritikalit(?:ä|ae)t)$/i);
  if (label === null) {
    report({
      at: given.place(part.section.line),
      message: `"**Criticality:**" of "${event.type}" is not told.`,
    });
    return;
  }
  const told = label.text.replaceAll("`", "").trim();
  const defined = valueOfOption(project, event, "criticality");
  if (!criticalities.test(told))
    report({
      at: given.place(label.line),
      message: `Criticality is "${told}"; expected INFO, WARNING, ERROR or CRITICAL.`,
    });
  else if (told === told.toUpperCase() && typeof defined === "string" && told !== defined)
    report({
      at: given.place(label.line),
      message: `Criticality is ${told}; the event is defined as ${defined}.`,
    });
}

function checkConsumers(
  project: Project,
  { given, document, part, event }: Documented,
  report: Report,
): void {
  const label = labelOf(labelsOf(document, part.section), consumersLabel);
  if (label === null) {
    report({
      at: given.place(part.section.line),
      message: `"**Consumers:**" of "${event.type}" is not told.`,
    });
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
    report({
      at: given.place(line),
      message: `"${name}" consumes "${event.type}", and no consumer of the product has that name.`,
    });
  }
}

const sameWords = (left: string, right: string) =>
  left.replace(/[\s`.]+/g, " ").trim() === right.replace(/[\s`.]+/g, " ").trim();

function checkWords(project: Project, { given, document, part, event }: Documented, report: Report): void {
  const labels = labelsOf(document, part.section);
  const when = labelOf(labels, whenLabel);
  const defined = valueOfOption(project, event, "when");
  if (when === null)
    report({ at: given.place(part.section.line), message: `"**When:**" of "${event.type}" is not told.` });
  else if (typeof defined === "string" && !sameWords(when.text, defined))
    report({
      at: given.place(when.line),
      message: `When is "${when.text}"; the definition says "${defined}".`,
    });
  const version = labelOf(labels, /^Schema[- ]?[Vv]ersion$/i);
  const current = valueOfOption(project, event, "version");
  if (version !== null && typeof current === "number" && version.text.trim() !== String(current))
    report({
      at: given.place(version.line),
      message: `Schema version is ${version.text}; the event has ${current}.`,
    });
}
