/** the events that a README tells of. */

import { labelWords } from "../../tree/documents/document-words.ts";
import type { Code, Label } from "../../tree/documents/labels.ts";
import { isUnwritten } from "../../tree/documents/unwritten.ts";
import {
  type EventSection,
  eventSections,
  eventsOfModule,
  type JudgedSection,
  labelNamed,
  labelOf,
  labelsOf,
  lineOfKey,
  type OwnEvent,
  optionOfEvent,
} from "./module-documents.ts";

/** */
export function checkPublished(judged: JudgedSection): void {
  const { project, given, document, section, report } = judged;
  const told = eventSections(document, section);
  checkNumbers(told, judged);
  for (const event of eventsOfModule(project, given.module)) {
    const found = told.find(({ type }) => type === event.type);
    if (found === undefined) report(section.line, `"${event.type}" does not stand below "${section.title}".`);
    else checkPublishedEvent({ ...judged, section: found.section }, event);
  }
}

/** 1, 2, 3 in the order of the text. */
function checkNumbers(told: readonly EventSection[], { report }: JudgedSection): void {
  for (const [index, { number, section }] of told.entries())
    if (number !== index + 1) report(section.line, `"### ${section.title}" has not the number ${index + 1}.`);
}

function checkPublishedEvent(judged: JudgedSection, event: OwnEvent): void {
  const { document, section, report } = judged;
  const labels = labelsOf(document, section);
  const need = (name: string, words: RegExp, german?: string): Label | null => {
    const label = labelOf(labels, words);
    const isEmpty =
      label !== null && isUnwritten(label.text) && label.codes.length === 0 && label.items.length === 0;
    if (label === null || isEmpty)
      report(label?.line ?? section.line, `${labelNamed(name, german)} of "${event.type}" is not told.`);
    return isEmpty ? null : label;
  };
  const type = need("EventType", labelWords.eventType);
  // Python names the entry of its enum.
  const isNamed = [event.type, event.type.replaceAll(".", "_").toUpperCase()].some((name) =>
    type?.text.includes(name),
  );
  if (type !== null && !isNamed) report(type.line, `EventType is "${type.text}"; expected "${event.type}".`);
  need("When", labelWords.when, "Wann");
  readJson(need("Payload", labelWords.payload), "Payload", judged);
  need("Consumers", labelWords.consumers);
  const meta = readJson(need("Meta", labelWords.meta), "Meta", judged);
  if (meta !== null) checkMeta(meta, event, judged);
}

interface JsonBlock {
  readonly value: Readonly<Record<string, unknown>>;
  readonly code: Code;
}

/** The first block of code of a label; null: it is no object, which is reported, or there is no label. */
function readJson(label: Label | null, name: string, { report }: JudgedSection): JsonBlock | null {
  if (label === null) return null;
  const [code] = label.codes;
  if (code === undefined) {
    report(label.line, `${name} is no block of JSON.`);
    return null;
  }
  const value = objectOf(code.text);
  if (value === null) report(code.line, `${name} is no object of JSON.`);
  return value === null ? null : { value, code };
}

function objectOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

function checkMeta({ value, code }: JsonBlock, event: OwnEvent, { project, report }: JudgedSection): void {
  for (const key of ["schema_version", "producer", "source_module"])
    if (!(key in value)) report(code.line, `Meta has no ${key}.`);
  const version = optionOfEvent(project, event, "version");
  if ("schema_version" in value && typeof version === "number" && value.schema_version !== version)
    report(
      lineOfKey(code, "schema_version"),
      `schema_version is ${JSON.stringify(value.schema_version)}; the event has ${version}.`,
    );
  if ("source_module" in value && event.module !== null && value.source_module !== event.module)
    report(
      lineOfKey(code, "source_module"),
      `source_module is ${JSON.stringify(value.source_module)}; the event belongs to ${event.module}.`,
    );
}

/** */
export function checkConsumed(judged: JudgedSection): void {
  const { project, given, document, section, report } = judged;
  const told = eventSections(document, section);
  checkNumbers(told, judged);
  const isOwn = ({ file }: { readonly file: string }) => given.module.files.includes(file);
  const inTypeScript = project.typescript.handled.filter(isOwn).flatMap(({ events }) => events);
  const inPython = project.python.handled.filter(isOwn).flatMap(({ types }) => types);
  for (const type of new Set([...inTypeScript, ...inPython].flatMap((event) => event.type ?? [])))
    if (!told.some((event) => event.type === type))
      report(section.line, `The module handles "${type}", which does not stand below "${section.title}".`);
  for (const { type, section: event } of told) {
    const labels = labelsOf(document, event);
    for (const [name, words, german] of consumedLabels) {
      // A handler of every event has no type.
      if (words === labelWords.eventType && !type.includes(".")) continue;
      const label = labelOf(labels, words);
      if (label === null || isUnwritten(label.text))
        report(label?.line ?? event.line, `${labelNamed(name, german)} of "${event.title}" is not told.`);
    }
  }
}

const consumedLabels: readonly (readonly [name: string, words: RegExp, german?: string])[] = [
  ["EventType", labelWords.eventType],
  ["Handler", labelWords.handler],
  ["Action", labelWords.action, "Aktion"],
  ["Idempotent", labelWords.idempotent],
];
