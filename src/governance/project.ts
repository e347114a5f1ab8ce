/** A project as the rules see it. What a rule does not ask for is not read. */

import { type Document, readDocuments } from "./tree/documents/documents.ts";
import { type ProjectFiles, readFiles } from "./tree/files.ts";
import { readTypeScript, type TypeScriptTree } from "./tree/product/typescript.ts";
import { isPython, loadPython } from "./tree/python/parser.ts";
import { type PythonTree, readPython } from "./tree/python/python.ts";
import { readTests, type TestTree } from "./tree/tests/tests.ts";

export interface Project {
  readonly files: ProjectFiles;
  readonly typescript: TypeScriptTree;
  /** Python of teams that come from the original; empty without any. */
  readonly python: PythonTree;
  /** What its tests show. */
  readonly tests: TestTree;
  /** Markdown, by path. */
  readonly documents: ReadonlyMap<string, Document>;
}

/** @throws {TreeError} there are more files than anybody can judge */
export async function readProject(root: string): Promise<Project> {
  const files = await readFiles(root);
  if ([...files.files.keys()].some(isPython)) await loadPython();
  return projectOf(files);
}

/** With files of Python in it, `loadPython()` comes first. */
export function projectOf(files: ProjectFiles): Project {
  let typescript: TypeScriptTree | null = null;
  let python: PythonTree | null = null;
  let tests: TestTree | null = null;
  let documents: ReadonlyMap<string, Document> | null = null;
  return {
    files,
    get typescript() {
      typescript ??= readTypeScript(files);
      return typescript;
    },
    get python() {
      python ??= readPython(files);
      return python;
    },
    get tests() {
      tests ??= readTests(files, this.typescript);
      return tests;
    },
    get documents() {
      documents ??= readDocuments(files);
      return documents;
    },
  };
}
