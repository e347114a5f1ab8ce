/**
 * `npm run generate` writes all generated files anew. With `--check` nothing is written: it tells which of them differ
 * from what would be written, and where.
 */

import { readFile, writeFile } from "node:fs/promises";
import { firstDifference, type GeneratedFile } from "../src/governance/pages/generated-file.ts";
import { generateMigrationLists } from "./generated/migration-list.ts";
import { root } from "./root.ts";
import { readToolOptions } from "./tool-options.ts";

/** The lists of migrations come first: the others import the product, and with it the lists. */
const generators: readonly (() => Promise<readonly GeneratedFile[]>)[] = [
  generateMigrationLists,
  async () => (await import("./generated/dump-schema.ts")).dumpSchemas(),
  async () => (await import("./generated/generate-docs.ts")).generateDocs(),
  // Behind the documents: they come with the golden payloads, which the catalogue has too.
  async () => (await import("./generated/generate-catalogue.ts")).generateCatalogue(),
  async () => (await import("./generated/breaking-rules.ts")).generateBreakingRules(),
  async () => (await import("./generated/route-table.ts")).generateRouteTable(),
  async () => (await import("./generated/rule-table.ts")).generateRuleTable(),
  async () => (await import("./generated/release-facts.ts")).generateReleaseFacts(),
  async () => (await import("./generated/console-assets.ts")).generateConsoleAssets(),
];

async function handle(file: GeneratedFile, onlyCheck: boolean): Promise<boolean> {
  const present = await readFile(root + file.path, "utf8").catch(() => "");
  const differs = present !== file.content;
  if (file.problem !== null) console.error(`✗ ${file.path}: ${file.problem}`);
  if (differs && onlyCheck) {
    console.error(
      `✗ ${file.path} is out of date. Run npm run generate.\n  ${firstDifference(present, file.content)}`,
    );
  } else if (differs) {
    await writeFile(root + file.path, file.content);
    console.log(`✓ ${file.path} written`);
  } else console.log(`✓ ${file.path} is up to date`);
  return file.problem === null && !(differs && onlyCheck);
}

const { check: onlyCheck } = readToolOptions("usage: npm run generate [-- --check]", {
  options: { check: { type: "boolean", default: false } },
}).values;
let failures = 0;
for (const generate of generators) {
  try {
    for (const file of await generate()) if (!(await handle(file, onlyCheck))) failures++;
  } catch (error) {
    failures++;
    console.error(`✗ ${error instanceof Error ? error.message : String(error)}`);
  }
}
process.exitCode = failures === 0 ? 0 : 1;
