import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { blocksOf, readProject } from "../../tools/checks/documents.ts";
import { withDatabase } from "../../workers/local/neon/database.ts";
import { cloneTemplate, describeTemplate } from "../database-pool.ts";
import { typeErrorsOf } from "../type-errors.ts";
import { createOverlay, type Overlay } from "./overlay.ts";

/*
 * The module of the documents' examples, made in a copy of the project exactly as they say, then compiled and tested there
 * on the Redis and the Postgres of this run.
 */

const { documents } = await readProject();
const examples = blocksOf(documents, "ts").map(({ path: document, line, text }) => {
  const path = /^\/\/ (\S+\.ts)\n/.exec(text)?.[1];
  if (path === undefined)
    throw new Error(`The example of ${document}:${line} has no path in its first line.`);
  return { document, path, text };
});

const timeLimitMs = 400_000;
let overlay: Overlay;

beforeAll(async () => {
  overlay = await createOverlay();
  for (const { path, text } of examples) await overlay.write(path, text);
  // The folder of the module and its file of events are written; what is left is its name in the list.
  const { insertBehind } = overlay;
  const door = 'import { library } from "./modules/library/index.ts";';
  await insertBehind("src/product.ts", 'from "./modules/ir_governance/index.ts";', door);
  await insertBehind("src/product.ts", "  irGovernance,", "library,");
}, timeLimitMs);

afterAll(async () => {
  await overlay?.remove();
});

test("each file is shown once", () => {
  const paths = examples.map(({ path }) => path);
  expect(paths).toEqual([...new Set(paths)]);
  expect(new Set(examples.map(({ document }) => document)).size).toBeGreaterThan(2);
});

test(
  "the examples compile under the project's own settings",
  async () => {
    // The setup tells the compiler what the tests are provided with.
    const files = [...examples.map(({ path }) => path), "src/product.ts", "test/services.setup.ts"];
    const extended = { extends: "./tsconfig.json", files, include: [] };
    await overlay.write("tsconfig.examples.json", JSON.stringify(extended));
    expect(await typeErrorsOf({ folder: overlay.folder, config: "tsconfig.examples.json" })).toBe("");
  },
  timeLimitMs,
);

test("the examples are written in the house style", async () => {
  // The copy is in no repository, so nothing in it is ignored.
  const options = ["--error-on-warnings", "--vcs-enabled=false"];
  await overlay.run("biome", ["check", ...options, ...examples.map(({ path }) => path)]);
});

test(
  "the new tables get a migration, and the example's own test passes",
  async () => {
    await overlay.run("drizzle-kit", ["generate"]);
    const services = inject("services");
    const { databaseUrl } = services;
    const name = await cloneTemplate(services);
    await overlay.run("node", ["workers/local/migrate.ts"], {
      DATABASE_URL: withDatabase(databaseUrl, name),
    });
    const template = await describeTemplate(databaseUrl, name);
    const provide = { services: { ...services, template } };
    const tested = examples.filter(({ path }) => path.endsWith(".test.ts")).map(({ path }) => path);
    // As patient as the project itself: only what hangs ends by these.
    const test = { provide, testTimeout: 180_000, hookTimeout: 240_000 };
    await overlay.write("vitest.config.mjs", `export default ${JSON.stringify({ test })}`);
    expect(tested).not.toEqual([]);
    const output = await overlay.run("vitest", ["run", "--reporter=verbose", ...tested]);
    for (const path of tested) expect(output).toContain(path);
  },
  timeLimitMs,
);
