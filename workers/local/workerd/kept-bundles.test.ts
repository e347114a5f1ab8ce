import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Bundle, keptBundle } from "./kept-bundles.ts";

let root: string;
/** Outside of the root, as what is there is an input of nothing. */
let folder: string;
/** How many bundles were made, not kept ones. */
let made: number;

beforeEach(async () => {
  const place = await realpath(await mkdtemp(join(tmpdir(), "brain-kept-")));
  root = join(place, "project");
  folder = join(place, "kept");
  made = 0;
  await put("package.json", '{ "type": "module" }');
  await put(
    "src/main.ts",
    'import { one } from "one";\nimport { two } from "./parts/two.js";\nsay(one, two);',
  );
  await put("src/parts/two.js", 'export const two = "2";');
  await put("node_modules/one/package.json", '{ "name": "one", "exports": "./a.js" }');
  await put("node_modules/one/a.js", 'export const one = "a";');
  await put("node_modules/one/b.js", 'export const one = "b";');
  await put("maker.ts", "");
});
afterEach(() => rm(dirname(root), { recursive: true, force: true }));

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

interface Asked {
  readonly minify?: boolean;
  readonly entry?: string;
  /** Happens when all files are read, before the bundle is there. */
  readonly meanwhile?: () => Promise<void>;
}

async function make(notesInputs: Plugin, { minify = false, entry = "src/main.ts", meanwhile }: Asked) {
  made += 1;
  const options = { bundle: true, write: false, format: "esm", logLevel: "silent", minify } as const;
  const entryPoints = [join(root, entry)];
  const { outputFiles } = await build({
    ...options,
    entryPoints,
    plugins: [notesInputs],
    absWorkingDir: root,
  });
  await meanwhile?.();
  return { main: outputFiles[0]?.text ?? "", parts: { "part.js": "of it" } };
}

function bundle(asked: Asked = {}): Promise<Bundle> {
  const { minify, entry } = asked;
  const key = JSON.stringify({ minify, entry });
  return keptBundle({ folder, root, key, makers: [join(root, "maker.ts")] }, (plugin) => make(plugin, asked));
}

const files = () => readdir(folder).catch((): string[] => []);

test("a bundle is made once, and is the same from then on, in another process too", async () => {
  const first = await bundle();
  expect(await bundle()).toEqual(first);
  expect(first.main).toContain('"a"');
  expect(first.parts).toEqual({ "part.js": "of it" });
  expect(made).toBe(1);
  expect(await files()).toHaveLength(1);
});

describe("it is made anew", () => {
  const changes: Readonly<Record<string, readonly [() => Promise<unknown>, RegExp]>> = {
    "when a source has changed": [() => put("src/parts/two.js", 'export const two = "second";'), /"second"/],
    "when a source of the same size and time has changed": [
      async () => {
        const time = new Date("2026-01-01T00:00:00Z");
        await put("src/parts/two.js", 'export const two = "9";');
        await utimes(join(root, "src/parts/two.js"), time, time);
      },
      /"9"/,
    ],
    "when a file of a package has changed": [
      () => put("node_modules/one/a.js", 'export const one = "new";'),
      /"new"/,
    ],
    "when a package says that another file is it": [
      () => put("node_modules/one/package.json", '{ "name": "one", "exports": "./b.js" }'),
      /"b"/,
    ],
    "when a package comes nearer": [
      async () => {
        await put("src/node_modules/one/package.json", '{ "name": "one", "exports": "./near.js" }');
        await put("src/node_modules/one/near.js", 'export const one = "near";');
      },
      /"near"/,
    ],
    "when a file comes that an import leads to before": [
      () => put("src/parts/two.ts", 'export const two: string = "typed";'),
      /"2"|"typed"/,
    ],
    "when the compiler is told another way": [
      () =>
        put("tsconfig.json", '{ "compilerOptions": { "paths": { "one": ["./node_modules/one/b.js"] } } }'),
      /"b"/,
    ],
    "when what makes it has changed": [() => put("maker.ts", "// otherwise"), /"a"/],
  };

  for (const [name, [change, expected]] of Object.entries(changes)) {
    test(name, async () => {
      const time = new Date("2026-01-01T00:00:00Z");
      await utimes(join(root, "src/parts/two.js"), time, time);
      await bundle();
      await change();
      expect((await bundle()).main).toMatch(expected);
      expect(made).toBe(2);
      // Which is kept then.
      expect((await bundle()).main).toMatch(expected);
      expect(made).toBe(2);
    });
  }

  test("when what has not been touched for a while has changed, whatever it says of its size and time", async () => {
    const path = join(root, "src/parts/two.js");
    const time = new Date("2026-01-01T00:00:00Z");
    await utimes(path, time, time);
    await delay(2_100);
    await bundle();
    await bundle();
    expect(made).toBe(1);
    await put("src/parts/two.js", 'export const two = "9";');
    await utimes(path, time, time);
    expect((await bundle()).main).toContain('"9"');
    await put("src/node_modules/one/package.json", '{ "name": "one", "exports": "./near.js" }');
    await put("src/node_modules/one/near.js", 'export const one = "near";');
    expect((await bundle()).main).toContain('"near"');
    expect(made).toBe(3);
  });

  test("with other options, and then both are kept", async () => {
    const long = await bundle();
    const short = await bundle({ minify: true });
    expect(short.main).not.toBe(long.main);
    expect([await bundle(), await bundle({ minify: true })]).toEqual([long, short]);
    expect(made).toBe(2);
  });

  test("when a link leads elsewhere", async () => {
    await put("packages/first/index.js", 'export const one = "first";');
    await put("packages/second/index.js", 'export const one = "second";');
    const link = join(root, "node_modules/one");
    const lead = async (name: string) => {
      await rm(link, { recursive: true });
      await symlink(`../packages/${name}`, link);
    };
    await lead("first");
    expect((await bundle()).main).toContain('"first"');
    await lead("second");
    expect((await bundle()).main).toContain('"second"');
  });

  test("when what was kept is not whole, or no bundle", async () => {
    const whole = await bundle();
    const [name = ""] = await files();
    const file = join(folder, name);
    const text = await readFile(file, "utf8");
    for (const broken of ["", text.slice(0, -20), text.replace('\\"a\\"', '\\"c\\"'), "\n", "x\n{}"]) {
      expect(broken).not.toBe(text);
      await writeFile(file, broken);
      expect(await bundle()).toEqual(whole);
    }
    // Made right again each time.
    expect(await bundle()).toEqual(whole);
    expect(made).toBe(6);
  });
});

