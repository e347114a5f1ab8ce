/** What the documents of a module say: purpose, owner, dependencies, events. */

import { headingWords, labelWords } from "../../tree/documents/document-words.ts";
import type { Document, Section } from "../../tree/documents/documents.ts";
import type { Label } from "../../tree/documents/labels.ts";
import { saysNothing } from "../../tree/documents/unwritten.ts";

/** An event as a document describes it. */
export interface DocumentedEvent {
  /** Wire name. */
  readonly type: string;
  readonly file: string;
  /** Of its heading. */
  readonly line: number;
  /** Null: not told; so are the others. */
  readonly when: string | null;
  /** Names of fields. */
  readonly payload: readonly string[] | null;
  readonly consumers: readonly string[] | null;
}

/** Behind the event stands the consumer, where several of a module handle it. */
const eventTitle = /^(?:\d+\.\s*)?`?([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)`?(?: \([a-z][a-z0-9_]*\))?$/;
/** The general announcement of the first release has a name without dots; a heading of one word is an event when it says so. */
const isEvent = (type: string, text: string) =>
  type.includes(".") || /^\*\*(?:When|Wann|EventType|Handler)\b/m.test(text);
const consumedTitle = /consumed|konsumiert|empfangen/i;
const publishedTitle = /published|veröffentlicht|publiziert|planned|geplant/i;

/** Events of the sections about published ones; `consumed`: of those about consumed ones. */
export function documentedEvents(document: Document, kind: "published" | "consumed"): DocumentedEvent[] {
  const wanted = document.sections.filter(({ title }) =>
    kind === "consumed"
      ? consumedTitle.test(title)
      : publishedTitle.test(title) && !consumedTitle.test(title),
  );
  return document.sections.flatMap((section) => {
    const type = eventTitle.exec(section.title)?.[1];
    const stands = wanted.some(({ line, endLine }) => line < section.line && section.line < endLine);
    return type === undefined || !stands || !isEvent(type, section.text)
      ? []
      : [readEvent(document, section, type)];
  });
}

function readEvent(document: Document, section: Section, type: string): DocumentedEvent {
  const labels = document.labels.filter(({ line }) => line > section.line && line < section.endLine);
  const labelled = (names: RegExp) => labels.find(({ name }) => names.test(name)) ?? null;
  const payload = labelled(labelWords.payload);
  const consumers = labelled(labelWords.consumers);
  return {
    type,
    file: document.path,
    line: section.line,
    when: filled(labelled(labelWords.when)?.text),
    payload: payload === null || !isFilled(payload) ? null : fieldsOf(payload),
    consumers: consumers === null ? null : namesOf(consumers),
  };
}

const filled = (text: string | undefined) =>
  text === undefined || saysNothing(text) ? null : text.replaceAll(/\s+/g, " ").trim();

const isFilled = ({ text, codes, items }: Label) =>
  codes.length > 0 || !saysNothing([text, ...items.map((item) => item.text)].join(" "));

/** Fields of a table, a list or a JSON example; empty when it says that there are none. */
function fieldsOf({ codes, items }: Label): readonly string[] {
  const ofJson = codes.flatMap(({ text }) =>
    [...text.matchAll(/^[ \t]{0,99}"([A-Za-z_]\w*)"[ \t]{0,9}:/gm)].map((match) => match[1] ?? ""),
  );
  return [...new Set([...items.flatMap(({ codes: [first] }) => first ?? []), ...ofJson])];
}

/** One of a line, or a list; null when nobody is named. */
function namesOf({ text, items }: Label): readonly string[] | null {
  const names = [...text.split(","), ...items.map((item) => item.text)].map((name) => name.trim());
  const told = names.filter((name) => !saysNothing(name));
  return told.length === 0 ? null : told;
}

export interface ReadmeFacts {
  readonly purpose: string | null;
  readonly owner: string | null;
  /** What stands below "Dependencies"; null: no such section, or nothing in it. */
  readonly dependencies: string | null;
  /** The words that say that the module is given up; null: none do. */
  readonly givenUp: string | null;
}

export function readReadme(document: Document): ReadmeFacts {
  const section = (title: RegExp) => document.sections.find((found) => title.test(found.title));
  const label = (names: RegExp) => document.labels.find(({ name }) => names.test(name))?.text;
  const purpose = section(headingWords.purpose)?.text.trim();
  const dependencies = section(/^(?:dependencies|abh(?:ä|ae)ngigkeiten)/i)?.text.trim();
  const status = label(/^status$/i) ?? "";
  const [title] = document.sections;
  const words = [title?.title ?? "", status.split("\n")[0] ?? ""];
  const givenUp = words.find((text) =>
    /\b(?:deprecated|unused|retired|veraltet|stillgelegt|abgelöst)\b/i.test(text),
  );
  return {
    purpose: filled(purpose?.split(/\n\s*\n/)[0]),
    owner: filled(label(labelWords.owner)?.split("\n")[0]),
    dependencies: dependencies === undefined || saysNothing(dependencies) ? null : dependencies,
    givenUp: givenUp ?? null,
  };
}
