import type { DocumentLanguage } from "../documents.ts";
import { ScaffoldError } from "../errors.ts";
import { goldenWith } from "../golden.ts";
import { eventFile, type Layout } from "../layout.ts";
import { listsWithModule, moduleDocuments } from "../module-documents.ts";
import { listWith, tenantTablesWith } from "../module-list.ts";
import { camel, checkEvent, checkName, domainsOf, type EventName } from "../names.ts";
import { stepsBehind } from "../steps.ts";
import type { Values } from "../templates.ts";
import type { Plan, PlannedFile } from "../write/plan.ts";
import { fromTemplate, templatePaths } from "../written.ts";
import { checkSentence, purposeOf } from "./purpose.ts";

export interface NewModule {
  readonly name: string;
  /** Wire name of its first event. */
  readonly event: string;
  /** A sentence; null: one is made of the event's name. */
  readonly purpose: string | null;
  readonly owner: string;
  readonly language: DocumentLanguage;
  /** `2026-11-27` */
  readonly date: string;
}

/** What a template is for; a module is made of those without a word of the others in their path. */
const ofOthers = /\/totals\/|-(?:consumer|letter)\.test\.ts$|\.md$|^migrations\//;

/** @throws {ScaffoldError} a name that the charter refuses, or that is taken */
function valuesOf(layout: Layout, options: NewModule): Values {
  const { name, owner, date } = options;
  checkName("module", name);
  if (layout.present.includes(name)) {
    throw new ScaffoldError(
      `"${name}" as the name of the module`,
      "a name that no module has",
      `${layout.modules}/${name} is one. Take another, or add to that one: charter new event --module ${name}.`,
    );
  }
  const event = checkEvent(options.event, domainsOf(name));
  requireFree(layout, event, name);
  const purpose = checkSentence("purpose", options.purpose ?? purposeOf(event));
  return { name, event, purpose, owner: checkSentence("owner", owner), date };
}

/** @throws {ScaffoldError} the event or the consumer is there already */
function requireFree(layout: Layout, event: EventName, subscriber: string): void {
  const taken = layout.definitions.find(
    ({ type, constant }) => type === event.type || constant === event.constant,
  );
  if (taken !== undefined) {
    throw new ScaffoldError(
      `"${event.type}" as the name of an event`,
      "a name that no event has",
      `${taken.path} defines it as ${taken.constant}. Take another action or resource.`,
    );
  }
  requireFreeSubscriber(layout, subscriber);
}

/** @throws {ScaffoldError} there is a consumer of that name */
export function requireFreeSubscriber(layout: Layout, subscriber: string): void {
  const path = layout.subscribers.get(subscriber);
  if (path === undefined) return;
  throw new ScaffoldError(
    `"${subscriber}" as the name of a consumer`,
    "a name that no consumer has: claims are kept under it",
    `${path} defines one. Take another name.`,
  );
}

/**
 * A whole module: event, tables, routes, consumer, documents, golden payload, the four tests, and its name in the list.
 *
 * @throws {ScaffoldError} nothing of it can be written
 */
export function planModule(layout: Layout, options: NewModule): Plan {
  const values = valuesOf(layout, options);
  const { name, event } = values;
  const templates = templatePaths(layout).filter(
    (path) => /sample[_-]room/.test(path) && !ofOthers.test(path),
  );
  const door =
    layout.kind === "product"
      ? `@brain/schemas/events/${eventFile(layout, name).slice(layout.events.length + 1, -3)}`
      : eventFile(layout, name);
  const module = { local: camel(name), imported: camel(name), path: `${layout.modules}/${name}/index.ts` };
  const table = `${camel(name)}Table`;
  const files: PlannedFile[] = [
    ...templates.map((path) => fromTemplate(layout, path, values)),
    ...moduleDocuments(layout, { ...values, door }, options.language),
    goldenWith(layout, event),
    listWith(layout, module),
  ];
  if (layout.kind === "product") {
    const path = `${layout.tests}/tenant-routes/${name.replaceAll("_", "-")}.ts`;
    files.push(tenantTablesWith(layout, { local: table, imported: table, path }));
    files.push(...listsWithModule(layout, values));
  }
  const test = files.find(({ path }) => path.endsWith("-events.test.ts"))?.path ?? "";
  const { steps, notes } = stepsBehind(layout, files, name);
  return { root: layout.root, files, steps, notes: [...notes, `Its tests: npm test -- ${test}`] };
}
