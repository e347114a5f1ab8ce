import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const here = fileURLToPath(new URL(".", import.meta.url).href);
const ours = JSON.stringify(new URL("kept-resolution.ts", import.meta.url).href);

/** Tells on standard error what Node itself resolves and, whoever resolved it, what is loaded. */
const telling = `
  import { writeSync } from "node:fs";
  import { registerHooks } from "node:module";
  registerHooks({
    resolve(specifier, context, next) { writeSync(2, "asked " + specifier + "\\n"); return next(specifier, context); },
    load(url, context, next) { writeSync(2, "loaded " + url + " " + context.format + "\\n"); return next(url, context); },
  });`;
const keeping = `(await import(${ours})).keepResolutions();`;

/** What `code` prints, resolves and loads in a process of its own in `folder`. */
function run(folder: string, code: string, keeps: boolean) {
  const program = `${telling}\nawait import(${ours});\n${keeps ? keeping : ""}\nwriteSync(2, "begin\\n");\n${code}`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: folder,
    encoding: "utf8",
  });
  const lines = stderr.slice(stderr.indexOf("begin\n")).split("\n");
  const told = (kind: string) => lines.filter((line) => line.startsWith(`${kind} `));
  return { status, stdout, stderr, asked: told("asked"), loaded: told("loaded") };
}

let folder: string;

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "brain-resolution-"));
  const printing = (what: string) => `console.log(${JSON.stringify(what)});\n`;
  await write({
    "package.json": '{ "type": "module" }',
    "begin.js": 'import "./deep/er/asks.js"; import "./inner/asks.js"; import "two";',
    "deep/er/asks.js": 'import "two";',
    "inner/package.json": '{ "type": "module" }',
    "inner/asks.js": 'import "two";',
    "inner/node_modules/two/package.json": '{ "type": "module", "exports": "./index.js" }',
    "inner/node_modules/two/index.js": printing("the inner one"),
    "node_modules/two/package.json": '{ "type": "module", "exports": "./index.js" }',
    "node_modules/two/index.js": `import "./a.js"; import "./old/b.js"; import "./old/c.cjs"; ${printing("the outer one")}`,
    "node_modules/two/a.js": 'import "./old/b.js";',
    "node_modules/two/old/package.json": '{ "type": "commonjs" }',
    "node_modules/two/old/b.js": `exports.old = require("./only.js");\n${printing("old")}`,
    "node_modules/two/old/only.js": "module.exports = __filename;",
    "node_modules/two/old/c.cjs": printing("cjs"),
    "node_modules/broken/package.json": '{ "type": "module", "exports": "./index.js" }',
    "node_modules/broken/index.js": 'import "./there.js"; import "./gone.js";',
    "node_modules/broken/there.js": "",
    "breaks.js": 'await import("broken").catch((error) => console.log(error.code, error.message));',
  });
});

afterAll(() => rm(folder, { recursive: true }));

test("control: Node asks again at each import of a package and in it", () => {
  const { asked, loaded } = run(here, 'await import("drizzle-orm/pg-core");', false);
  expect(loaded.length).toBeGreaterThan(50);
  expect(asked.length).toBeGreaterThan(3 * loaded.length);
});

test("each package is asked for once, and each of its folders", () => {
  const code = 'await import("drizzle-orm/pg-core");';
  const { asked, loaded } = run(here, code, true);
  expect(asked.length).toBeLessThan(loaded.length / 4);
  expect(loaded).toEqual(run(here, code, false).loaded);
});

test("the same is loaded: another copy of a package for a package within, and files of each format", () => {
  const found = run(folder, 'await import("./begin.js");', true);
  expect(found.stdout.split("\n").toSorted()).toEqual(["", "cjs", "old", "the inner one", "the outer one"]);
  expect(found.loaded).toEqual(run(folder, 'await import("./begin.js");', false).loaded);
});

test("what is missing is told in Node's words", () => {
  const { stdout } = run(folder, 'await import("./breaks.js");', true);
  expect(stdout).toMatch(/^ERR_MODULE_NOT_FOUND Cannot find module '.*gone\.js' imported from .*index\.js/);
  expect(stdout).toBe(run(folder, 'await import("./breaks.js");', false).stdout);
});
