/**
 * What packages and the platform promise: asked of the compiler, with the declarations that are installed. It takes seconds,
 * so it is asked only for what nothing in the project tells.
 */

import { posix } from "node:path";
import ts from "typescript";
import type { ProjectFiles } from "../files.ts";
import { readSettings } from "./tsconfig.ts";

export interface PackageTypes {
  /** Whether a call gives back a promise. False: it does not, or nothing is installed that says so. */
  isPromise(call: ts.CallExpression): boolean;
}

/** @param roots files whose calls may be asked for */
export function readPackageTypes(project: ProjectFiles, roots: () => readonly string[]): PackageTypes {
  let program: ts.Program | null = null;
  const pathOf = (file: string) => posix.join(project.root, file);
  return {
    isPromise(call) {
      const file = call.getSourceFile().fileName;
      if (program?.getSourceFile(pathOf(file)) === undefined)
        program = programOf(project, [...new Set([...roots(), file])].map(pathOf));
      const source = program.getSourceFile(pathOf(file));
      const same = source === undefined ? null : nodeAt(source, call);
      if (same === null) return false;
      const checker = program.getTypeChecker();
      return isThenable(checker, checker.getTypeAtLocation(same), same);
    },
  };
}

function isThenable(checker: ts.TypeChecker, type: ts.Type, at: ts.Node): boolean {
  if (type.isUnion()) return type.types.some((one) => isThenable(checker, one, at));
  const then = type.getProperty("then");
  return then !== undefined && checker.getTypeOfSymbolAtLocation(then, at).getCallSignatures().length > 0;
}

/** The same place in another reading of the file. */
function nodeAt(source: ts.SourceFile, wanted: ts.Node): ts.Expression | null {
  let at: ts.Node | undefined = source;
  while (at !== undefined) {
    if (at.kind === wanted.kind && at.pos === wanted.pos && at.end === wanted.end) return at as ts.Expression;
    at = ts.forEachChild(at, (child) =>
      child.pos <= wanted.pos && wanted.end <= child.end ? child : undefined,
    );
  }
  return null;
}

/** Files are those that are judged, which need not be those on the disk; packages are read from there. */
function programOf(project: ProjectFiles, roots: readonly string[]): ts.Program {
  const options: ts.CompilerOptions = {
    ...writtenOptions(project),
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    allowJs: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ESNext,
  };
  const host = ts.createCompilerHost(options);
  const judged = (path: string) => project.files.get(posix.relative(project.root, path))?.text;
  const { fileExists, readFile } = host;
  host.readFile = (path) => judged(path) ?? readFile(path);
  host.fileExists = (path) => judged(path) !== undefined || fileExists(path);
  host.getSourceFile = (path, version) => {
    const text = host.readFile(path);
    return text === undefined ? undefined : ts.createSourceFile(path, text, version);
  };
  host.getCurrentDirectory = () => project.root;
  return ts.createProgram({ rootNames: roots, options, host });
}

/** Only what says how names are found: the rest is the project's own business. */
function writtenOptions(project: ProjectFiles): ts.CompilerOptions {
  const [settings] = readSettings(project)(".");
  const { paths, pathsBasePath, baseUrl, lib, types, customConditions, jsx } = settings?.options ?? {};
  return Object.fromEntries(
    Object.entries({ paths, pathsBasePath, baseUrl, lib, types, customConditions, jsx }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}