describe("it is not kept", () => {
  test("when a file changed while it was made", async () => {
    const meanwhile = () => put("src/parts/two.js", 'export const two = "later";');
    expect((await bundle({ meanwhile })).main).toContain('"2"');
    expect(await files()).toEqual([]);
    expect((await bundle()).main).toContain('"later"');
  });

  test("when a part of it is outside of the root", async () => {
    await writeFile(join(root, "../outside.ts"), 'say("outside");');
    await bundle({ entry: "../outside.ts" });
    await put("src/outside.ts", 'import "../../outside.ts";');
    await bundle({ entry: "src/outside.ts" });
    expect(await files()).toEqual([]);
  });

  test("when it cannot be made, and what was kept of before stays away", async () => {
    await bundle();
    await put("src/parts/two.js", "export const = ;");
    await expect(bundle()).rejects.toThrow("two.js");
    await put("src/parts/two.js", 'export const two = "mended";');
    expect((await bundle()).main).toContain('"mended"');
  });

  test("where a file is in the way of the folder", async () => {
    await writeFile(folder, "");
    expect((await bundle()).main).toContain('"a"');
    expect((await bundle()).main).toContain('"a"');
    expect(made).toBe(2);
  });
});

test("no more are kept than sixteen, and the one that was asked for last is none of the first to go", async () => {
  const entries = Array.from({ length: 17 }, (_, index) => `src/entry-${index}.ts`);
  for (const entry of entries) await put(entry, `say("${entry}");`);
  const [oldest = "", second = "", ...others] = entries;
  const last = others.pop() ?? "";
  let age = Date.parse("2026-01-01T00:00:00Z");
  for (const entry of [oldest, second, ...others]) {
    const before = await files();
    await bundle({ entry });
    const added = (await files()).find((name) => !before.includes(name)) ?? "";
    age += 60_000;
    await utimes(join(folder, added), new Date(age), new Date(age));
  }
  await bundle({ entry: oldest });
  expect(made).toBe(16);
  await bundle({ entry: last });
  expect(await files()).toHaveLength(16);
  await bundle({ entry: oldest });
  expect(made).toBe(17);
  await bundle({ entry: second });
  expect(made).toBe(18);
});

test("processes that make one at the same time all get it whole, and leave one", async () => {
  await put(
    "src/main.ts",
    `import { one } from "one"; say(one, ${JSON.stringify("long ".repeat(200_000))});`,
  );
  const module = fileURLToPath(new URL("./kept-bundles.ts", import.meta.url).href);
  const esbuild = import.meta.resolve("esbuild");
  const program = `
    import { build } from ${JSON.stringify(esbuild)};
    import { keptBundle } from ${JSON.stringify(module)};
    const root = ${JSON.stringify(root)};
    for (let round = 0; round < 4; round += 1) {
      const { main } = await keptBundle(
        { folder: ${JSON.stringify(folder)}, root, key: "one", makers: [] },
        async (plugin) => {
          const { outputFiles } = await build({ bundle: true, write: false, format: "esm", absWorkingDir: root,
            entryPoints: [root + "/src/main.ts"], plugins: [plugin] });
          return { main: outputFiles[0].text, parts: {} };
        },
      );
      if (main.length < 1_000_000 || !main.includes('"a"')) throw new Error("not whole: " + main.length);
      // A change of nothing that it is made of: a name that a folder has more, in this or in the other process.
      (await import("node:fs")).writeFileSync(root + "/src/" + process.pid + "-" + round, "");
    }`;
  const ended = Array.from({ length: 2 }, async () => {
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let told = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      told += text;
    });
    const [code] = await once(child, "close");
    return { code, told };
  });
  expect(await Promise.all(ended)).toEqual(Array.from({ length: 2 }, () => ({ code: 0, told: "" })));
  const left = await files();
  expect(left.every((name) => name.endsWith(".json"))).toBe(true);
  expect(left.length).toBeLessThanOrEqual(1);
});
