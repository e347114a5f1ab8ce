/** The event parts of a module's README.md and EVENTS.md, from the catalogue and from the consumers. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type EventDefinition, payloadFields, payloadShape } from "@brain/schemas";
import { type DocumentWords, documentWords, languageOf } from "../scaffold/documents.ts";
import { documentFaults, subscribersOf } from "./document-faults.ts";
import { fill, type GeneratedFile } from "./generated-file.ts";
import { readModuleDocument, unexplained, unwrittenParts } from "./module-document.ts";
import { olderNames } from "./older-names.ts";
import { definitionsOf, type PageConsumer } from "./page-consumer.ts";

/** Stands where an author has yet to say what a handler does. */
const unsaid = "?";

/** What the sections of one module are made of. */
export interface ModuleFacts {
  readonly module: string;
  readonly published: readonly EventDefinition[];
  /** None for a module that only publishes. */
  readonly consumers: readonly PageConsumer[];
  /** Those of the whole product. */
  readonly allConsumers: readonly PageConsumer[];
  /** Variables of the environment that it reads and that are explained nowhere else. */
  readonly variables: readonly string[];
  /** TypeScript files of the module, by path from the root. */
  readonly sources: ReadonlyMap<string, string>;
  /** Where events are imported from, by their definitions. */
  readonly exports: ReadonlyMap<unknown, EventExport>;
  /** Where events are defined, e.g. `schemas/events`. */
  readonly events: string;
  /** Of the catalogue: older names, with those that they are read under. */
  readonly readAliases: ReadonlyMap<string, string>;
}

/** Under which name, and behind which door, an event is imported. */
export interface EventExport {
  readonly name: string;
  /** What is imported from, e.g. `@brain/schemas/events/task`, or the file. */
  readonly door: string;
}

function eventType(facts: ModuleFacts, definition: EventDefinition): string {
  const found = facts.exports.get(definition);
  const where = found === undefined ? "" : `, defined as \`${found.name}\` in \`${found.door}\``;
  return `**EventType:** \`${definition.type}\`${where}`;
}

/** Events that nobody can import. */
function exportFaults(facts: ModuleFacts): readonly string[] {
  return facts.published
    .filter((definition) => !facts.exports.has(definition))
    .map(({ type }) => `${type}: no file of ${facts.events}/ exports it. Define it there, and export it.`);
}

function bullets(items: readonly string[]): string {
  return items.length === 0 ? "- none yet" : items.map((item) => `- ${item}`).join("\n");
}

/** Variables that nobody explains. */
function settingFaults(facts: ModuleFacts, readme: string): readonly string[] {
  return unexplained(facts.variables, "", readme).map(
    (name) => `${name} is explained nowhere. Write a row for it under the heading "## Settings".`,
  );
}

/** Who handles it here, as the consumers themselves say, and what it is meant for elsewhere. */
function readers(definition: EventDefinition, all: readonly PageConsumer[]): string {
  return bullets([
    ...subscribersOf(definition, all).map((name) => `\`${name}\``),
    ...definition.outside.map((name) => `outside: ${name}`),
  ]);
}

function publishedSection(facts: ModuleFacts, { when }: DocumentWords): string {
  const sections = facts.published.map((definition, index) => {
    const meta = {
      schema_version: definition.version,
      producer: definition.producers.join(" | ") || "(a program outside)",
      source_module: definition.module,
    };
    return [
      `### ${index + 1}. ${definition.type}`,
      eventType(facts, definition),
      `**${when}:** ${definition.when}.`,
      `**Payload:**\n\n\`\`\`json\n${payloadShape(definition)}\n\`\`\``,
      `**Consumers:**\n\n${readers(definition, facts.allConsumers)}`,
      `**Meta:**\n\n\`\`\`json\n${JSON.stringify(meta, null, 2)}\n\`\`\``,
    ].join("\n\n");
  });
  return sections.length === 0 ? "None." : sections.join("\n\n");
}

/** What a consumer of the module handles; `definition` is null for one that catches all. */
interface Handled {
  readonly subscriber: string;
  readonly definition: EventDefinition | null;
  /** It claims nothing. */
  readonly watches: boolean;
  /** Of its part of the document. */
  readonly heading: string;
}

