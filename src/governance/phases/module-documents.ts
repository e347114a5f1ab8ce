/** What the documents of a module say: purpose, owner, dependencies, events. */

import type { Document, Section } from "../tree/documents.ts";

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

const eventTitle = /^(?:\d+\.\s*)?([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)$/;
/** The general announcement of the first release has a name without dots; a heading of one word is an event when it says so. */
const isEvent = (type: string, text: string) =>
  type.includes(".") || /^\*\*(?:When|Wann|EventType|Handler)\b/m.test(text);
const consumedTitle = /consumed|konsumiert|empfangen/i;
const publishedTitle = /published|veröffentlicht|publiziert|planned|geplant/i;

/** What stands for something that nobody filled in. */
const isPlaceholder = (text: string) =>
  /^(?:[-–?.…\s]|tbd|todo|n\/a|offen|unbekannt|unknown|none yet|\{[^}]*\}|<[^>]*>)*$/i.test(text);

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
  const parts = labelled(section.text);
  const payload = parts.get("payload");
  return {
    type,
    file: document.path,
    line: section.line,
    when: filled(parts.get("when") ?? parts.get("wann")),
    payload: payload === undefined || isPlaceholder(payload) ? null : fieldsOf(payload),
    consumers: namesOf(parts.get("consumers") ?? parts.get("consumer") ?? parts.get("konsumenten")),
  };
}

const filled = (text: string | undefined) =>
  text === undefined || isPlaceholder(text) ? null : text.replaceAll(/\s+/g, " ").trim();

/** Texts behind `**Label:**`, up to the next one or the next heading, by the label in lower case. */
export function labelled(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const marks = [
    ...text.matchAll(/^[ \t]*(?:[-*][ \t]+)?\*\*([^*\n:]{1,60}):?\*\*:?[ \t]*|^#{1,6}[ \t].*$/gm),
  ];
  for (const [index, mark] of marks.entries()) {
    const label = mark[1]?.trim().toLowerCase();
    if (label === undefined || found.has(label)) continue;
    const start = mark.index + mark[0].length;
    found.set(label, text.slice(start, marks[index + 1]?.index ?? text.length).trim());
  }
  return found;
}

/** Fields of a table, a list or a JSON example; empty when it says that there are none. */
function fieldsOf(text: string): readonly string[] {
  const json = /^\s*"([A-Za-z_]\w*)"\s*:/gm;
  const listedField = /^\s*(?:[-*]|\|)\s*`([A-Za-z_]\w*)`/gm;
  return [...new Set([...text.matchAll(json), ...text.matchAll(listedField)].map((match) => match[1] ?? ""))];
}

/** One of a line, or a list; null when nobody is named. */
function namesOf(text: string | undefined): readonly string[] | null {
  if (text === undefined || isPlaceholder(text)) return null;
  return text
    .split(/\n|,/)
    .map((line) => line.replaceAll(/^[\s*-]+|`/g, "").trim())
    .filter((line) => line !== "");
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
  const labels = labelled(document.text);
  const purpose = section(/^(?:zweck|purpose)$/i)?.text.trim();
  const dependencies = section(/^(?:dependencies|abhängigkeiten)/i)?.text.trim();
  const status = labels.get("status") ?? "";
  const [title] = document.sections;
  const words = [title?.title ?? "", status.split("\n")[0] ?? ""];
  const givenUp = words.find((text) =>
    /\b(?:deprecated|unused|retired|veraltet|stillgelegt|abgelöst)\b/i.test(text),
  );
  return {
    purpose: filled(purpose?.split(/\n\s*\n/)[0]),
    owner:
      filled(labels.get("owner")?.split("\n")[0]) ?? filled(labels.get("verantwortlich")?.split("\n")[0]),
    dependencies: dependencies === undefined || isPlaceholder(dependencies) ? null : dependencies,
    givenUp: givenUp ?? null,
  };
}
