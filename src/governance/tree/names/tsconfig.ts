/**
 * What the settings of TypeScript say about a file of the project: those of the nearest folder, with what they extend, and
 * those that they refer to.
 *
 * Sources: https://www.typescriptlang.org/tsconfig/#extends, https://www.typescriptlang.org/docs/handbook/project-references.html
 */

import { readFileSync, statSync } from "node:fs";
import { posix } from "node:path";
import ts from "typescript";
import type { ProjectFiles } from "../files.ts";
import { rememberEach } from "../remember-each.ts";

/** One `tsconfig.json`, as the compiler reads it. */
export interface Settings {
  /** Paths in them are from the root of the machine. */
  readonly options: ts.CompilerOptions;
  /** Files from the root of the project. */
  readonly references: readonly string[];
}

const name = "tsconfig.json";

/**
 * Remembers what it has read.
 *
 * @returns all that may hold for what stands in a folder, the nearest first
 */
export function readSettings(project: Pick<ProjectFiles, "root" | "files" | "workspaces">) {
  const host = hostOf(project);
  const settingsOf = rememberEach((file: string): Settings | null => {
    const path = posix.join(project.root, file);
    const text = host.readFile(path);
    if (text === undefined) return null;
    const { config } = ts.parseConfigFileTextToJson(path, text) as { readonly config?: unknown };
    const folder = posix.dirname(path);
    const { options, projectReferences } = ts.parseJsonConfigFileContent(
      config ?? {},
      host,
      folder,
      {},
      path,
    );
    const references = (projectReferences ?? []).map((one) => {
      const target = posix.relative(project.root, one.path);
      return target.endsWith(".json") ? target : posix.join(target, name);
    });
    return { options, references };
  });

  const settingsIn = rememberEach((folder: string): readonly Settings[] => {
    const own = folder === "." ? name : `${folder}/${name}`;
    const found = new Map<string, Settings>();
    const add = (file: string) => {
      const settings = found.has(file) ? null : settingsOf(file);
      if (settings === null) return;
      found.set(file, settings);
      settings.references.forEach(add);
    };
    if (project.files.has(own)) add(own);
    const further = folder === "." ? [] : settingsIn(posix.dirname(folder));
    return [...found.values(), ...further];
  });
  return settingsIn;
}

/** Files that are judged need not be those on the disk; packages are read from there, or are workspaces of this project. */
function hostOf({ root, files, workspaces }: Pick<ProjectFiles, "root" | "files" | "workspaces">) {
  const places = workspaces
    .filter(({ folder }) => folder !== "")
    .map((one) => ({ from: `node_modules/${one.name}/`, to: `${one.folder}/` }));
  const judged = (path: string): string | undefined => {
    const file = posix.relative(root, path);
    const place = places.find(({ from }) => file.startsWith(from));
    return files.get(place === undefined ? file : place.to + file.slice(place.from.length))?.text;
  };
  return {
    useCaseSensitiveFileNames: true,
    readDirectory: () => [],
    fileExists: (path: string) =>
      judged(path) !== undefined || statSync(path, { throwIfNoEntry: false })?.isFile() === true,
    directoryExists: () => true,
    readFile(path: string): string | undefined {
      const own = judged(path);
      if (own !== undefined) return own;
      try {
        return readFileSync(path, "utf8");
      } catch {
        return undefined;
      }
    },
  };
}
