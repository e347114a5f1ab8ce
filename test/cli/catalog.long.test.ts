import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DiagnosticSeverity, Parser } from "@asyncapi/parser";
import * as sdk from "@eventcatalog/sdk";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { CloudEvent } from "cloudevents";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { charter as catalogue } from "../../schemas/charter.ts";
import released from "../../schemas/fixtures/released.json" with { type: "json" };
import { charter, openStation, type Station } from "./server.ts";

const openCatalog = sdk.default as unknown as typeof sdk.default.default;

let station: Station;
beforeAll(async () => {
  station = await openStation({ consumers: [] });
});
afterAll(() => station?.cleanup());

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "charter-catalog-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const types = catalogue.all.map(({ type }) => type);
const run = (...args: readonly string[]) => charter(station.url, ["catalog", ...args]);
const filesOf = async (path: string) => (await readdir(path, { recursive: true })).toSorted();

test("json is the catalogue as the API has it, without a look at the record", async () => {
  const { code, stdout } = await run();
  expect(code).toBe(0);
  expect(JSON.parse(stdout).events.map(({ type }: { type: string }) => type)).toEqual(types);
  expect(station.requests.at(-1)?.line).toBe("GET /api/catalog?observed=false");
});

test("asyncapi is a valid document, on standard output and in a file that is left alone when it is so already", async () => {
  const { code, stdout } = await run("--format", "asyncapi");
  expect(code).toBe(0);
  const { diagnostics, document } = await new Parser().parse(stdout);
  expect(diagnostics.filter(({ severity }) => severity === DiagnosticSeverity.Error)).toEqual([]);
  expect(document?.version()).toBe("3.0.0");
  const file = join(folder, "docs", "asyncapi.json");
  expect((await run("--format", "asyncapi", "--out", file)).stderr).toBe(`${file}: 1 written.\n`);
  expect(await readFile(file, "utf8")).toBe(stdout);
  const before = await stat(file);
  expect((await run("--format", "asyncapi", "--out", file)).stderr).toBe(`${file} is up to date.\n`);
  expect((await stat(file)).mtimeMs).toBe(before.mtimeMs);
});

test("cloudevents has an example of each type, which the official SDK takes", async () => {
  const { stdout } = await run("--format", "cloudevents");
  const listed = JSON.parse(stdout).types as { type: string; dataschema: string; example: object }[];
  expect(listed.map(({ type }) => type)).toEqual(types);
  for (const { type, dataschema, example } of listed) {
    expect(new CloudEvent(example, true).validate()).toBe(true);
    expect(example).toMatchObject({ type });
    expect(new URL(dataschema).pathname).toBe(`/schemas/${type}/1.json`);
  }
});

test("json-schema is a file for each version, and again changes nothing", async () => {
  const out = join(folder, "schemas");
  const first = await run("--format", "json-schema", "--out", out);
  expect([first.code, first.stderr]).toEqual([0, `${out}: ${2 * types.length} written.\n`]);
  const ajv = new Ajv2020();
  addFormats.default(ajv);
  ajv.addVocabulary(["x-brain-pii"]);
  const examples: Readonly<Record<string, object>> = released;
  for (const type of types) {
    for (const file of ["1.json", "1.publish.json"]) {
      const schema = JSON.parse(await readFile(join(out, type, file), "utf8"));
      expect(ajv.compile(schema)(examples[`${type}@1`]), `${type} ${file}`).toBe(true);
    }
  }
  await writeFile(join(out, "README.md"), "ours");
  const files = await filesOf(out);
  expect(JSON.parse((await run("--json", "--format", "json-schema", "--out", out)).stdout)).toEqual({
    written: [],
    removed: [],
    left: [],
  });
  expect(await filesOf(out)).toEqual(files);
});

test("eventcatalog is a folder that the official SDK reads, and again changes nothing", async () => {
  const first = await run("--format", "eventcatalog", "--out", folder);
  expect([first.code, first.stderr]).toEqual([0, expect.stringContaining("written.")]);
  const catalog = openCatalog(folder);
  const events = await catalog.getEvents();
  expect(events?.map(({ id }) => id).toSorted()).toEqual(types.toSorted());
  const services = await catalog.getServices();
  const sent = services?.flatMap(({ sends }) => sends ?? []).map(({ id }) => id);
  // Some are published by programs outside alone, and their modules have others that are published here.
  const published = catalogue.all.filter(({ producers }) => producers.length > 0).map(({ type }) => type);
  expect(sent).toEqual(expect.arrayContaining(published));
  const again = await run("--format", "eventcatalog", "--out", folder);
  expect([again.code, again.stderr]).toEqual([0, `${folder} is up to date.\n`]);
});

test("wrong use is told: a folder is needed, a file is in its place, a form that is none", async () => {
  expect(await run("--format", "eventcatalog")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--out <folder>"),
  });
  const file = join(folder, "a-file");
  await writeFile(file, "mine");
  expect((await run("--format", "json-schema", "--out", file)).code).toBe(2);
  expect(await readFile(file, "utf8")).toBe("mine");
  expect((await run("--format", "openapi")).code).toBe(2);
});

test.each([
  ["package.json", '{"name":"shop","events":[]}\n'],
  ["notes.md", "# Mine\n"],
  // Of another form: it may be what another tool reads.
  ["types.json", '{"specversion":"1.0","types":[]}\n'],
])("%s, which somebody else wrote, is left as it is until --force says so", async (name, mine) => {
  const file = join(folder, name);
  await writeFile(file, mine);
  for (const form of ["json", "asyncapi"]) {
    const { code, stderr } = await run("--format", form, "--out", file);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `charter: ${file} is there already, and is not a catalog in the form ${form}: it would be lost. Name another file, remove it, or add --force.\n`,
    });
    expect(await readFile(file, "utf8")).toBe(mine);
  }
  expect((await run("--out", file, "--force")).code).toBe(0);
  expect(JSON.parse(await readFile(file, "utf8"))).toHaveProperty("findings");
});

test("an earlier catalog of the same form, and an empty file, are written over", async () => {
  for (const before of ['{"events":[],"findings":[],"subscribers":[],"older":1}', ""]) {
    const file = join(folder, "catalog.json");
    await writeFile(file, before);
    expect(await run("--out", file)).toMatchObject({ code: 0, stderr: `${file}: 1 written.\n` });
  }
  const { code, stderr } = await run("--format", "json-schema", "--out", folder, "--force");
  expect([code, stderr]).toEqual([2, expect.stringContaining("--force is for one document")]);
});
