/** The event parts of each module's README.md and EVENTS.md, from the catalog and from the consumers. */

import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Consumer, definitionsOf, type Subscription } from "@brain/engine";
import { type EventDefinition, payloadFields, payloadShape } from "@brain/schemas";
import { catalog } from "../src/composition.ts";
import { parseConfig } from "../src/config.ts";
import { type DocumentWords, documentWords, languageOf } from "../src/governance/scaffold/documents.ts";
import { openProduct } from "../src/http-composition.ts";
import { product } from "../src/product.ts";
import { documentFaults, subscribersOf } from "./document-faults.ts";
import { type EventExport, readEventExports } from "./event-exports.ts";
import { fill, type GeneratedFile } from "./generated-file.ts";
import { generateGolden } from "./golden-payloads.ts";
import { readModuleDocument, unexplained, unwrittenParts } from "./module-document.ts";

const root = fileURLToPath(new URL("../", import.meta.url).href);

/** Stands where an author has yet to say what a handler does. */
const unsaid = "?";

/** What the sections of one module are made of. */
interface ModuleFacts {
  readonly module: string;
  readonly published: readonly EventDefinition[];
  /** None for a module that only publishes. */
  readonly consumers: readonly Consumer[];
  /** Those of the whole product. */
  readonly allConsumers: readonly Consumer[];
  /** Variables of the environment that it reads and `workers/README.md` does not explain. */
  readonly variables: readonly string[];
  /** TypeScript files of the module, by path from the root. */
  readonly sources: ReadonlyMap<string, string>;
  /** Where events are imported from, by their definitions. */
  readonly exports: ReadonlyMap<unknown, EventExport>;
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
    .map(({ type }) => `${type}: no file of schemas/events/ exports it. Define it there, and export it.`);
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
function readers(definition: EventDefinition, all: readonly Consumer[]): string {
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
    const subscriptions: readonly Subscription[] = [...new Set(byType.values())];
    const events = subscriptions.flatMap((subscription) =>
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

/** The lines `**Aktion:** …` by wire name, which the author writes and the generator keeps; in either language. */
function writtenActions(section: string): ReadonlyMap<string, string> {
  const actions = new Map<string, string>();
  for (const part of section.split(/^### \d+\. /m).slice(1)) {
    const action = /^\*\*(?:Aktion|Action):\*\* (.+)$/m.exec(part)?.[1];
    if (action !== undefined) actions.set(part.split("\n", 1)[0] ?? "", action);
  }
  return actions;
}

function consumedSection(facts: ModuleFacts, { action }: DocumentWords, present: string): string {
  const actions = writtenActions(present);
  const sections = handledEvents(facts).map((handled, index) =>
    [
      `### ${index + 1}. ${handled.heading}`,
      ...(handled.definition === null ? [] : [eventType(facts, handled.definition)]),
      `**Handler:** ${handlerOf(facts, handled)}`,
      `**${action}:** ${actions.get(handled.heading) ?? unsaid}`,
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

async function readModules(): Promise<readonly ModuleFacts[]> {
  const config = parseConfig({
    BRAIN_EVENTSTREAM_MODE: "degraded",
    NEON_DATABASE_URL: "postgres://nobody:nothing@localhost/nowhere",
    BRAIN_API_KEY: "only-for-the-documentation",
  });
  const { modules, consumers: allConsumers } = openProduct(config);
  const exports = await readEventExports();
  const shared = await readFile(`${root}workers/README.md`, "utf8");
  return Promise.all(
    modules.map(async ({ name, consumers }) => ({
      module: name,
      published: catalog.all.filter(({ module }) => module === name),
      consumers,
      allConsumers,
      variables: unexplained(product.settings[name]?.names ?? [], shared, ""),
      sources: await readSources(`src/modules/${name}`),
      exports,
    })),
  );
}

async function readSources(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(root + folder, { recursive: true });
  const paths = names.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts")).sort();
  const texts = paths.map(async (name) => {
    const path = `${folder}/${name}`;
    return [path, await readFile(root + path, "utf8")] as const;
  });
  return new Map(await Promise.all(texts));
}

/** Folders of modules that the product does not name; `ports` is what modules ask each other through. */
async function listFaults(): Promise<GeneratedFile> {
  const path = "src/product.ts";
  const entries = await readdir(`${root}src/modules`, { withFileTypes: true });
  const named = new Set(["ports", ...product.modules.map(({ name }) => name)]);
  const unnamed = entries.filter((entry) => entry.isDirectory() && !named.has(entry.name));
  const faults = unnamed.map(
    ({ name }) => `src/modules/${name} is a folder of no module of the list. Name its module there.`,
  );
  return { path, content: await readFile(root + path, "utf8"), problem: faults.join("\n  ") || null };
}

/** The documents of one module, with their generated parts made anew; the rest is kept. */
async function documentsOf(facts: ModuleFacts): Promise<readonly GeneratedFile[]> {
  const readme = `src/modules/${facts.module}/README.md`;
  const events = `src/modules/${facts.module}/EVENTS.md`;
  let text = await readModuleDocument(root + readme, facts.module, facts.variables);
  const words = documentWords[languageOf(text)];
  text = fill(text, "published", () => publishedSection(facts, words));
  text = fill(text, "consumed", (present) => consumedSection(facts, words, present));
  const action = text.includes(`**${words.action}:** ${unsaid}\n`)
    ? `A handler's action is not described. Write it behind "**${words.action}:**" instead of "${unsaid}".`
    : null;
  const content = fill(await readModuleDocument(root + events, facts.module), "events", () =>
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
function allOf(problems: readonly (string | null)[]): string | null {
  return problems.filter((problem) => problem !== null).join("\n  ") || null;
}

/**
 * README.md and EVENTS.md of every module, the golden payloads, and what only an author can add: all of it in one run. A
 * module that has no documents gets them, with their headings; an event that has no golden payload gets its fields.
 */
export async function generateDocs(): Promise<readonly GeneratedFile[]> {
  const modules = await readModules();
  const documented = new Set(modules.map(({ module }) => module));
  // Events whose module is none of the product stand in no document; the same holds for them.
  const others = catalog.all.filter(({ module }) => !documented.has(module));
  const golden = await generateGolden(catalog.all);
  const faults = documentFaults(others, modules[0]?.allConsumers ?? []);
  return [
    await listFaults(),
    ...(await Promise.all(modules.map(documentsOf))).flat(),
    { ...golden, problem: allOf([golden.problem, ...faults]) },
  ];
}
