/** The event parts of each module's README.md and EVENTS.md, from the catalog and from the consumers. */

import { readdir, readFile } from "node:fs/promises";
import { catalog } from "../../src/composition.ts";
import { parseConfig } from "../../src/config.ts";
import { documentFaults } from "../../src/governance/pages/document-faults.ts";
import type { GeneratedFile } from "../../src/governance/pages/generated-file.ts";
import { completeGolden } from "../../src/governance/pages/golden-payloads.ts";
import { unexplained } from "../../src/governance/pages/module-document.ts";
import {
  allOf,
  documentsOf,
  type ModuleFacts,
  readSources,
} from "../../src/governance/pages/module-pages.ts";
import { openProduct } from "../../src/http-composition.ts";
import { product } from "../../src/product.ts";
import { root } from "../root.ts";
import { readEventExports } from "./event-exports.ts";

const goldenPath = "schemas/fixtures/released.json";

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
      sources: await readSources(root, `src/modules/${name}`),
      exports,
      events: "schemas/events",
      readAliases: catalog.readAliases,
    })),
  );
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

const documentsHere = (facts: ModuleFacts) => documentsOf(root, `src/modules/${facts.module}`, facts);

/**
 * README.md and EVENTS.md of every module, the golden payloads, and what only an author can add: all of it in one run. A
 * module that has no documents gets them, with their headings; an event that has no golden payload gets its fields.
 */
export async function generateDocs(): Promise<readonly GeneratedFile[]> {
  const modules = await readModules();
  const documented = new Set(modules.map(({ module }) => module));
  // Events whose module is none of the product stand in no document; the same holds for them.
  const others = catalog.all.filter(({ module }) => !documented.has(module));
  const golden = completeGolden(await readFile(root + goldenPath, "utf8"), catalog.all, catalog.readAliases);
  const faults = documentFaults(others, modules[0]?.allConsumers ?? []);
  return [
    await listFaults(),
    ...(await Promise.all(modules.map(documentsHere))).flat(),
    { path: goldenPath, ...golden, problem: allOf([golden.problem, ...faults]) },
  ];
}
