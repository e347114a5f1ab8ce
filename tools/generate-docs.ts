/** The event parts of each module's README.md and EVENTS.md, from the catalog and from the consumers. */

import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Consumer, Subscription } from "@brain/engine";
import type { EventDefinition } from "@brain/schemas";
import * as schemas from "@brain/schemas";
import { catalog, openProduct } from "../src/composition.ts";
import { parseConfig } from "../src/config.ts";
import { documentFaults, subscribersOf } from "./document-faults.ts";
import type { GeneratedFile } from "./generated-file.ts";
import { readModuleDocument, unwrittenParts } from "./module-document.ts";
import { payloadFields, payloadShape } from "./payload-fields.ts";

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
  /** TypeScript files of the module, by path from the root. */
  readonly sources: ReadonlyMap<string, string>;
}

const exportNames = new Map<unknown, string>(Object.entries(schemas).map(([name, value]) => [value, name]));

function exportName(definition: EventDefinition): string {
  const name = exportNames.get(definition);
  if (name !== undefined) return name;
  throw new Error(
    `The event "${definition.type}" is catalogued, but not exported. Export it from schemas/index.ts.`,
  );
}

function eventType(definition: EventDefinition): string {
  return `**EventType:** \`${definition.type}\`, defined as \`${exportName(definition)}\` in \`@brain/schemas\``;
}

function bullets(items: readonly string[]): string {
  return items.length === 0 ? "- none yet" : items.map((item) => `- ${item}`).join("\n");
}

/** Who handles it here, as the consumers themselves say, and what it is meant for elsewhere. */
function readers(definition: EventDefinition, all: readonly Consumer[]): string {
  return bullets([
    ...subscribersOf(definition, all).map((name) => `\`${name}\``),
    ...definition.outside.map((name) => `outside: ${name}`),
  ]);
}

function publishedSection(facts: ModuleFacts): string {
  const sections = facts.published.map((definition, index) => {
    const meta = {
      schema_version: definition.version,
      producer: definition.producers.join(" | ") || "(a program outside)",
      source_module: definition.module,
    };
    return [
      `### ${index + 1}. ${definition.type}`,
      eventType(definition),
      `**Wann:** ${definition.when}.`,
      `**Payload:**\n\n\`\`\`json\n${payloadShape(definition)}\n\`\`\``,
      `**Consumers:**\n\n${readers(definition, facts.allConsumers)}`,
      `**Meta:**\n\n\`\`\`json\n${JSON.stringify(meta, null, 2)}\n\`\`\``,
    ].join("\n\n");
  });
  return sections.length === 0 ? "None." : sections.join("\n\n");
}

/** Function and file of a handler, found where it is subscribed. */
function handlerOf(facts: ModuleFacts, definition: EventDefinition): string {
  const name = exportName(definition);
  const subscription = new RegExp(`\\b(on|onBatch)\\(\\s*${name},\\s*(?:(\\w+)\\s*[,)])?`);
  for (const [path, text] of facts.sources) {
    const found = subscription.exec(text);
    if (found !== null) return `\`${found[2] ?? `${found[1]}(${name}, …)`}\`, \`${path}\``;
  }
  throw new Error(
    `${facts.module} handles "${definition.type}", but no file of the module has on(${name}, …) or onBatch(${name}, …). Subscribe there.`,
  );
}

interface Handled {
  readonly subscriber: string;
  readonly definition: EventDefinition;
}

function handledEvents({ consumers }: ModuleFacts): readonly Handled[] {
  return consumers.flatMap(({ subscriber, byType }) => {
    const subscriptions: readonly Exclude<Subscription, { kind: "any" }>[] = [...byType.values()];
    return subscriptions.map(({ definition }) => ({ subscriber, definition }));
  });
}

