/** README.md and EVENTS.md of a module, as the rules about them look at them. */

import type { Place } from "../finding.ts";
import type { Project } from "../project.ts";
import type { Document, Section } from "../tree/documents.ts";
import type { Label } from "../tree/labels.ts";
import { placeOf } from "../tree/source.ts";
import { placeOfLine } from "../tree/text.ts";
import type { DefinedEvent, TypeScriptModule } from "../tree/typescript.ts";

export interface ModuleDocument {
  readonly module: TypeScriptModule;
  /** From the root. */
  readonly path: string;
  /** Null: there is none. */
  readonly document: Document | null;
  /** Of a line of the document, or where the module is defined when there is no document. */
  place(line: number): Place;
}

/** Those of every folder that is a module. */
export function documentsOfModules(project: Project, name: string): readonly ModuleDocument[] {
  return project.typescript.modules.flatMap((module) => {
    const { definition, folder } = module;
    if (definition === null) return [];
    const path = `${folder}/${name}`;
    const document = project.documents.get(path) ?? null;
    const place = (line: number) =>
      document === null ? placeOf(definition.call.expression) : placeOfLine(document, line);
    return [{ module, path, document, place }];
  });
}

/** The events that a module owns and that can be read, in the order of their text. */
export const eventsOfModule = (project: Project, { name }: TypeScriptModule) =>
  project.typescript.events.filter(
    (event): event is DefinedEvent & { readonly type: string } =>
      event.module === name && event.type !== null,
  );

/** The labels inside of a section. */
export const labelsOf = ({ labels }: Document, { line, endLine }: Section): readonly Label[] =>
  labels.filter((label) => label.line > line && label.line < endLine);

export const labelOf = (labels: readonly Label[], names: RegExp): Label | null =>
  labels.find(({ name }) => names.test(name)) ?? null;

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

/** Nothing, or what stands where an author has yet to write. */
export const isUnwritten = (text: string) =>
  /^(?:\?|TODO|TBD|\.\.\.|…)?$/i.test(text.replace(/<!--[\s\S]*?-->/g, "").trim());