/** The consumers are those that the module says are its own, whatever they are called. */
function handledEvents({ consumers }: ModuleFacts): readonly Handled[] {
  const all = consumers.flatMap(({ subscriber, byType, any }) => {
    const events = [...new Set(byType.values())].flatMap((subscription) =>
      definitionsOf(subscription).map((definition) => ({ subscriber, definition, watches: false })),
    );
    const watches = any?.kind === "entries";
    return any === null ? events : [...events, { subscriber, definition: null, watches }];
  });
  return all.map((handled) => {
    const type = handled.definition?.type ?? "every event";
    const isAlone = all.filter(({ definition }) => definition === handled.definition).length === 1;
    return { ...handled, heading: isAlone ? type : `${type} (${handled.subscriber})` };
  });
}

/** Function and file of a handler where they are seen in the text, otherwise the subscriber. */
function handlerOf(facts: ModuleFacts, { subscriber, definition }: Handled): string {
  const name = definition === null ? null : facts.exports.get(definition)?.name;
  const subscription = new RegExp(
    name === null
      ? String.raw`\b(onAny|onEntries)\(\s*(?:(\w+)\s*\))?`
      : String.raw`\b(on|onBatch|onSql|onSqlBatch)\(\s*${name},\s*(?:(\w+)\s*[,)])?`,
  );
  const found = [...facts.sources].flatMap(([path, text]) => {
    const match = subscription.exec(text);
    return match === null ? [] : [{ path, match, isNamed: text.includes(`"${subscriber}"`) }];
  });
  const best = found.find(({ isNamed }) => isNamed) ?? found[0];
  if (best === undefined) {
    const set = [...facts.sources].find(([, text]) => text.includes("onSqlSet("));
    return set === undefined ? `\`${subscriber}\`` : `\`onSqlSet(…)\`, \`${set[0]}\``;
  }
  const [, verb, handler] = best.match;
  return `\`${handler ?? `${verb}(${name === null ? "" : `${name}, `}…)`}\`, \`${best.path}\``;
}

/**
 * The lines `**Aktion:** …` by heading, which the author writes and the generator keeps; in either language. A heading
 * names the consumer while the module has several for that event, so each part stands under both of its headings.
 */
