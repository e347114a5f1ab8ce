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
  /** Paths in them are from the root of the machine. `paths` has lists of texts only. */
  readonly options: ts.CompilerOptions;
  /** Files from the root of the project. */
  readonly references: readonly string[];
  /** Folders from the root, with all below them, in which it says to have its sources. */
  readonly below: readonly string[];
  /** Folders from the root, of which it names files. */
  readonly beside: readonly string[];
}

type JsonRecord = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A text that stands where a list is meant is one. */
const textsIn = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === "string");

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
    try {
      return readText(project.root, path, text, host);
    } catch {
      // The compiler ends with an error of its own where settings are of a wrong kind.
      return null;
    }
  });

  /** Those of the folders around, with all that they refer to. */
  const settingsAround = rememberEach((folder: string): readonly Found[] => {
    const own = folder === "." ? name : `${folder}/${name}`;
    const found = new Map<string, Found>();
    const add = (file: string) => {
      const settings = found.has(file) ? null : settingsOf(file);
      if (settings === null) return;
      found.set(file, { settings, isReferred: file !== own });
      settings.references.forEach(add);
    };
    if (project.files.has(own)) add(own);
    const further = folder === "." ? [] : settingsAround(posix.dirname(folder));
    return [...found.values(), ...further];
  });
  // What is only referred to holds for its own sources.
  return rememberEach((folder: string): readonly Settings[] =>
    settingsAround(folder)
      .filter(({ settings, isReferred }) => !isReferred || isFor(settings, folder))
      .map(({ settings }) => settings),
  );
}

interface Found {
  readonly settings: Settings;
  readonly isReferred: boolean;
}

function readText(root: string, path: string, text: string, host: ts.ParseConfigHost): Settings {
  const { config } = ts.parseConfigFileTextToJson(path, text) as { readonly config?: unknown };
  const written = isRecord(config) ? config : {};
  const listed = Array.isArray(written.references) ? written.references : [];
  const references = listed.filter((one) => isRecord(one) && typeof one.path === "string");
  const folder = posix.dirname(path);
  const parsed = ts.parseJsonConfigFileContent({ ...written, references }, host, folder, {}, path);
  const paths = isRecord(parsed.options.paths) ? parsed.options.paths : {};
  const { include, files } = parsed.raw as JsonRecord;
  const fromRoot = (target: string) => posix.relative(root, posix.resolve(folder, target)) || ".";
  const named = [...textsIn(include), ...textsIn(files)].map(rootOfPattern);
  const isOfAll = include === undefined && files === undefined;
  return {
    options: {
      ...parsed.options,
      paths: Object.fromEntries(Object.entries(paths).map(([from, to]) => [from, [...textsIn(to)]])),
    },
    references: (parsed.projectReferences ?? []).map((one) => {
      const target = fromRoot(one.path);
      return target.endsWith(".json") ? target : posix.join(target, name);
    }),
    below: isOfAll
      ? [fromRoot(".")]
      : named.filter(({ isFile }) => !isFile).map((one) => fromRoot(one.folder)),
    beside: named.filter(({ isFile }) => isFile).map((one) => fromRoot(one.folder)),
  };
}

/** `src` of `src/*.ts` and `src`; of `src/index.ts` too, which is a file. */
function rootOfPattern(pattern: string): { readonly folder: string; readonly isFile: boolean } {
  const parts = pattern.split("/");
  const wild = parts.findIndex((part) => /[*?]/.test(part));
  if (wild !== -1) return { folder: parts.slice(0, wild).join("/") || ".", isFile: false };
  const isFile = /\.[cm]?[jt]sx?$/.test(pattern);
  return { folder: isFile ? posix.dirname(pattern) : pattern, isFile };
}

const isFor = ({ below, beside }: Settings, folder: string) =>
  beside.includes(folder) || below.some((one) => one === "." || `${folder}/`.startsWith(`${one}/`));

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
