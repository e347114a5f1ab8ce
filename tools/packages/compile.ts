/** JavaScript and declarations of the packages that others can install, in `dist/` of each. */

import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { builtFrom, type PackageFolder, packages, readManifest, root } from "./manifest.ts";
import { namesOfJavaScript } from "./names-of-javascript.ts";
import { isUnchanged, noteUnchanged } from "./unchanged.ts";

/** Files behind the doors of a package; a door with `*` has many. */
function sourcesOf(folder: PackageFolder): string[] {
  const cwd = join(root, folder);
  return Object.values(readManifest(folder).exports).flatMap((source) => {
    const files = globSync(source, { cwd, exclude: ["**/*.test.ts"] });
    if (files.length === 0)
      throw new Error(`${folder}/package.json exports "${source}", and no such file exists.`);
    return files.map((path) => join(cwd, path));
  });
}

/** Declarations of packages that are built already, in place of their sources. */
function declarationsOf(built: readonly PackageFolder[]): Record<string, string[]> {
  return Object.fromEntries(
    built.flatMap((folder) => {
      const { name, exports } = readManifest(folder);
      return Object.entries(exports).map(([door, source]) => [
        name + door.slice(1),
        [join(root, folder, builtFrom(source).types)],
      ]);
    }),
  );
}

/** Web standards, and nothing of Node, Workers or Deno: what does not compile so would not run everywhere. */
const library = ["ES2024", "ESNext.Disposable", "DOM", "DOM.Iterable", "DOM.AsyncIterable"];

/** The compiler's complaint about an empty list: the files come from the doors. */
const noFiles = 18_002;

function optionsFor(folder: PackageFolder): ts.CompilerOptions {
  const config = {
    extends: "./tsconfig.json",
    compilerOptions: {
      noEmit: false,
      allowImportingTsExtensions: false,
      rewriteRelativeImportExtensions: true,
      declaration: true,
      sourceMap: true,
      // Debuggers and stack traces show the source, which is not in the package otherwise.
      inlineSources: true,
      types: [],
      lib: library,
      rootDir: join(root, folder),
      outDir: join(root, folder, "dist"),
      paths: declarationsOf(packages.slice(0, packages.indexOf(folder))),
    },
    files: [],
    include: [],
  };
  const { options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  report(
    "tsconfig.json",
    errors.filter(({ code }) => code !== noFiles),
  );
  return options;
}

function report(what: string, faults: readonly ts.Diagnostic[]): void {
  if (faults.length === 0) return;
  const text = ts.formatDiagnostics(faults, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => root,
    getNewLine: () => "\n",
  });
  throw new Error(`${what} does not compile as a package:\n${text}`);
}

/** Path and text of all that `dist` holds. */
function compile(folder: PackageFolder): ReadonlyMap<string, string> {
  const program = ts.createProgram(sourcesOf(folder), optionsFor(folder));
  report(folder, ts.getPreEmitDiagnostics(program));
  const files = new Map<string, string>();
  const { diagnostics } = program.emit(
    undefined,
    (path, text) => files.set(path, text),
    undefined,
    undefined,
    { afterDeclarations: [namesOfJavaScript] },
  );
  report(folder, diagnostics);
  return files;
}

/** Writes what differs only: whoever reads at the same time, or builds the same, sees whole files. */
function write(dist: string, files: ReadonlyMap<string, string>): void {
  for (const path of globSync("**/*.{js,ts,map}", { cwd: dist }).map((name) => join(dist, name))) {
    if (!files.has(path)) rmSync(path);
  }
  for (const [path, text] of files) {
    if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/**
 * Builds a package and those that it needs, where something has changed.
 *
 * @throws {Error} with the compiler's messages; the earlier `dist` stays then
 */
export function build(folder: PackageFolder): void {
  for (const needed of packages.slice(0, packages.indexOf(folder) + 1)) {
    if (isUnchanged(needed)) continue;
    write(join(root, needed, "dist"), compile(needed));
    noteUnchanged(needed);
  }
}