function writtenActions(section: string): ReadonlyMap<string, string> {
  const actions = new Map<string, string>();
  for (const part of section.split(/^### \d+\. /m).slice(1)) {
    const action = /^\*\*(?:Aktion|Action):\*\* (.+)$/m.exec(part)?.[1];
    if (action === undefined) continue;
    const heading = part.split("\n", 1)[0] ?? "";
    actions.set(heading, action);
    const subscriber = /The claim \(`(\w+)`/.exec(part)?.[1];
    if (subscriber !== undefined && !heading.endsWith(")")) actions.set(`${heading} (${subscriber})`, action);
  }
  return actions;
}

/** What the author wrote, also under the name that the event had before; null: nothing. */
function actionOf(
  { heading, definition, subscriber }: Handled,
  actions: ReadonlyMap<string, string>,
  { readAliases }: ModuleFacts,
): string | null {
  const type = definition?.type ?? "every event";
  const names = [type, ...(definition === null ? [] : olderNames(type, readAliases))];
  const headings = names.flatMap((name) => [name + heading.slice(type.length), `${name} (${subscriber})`]);
  for (const one of headings) {
    const action = actions.get(one);
    if (action !== undefined) return action;
  }
  return null;
}

function consumedSection(facts: ModuleFacts, { action }: DocumentWords, present: string): string {
  const actions = writtenActions(present);
  const sections = handledEvents(facts).map((handled, index) =>
    [
      `### ${index + 1}. ${handled.heading}`,
      ...(handled.definition === null ? [] : [eventType(facts, handled.definition)]),
      `**Handler:** ${handlerOf(facts, handled)}`,
      `**${action}:** ${actionOf(handled, actions, facts) ?? unsaid}`,
      handled.watches
        ? "**Idempotent:** Yes. Nothing is claimed; what it does is harmless a second time."
        : `**Idempotent:** Yes. The claim (\`${handled.subscriber}\`, stream message id), the effects and the events they cause commit in one transaction; a second delivery changes nothing.`,
    ].join("\n\n"),
  );
  return sections.length === 0 ? "None." : sections.join("\n\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function payloadTable(definition: EventDefinition): string {
  const rows = payloadFields(definition).map(({ path, type, required, limits, meaning }) => {
    const inHistory = definition.nullOnlyInHistory.includes(path) ? "never null when published" : null;
    const mark = definition.personal.find(({ field }) => field === path);
    const sealed = mark === undefined ? null : `Personal: sealed with the key of \`${mark.subject}\`.`;
    const about = [meaning, limits, inHistory, sealed].filter((part) => part).join(" ");
    return `| \`${path}\` | ${cell(type)} | ${required ? "yes" : "no"} | ${cell(about)} |`;
  });
  return ["| Field | Type | Required | Meaning, limits |", "|---|---|---|---|", ...rows].join("\n");
}

function eventsSection(facts: ModuleFacts): string {
  const published = facts.published.map((definition, index) =>
    [
      `### ${index + 1}. ${definition.type}`,
      `**When:** ${definition.when}.`,
      `**Criticality:** ${definition.criticality}`,
      `**Schema version:** ${definition.version}`,
      `**Payload:**\n\n${payloadTable(definition)}`,
      `**Consumers:**\n\n${readers(definition, facts.allConsumers)}`,
    ].join("\n\n"),
  );
  const consumed = handledEvents(facts).map((handled) => {
    const { definition } = handled;
    const about =
      definition === null ? "every event | all |" : `\`${definition.type}\` | ${definition.module} |`;
    return `| ${about} ${definition?.criticality ?? "any"} | ${handlerOf(facts, handled)} |`;
  });
  return [
    `## Events Published by ${facts.module}`,
    ...(published.length === 0 ? ["None."] : published),
    `## Events Consumed by ${facts.module}`,
    consumed.length === 0
      ? "None."
      : ["| Event | Published by | Criticality | Handler |", "|---|---|---|---|", ...consumed].join("\n"),
  ].join("\n\n");
}

/**
 * The documents of one module, with their generated parts made anew; the rest is kept.
 *
 * @param root of the project
 * @param folder of the module, from there
 */
export async function documentsOf(
  root: string,
  folder: string,
  facts: ModuleFacts,
): Promise<readonly GeneratedFile[]> {
  const readme = `${folder}/README.md`;
  const events = `${folder}/EVENTS.md`;
  let text = await readModuleDocument(join(root, readme), facts.module, facts.variables);
  const words = documentWords[languageOf(text)];
  text = fill(text, "published", () => publishedSection(facts, words));
  text = fill(text, "consumed", (present) => consumedSection(facts, words, present));
  const action = text.includes(`**${words.action}:** ${unsaid}\n`)
    ? `A handler's action is not described. Write it behind "**${words.action}:**" instead of "${unsaid}".`
    : null;
  const content = fill(await readModuleDocument(join(root, events), facts.module), "events", () =>
    eventsSection(facts),
  );
  return [
    {
      path: readme,
      content: text,
      problem: allOf([action, ...settingFaults(facts, text), unwrittenParts(text)]),
    },
    {
      path: events,
      content,
      problem: allOf([
        ...exportFaults(facts),
        ...documentFaults(facts.published, facts.allConsumers),
        unwrittenParts(content),
      ]),
    },
  ];
}

/** What is to be done, a line each; null: nothing. */
export function allOf(problems: readonly (string | null)[]): string | null {
  return problems.filter((problem) => problem !== null).join("\n  ") || null;
}

/** TypeScript files of a module, by path from the root; without its tests. */
export async function readSources(root: string, folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(join(root, folder), { recursive: true });
  const paths = names.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts")).sort();
  const texts = paths.map(async (name) => {
    const path = `${folder}/${name}`;
    return [path, await readFile(join(root, path), "utf8")] as const;
  });
  return new Map(await Promise.all(texts));
}
