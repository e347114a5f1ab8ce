/** README.md and EVENTS.md of a module, as the rules about them look at them. */

import type { Place } from "../../finding.ts";
import type { Project } from "../../project.ts";
import type { Document, Section } from "../../tree/documents/documents.ts";
import type { Code, Label } from "../../tree/documents/labels.ts";
import { notKnown } from "../../tree/names/literals.ts";
import { isPlain } from "../../tree/names/package-values.ts";
import type { TypeScriptModule } from "../../tree/product/modules.ts";
import type { DefinedEvent } from "../../tree/product/typescript.ts";
import { placeOf } from "../../tree/syntax/source.ts";
import { placeOfLine } from "../../tree/text.ts";
import type { Report } from "../rule.ts";

/** A module in either language. */
export type DocumentedModule = Pick<TypeScriptModule, "name" | "folder" | "files">;

/** An event that a module owns, in either language. */
export type OwnEvent = Pick<DefinedEvent, "file" | "module" | "options"> &
  Partial<Pick<DefinedEvent, "given">> & { readonly type: string };

export interface ModuleDocument {
  readonly module: DocumentedModule;
  /** From the root. */
  readonly path: string;
  /** Null: there is none. */
  readonly document: Document | null;
  /** Of a line of the document, or where the module is defined when there is no document. */
  place(line: number): Place;
}

/** Reports something about a line of a document. */
export type ReportLine = (line: number, message: string) => void;

export const reportLines =
  ({ place }: ModuleDocument, report: Report): ReportLine =>
  (line, message) =>
    report({ at: place(line), message });

/** A section of a document while it is judged. */
export interface JudgedSection {
  readonly project: Project;
  readonly given: ModuleDocument;
  readonly document: Document;
  readonly section: Section;
  readonly report: ReportLine;
}

/** Those of every folder that is a module; in Python, of every one that publishes or consumes. */
export function documentsOfModules(project: Project, name: string): readonly ModuleDocument[] {
  const documentOf = (module: DocumentedModule, definition: Place): ModuleDocument => {
    const path = `${module.folder}/${name}`;
    const document = project.documents.get(path) ?? null;
    return {
      module,
      path,
      document,
      place: (line) => (document === null ? definition : placeOfLine(document, line)),
    };
  };
  return [
    ...project.typescript.modules.flatMap((module) =>
      module.definition === null ? [] : [documentOf(module, placeOf(module.definition.call.expression))],
    ),
    ...project.python.modules.flatMap((module) => {
      const first = firstUse(project, module);
      return first === null ? [] : [documentOf(module, first)];
    }),
  ];
}

/** Where a module of Python first makes, publishes or consumes an event; null: it does neither. */
function firstUse({ python: { events, published, consumers, handled } }: Project, module: DocumentedModule) {
  const uses = [...events, ...published, ...consumers, ...handled];
  const call = uses.find(({ file }) => module.files.includes(file))?.call;
  return call === undefined ? null : (call.children.find(({ field }) => field === "function") ?? call);
}

/** The events that a module owns and that can be read, in the order of their text. */
export function eventsOfModule(project: Project, module: DocumentedModule): readonly OwnEvent[] {
  const { typescript, python } = project;
  if (!python.modules.some(({ folder }) => folder === module.folder))
    return typescript.events.filter(
      (event): event is DefinedEvent & { readonly type: string } =>
        event.module === module.name && event.type !== null,
    );
  const types = python.events
    .filter(({ file }) => module.files.includes(file))
    .flatMap(({ file, types: used }) => used.flatMap(({ type }) => (type === null ? [] : [{ file, type }])));
  return [...new Map(types.map((one) => [one.type, one])).values()].map(({ file, type }) => ({
    file,
    type,
    module: module.name,
    options: null,
  }));
}

/** What the definition of an event says for an option; `notKnown` where it says nothing, or where only a run tells. */
export function optionOfEvent(
  { typescript: { values } }: Project,
  { file, options, given }: OwnEvent,
  name: string,
): unknown {
  const option = options && values.optionOf(file, options, name);
  if (option !== null) return values.valueOf(option.file, option.node);
  // By a function, or put together.
  const whole = given?.();
  return isPlain(whole) && Object.hasOwn(whole, name) ? whole[name] : notKnown;
}

/** Fields of the payload of an event of Python, as its class declares them; null: they are not all known. */
export function pythonFields(project: Project, { type, module }: OwnEvent): readonly string[] | null {
  const { python } = project;
  const made = python.events.filter(
    (event) => python.moduleOf(event.file)?.name === module && event.types.some((used) => used.type === type),
  );
  const [event, further] = made;
  if (event === undefined || further !== undefined) return null;
  const payloads = python.payloadsOf(event);
  const [payload] = payloads;
  // A method that makes several events has the payloads of all of them.
  if (payload === undefined || payloads.length > 1 || event.types.length > 1) return null;
  if (payload.kind !== "model" && payload.kind !== "dictionary") return null;
  const names = payload.fields.filter(({ parent }) => parent === null).map(({ key }) => key);
  return [...new Set(names)];
}

/** The labels inside of a section. */
export const labelsOf = ({ labels }: Document, { line, endLine }: Section): readonly Label[] =>
  labels.filter((label) => label.line > line && label.line < endLine);

/** @param words of `labelWords` */
export const labelOf = (labels: readonly Label[], words: RegExp): Label | null =>
  labels.find(({ name }) => words.test(name)) ?? null;

/** A label in a message; it may stand there in German as well, where that is another word. */
export const labelNamed = (english: string, german?: string): string =>
  german === undefined ? `"**${english}:**"` : `"**${english}:**" (or "**${german}:**")`;

/** The section with that heading; null: there is none. @param words of `headingWords` */
export const sectionOf = ({ sections }: Document, words: RegExp): Section | null =>
  sections.find(({ level, title }) => level === 2 && words.test(title)) ?? null;

/** The sections of single events inside of another one: `### 1. course.outline.created`. */
export function eventSections(
  { sections }: Document,
  { level, line, endLine }: Section,
): readonly EventSection[] {
  return sections.flatMap((section) => {
    if (section.level !== level + 1 || section.line < line || section.line >= endLine) return [];
    const [, number = null, type = ""] = /^(?:(\d+)[.)]\s+)?(\S+)/.exec(section.title) ?? [];
    return [{ section, number: number === null ? null : Number(number), type }];
  });
}

export interface EventSection {
  readonly section: Section;
  /** Null: it has none. */
  readonly number: number | null;
  /** The name on the wire, as far as one stands there. */
  readonly type: string;
}

/** The line of a document in which a key of a block of JSON first stands. */
export function lineOfKey({ text, line }: Code, key: string): number {
  const index = text.split("\n").findIndex((row) => row.includes(`"${key}"`));
  return line + Math.max(0, index);
}
