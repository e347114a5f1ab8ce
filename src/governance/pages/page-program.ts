/** A process of its own that imports the product of an app, and makes the pages that say what its code says. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Catalog, EventDefinition } from "@brain/schemas";
import { answerRequests, type Failed } from "../child-program.ts";
import type { GeneratedFile } from "./generated-file.ts";
import { completeGolden } from "./golden-payloads.ts";
import { documentsOf, type ModuleFacts, readSources } from "./module-pages.ts";
import type { PageConsumer } from "./page-consumer.ts";
import type { PageAnswer, PageRequest } from "./page-protocol.ts";

interface OpenedModule {
  readonly name: string;
  readonly consumers: readonly PageConsumer[];
}

interface Product {
  readonly events: readonly EventDefinition[];
  open(settings: object): { readonly modules: readonly OpenedModule[] };
}

type Exports = Readonly<Record<string, unknown>>;

/** By what it can do: its name may be anything. */
function isProduct(value: unknown): value is Product {
  const { events, open } = (value ?? {}) as Partial<Product>;
  return Array.isArray(events) && typeof open === "function";
}

/** The catalogue of an app is exported beside its product; where it is not, no older name is known. */
function aliasesIn(loaded: Exports): ReadonlyMap<string, string> {
  for (const value of Object.values(loaded)) {
    const { readAliases, canonicalType } = (value ?? {}) as Partial<Catalog>;
    if (readAliases instanceof Map && typeof canonicalType === "function") return readAliases;
  }
  return new Map();
}

const isOpened = (value: unknown): value is readonly OpenedModule[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((item) => typeof item?.name === "string" && Array.isArray(item.consumers));

/** Modules that need settings are opened by the app alone, which then has to export them. */
const openedIn = (loaded: Exports, product: Product): readonly OpenedModule[] =>
  Object.values(loaded).find(isOpened) ?? product.open({}).modules;

async function pagesOf(request: PageRequest): Promise<PageAnswer | Failed> {
  const { root, list, modules: folder, events, golden } = request;
  const loaded = (await import(pathToFileURL(join(root, list)).href)) as Exports;
  const product = Object.values(loaded).find(isProduct);
  if (product === undefined)
    return { kind: "failed", message: "none of its exports is a product (defineProduct)" };
  const modules = openedIn(loaded, product);
  const allConsumers = modules.flatMap(({ consumers }) => consumers);
  const places = new Map(request.exports.map(({ type, name, path }) => [type, { name, door: path }]));
  const exports = new Map(
    product.events.flatMap((definition) => {
      const place = places.get(definition.type);
      return place === undefined ? [] : [[definition, place] as const];
    }),
  );
  const readAliases = aliasesIn(loaded);
  const pages: GeneratedFile[] = [];
  for (const { name, consumers } of modules) {
    const facts: ModuleFacts = {
      module: name,
      published: product.events.filter(({ module }) => module === name),
      consumers,
      allConsumers,
      variables: [],
      sources: await readSources(root, `${folder}/${name}`),
      exports,
      events,
      readAliases,
    };
    pages.push(...(await documentsOf(root, `${folder}/${name}`, facts)));
  }
  const present = await readFile(join(root, golden), "utf8");
  pages.push({ path: golden, ...completeGolden(present, product.events, readAliases) });
  return { kind: "pages", pages };
}

answerRequests(pagesOf);
