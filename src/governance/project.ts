/** A project as the rules see it. What a rule does not ask for is not read. */

import { type Document, readDocuments } from "./tree/documents.ts";
import { type ProjectFiles, readFiles } from "./tree/files.ts";
import { readTypeScript, type TypeScriptTree } from "./tree/typescript.ts";

export interface Project {
  readonly files: ProjectFiles;
  readonly typescript: TypeScriptTree;
  /** Markdown, by path. */
  readonly documents: ReadonlyMap<string, Document>;
}

/** @throws {TreeError} there are more files than anybody can judge */
export async function readProject(root: string): Promise<Project> {
  return projectOf(await readFiles(root));
}

export function projectOf(files: ProjectFiles): Project {
  let typescript: TypeScriptTree | null = null;
  let documents: ReadonlyMap<string, Document> | null = null;
  return {
    files,
    get typescript() {
      typescript ??= readTypeScript(files);
      return typescript;
    },
    get documents() {
      documents ??= readDocuments(files);
      return documents;
    },
  };
}