/** The lines `**Aktion:** …` by wire name, which the author writes and the generator keeps. */
function writtenActions(section: string): ReadonlyMap<string, string> {
  const actions = new Map<string, string>();
  for (const part of section.split(/^### \d+\. /m).slice(1)) {
    const action = /^\*\*Aktion:\*\* (.+)$/m.exec(part)?.[1];
    if (action !== undefined) actions.set(part.split("\n", 1)[0] ?? "", action);
  }
  return actions;
}

function consumedSection(facts: ModuleFacts, present: string): string {
  const actions = writtenActions(present);
  const sections = handledEvents(facts).map(({ subscriber, definition }, index) =>
    [
      `### ${index + 1}. ${definition.type}`,
      eventType(definition),
      `**Handler:** ${handlerOf(facts, definition)}`,
      `**Aktion:** ${actions.get(definition.type) ?? unsaid}`,
      `**Idempotent:** Yes. The claim (\`${subscriber}\`, stream message id), the effects and the events they cause commit in one transaction; a second delivery changes nothing.`,
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
    const about = [meaning, limits, inHistory].filter((part) => part).join(" ");
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
  const consumed = handledEvents(facts).map(
    ({ definition }) =>
      `| \`${definition.type}\` | ${definition.module} | ${definition.criticality} | ${handlerOf(facts, definition)} |`,
  );
  return [
    `## Events Published by ${facts.module}`,
    ...(published.length === 0 ? ["None."] : published),
    `## Events Consumed by ${facts.module}`,
    consumed.length === 0
      ? "None."
      : ["| Event | Published by | Criticality | Handler |", "|---|---|---|---|", ...consumed].join("\n"),
  ].join("\n\n");
}

/** Replaces what stands between `<!-- generated:NAME -->` and `<!-- /generated:NAME -->`. */
function fill(path: string, text: string, name: string, make: (present: string) => string): string {
  const open = `<!-- generated:${name} -->\n`;
  const close = `<!-- /generated:${name} -->`;
  const start = text.indexOf(open);
  const end = text.indexOf(close, start);
  if (start < 0 || end < 0) {
    throw new Error(`${path} has no lines ${open.trim()} and ${close}. Put them where the part belongs.`);
  }
  const present = text.slice(start + open.length, end);
  return `${text.slice(0, start + open.length)}\n${make(present)}\n\n${text.slice(end)}`;
}

async function readModules(): Promise<readonly ModuleFacts[]> {
  const config = parseConfig({
    BRAIN_EVENTSTREAM_MODE: "degraded",
    NEON_DATABASE_URL: "postgres://nobody:nothing@localhost/nowhere",
    BRAIN_API_KEY: "only-for-the-documentation",
  });
  const { modules, consumers: allConsumers } = openProduct(config);
  return Promise.all(
    modules.map(async ({ name, consumers }) => ({
      module: name,
      published: catalog.all.filter(({ module }) => module === name),
      consumers,
      allConsumers,
      sources: await readSources(`src/modules/${name}`),
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

/**
 * README.md and EVENTS.md of every module with their generated parts made anew; the rest is kept. A module that has none
 * gets them, with their headings, to be completed.
 *
 * @throws {Error} the markers of a document are missing
 */
export async function generateDocs(): Promise<readonly GeneratedFile[]> {
  const files: GeneratedFile[] = [];
  const modules = await readModules();
  const documented = new Set(modules.map(({ module }) => module));
  // Events whose module is no folder stand in no document; the same holds for them.
  const others = catalog.all.filter(({ module }) => !documented.has(module));
  const faults = documentFaults(others, modules[0]?.allConsumers ?? []);
  if (faults.length > 0) throw new Error(faults.join("\n  "));
  for (const facts of modules) {
    const readme = `src/modules/${facts.module}/README.md`;
    const events = `src/modules/${facts.module}/EVENTS.md`;
    let text = await readModuleDocument(root + readme, facts.module);
    text = fill(readme, text, "published", () => publishedSection(facts));
    text = fill(readme, text, "consumed", (present) => consumedSection(facts, present));
    const action = text.includes(`**Aktion:** ${unsaid}\n`)
      ? `A handler's action is not described. Write it behind "**Aktion:**" instead of "${unsaid}".`
      : null;
    const problem = [action, unwrittenParts(text)].filter((part) => part !== null).join("\n  ") || null;
    files.push({ path: readme, content: text, problem });
    const present = await readModuleDocument(root + events, facts.module);
    const content = fill(events, present, "events", () => eventsSection(facts));
    const eventFaults = documentFaults(facts.published, facts.allConsumers).join("\n  ");
    files.push({ path: events, content, problem: eventFaults || unwrittenParts(content) });
  }
  return files;
}
