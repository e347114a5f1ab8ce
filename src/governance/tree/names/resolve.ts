/**
 * Which file of the project a specifier leads to: by its path, by the name of a workspace or of the project itself, by
 * `imports` of its `package.json`, or by `paths` and `baseUrl` of its `tsconfig.json`.
 *
 * Sources: https://nodejs.org/api/packages.html#subpath-imports, https://www.typescriptlang.org/tsconfig/#paths
 */

import { posix } from "node:path";
import type ts from "typescript";
import type { ProjectFiles } from "../files.ts";
import { rememberEach } from "../remember-each.ts";
import type { Workspace } from "../workspaces.ts";
import { readSettings } from "./tsconfig.ts";

/** @returns the file from the root; null: it is none of this project */
export type Resolver = (file: string, specifier: string) => string | null;

/** `#lib/*` or `@/*`, and where it leads to, from the root; each has at most one `*`. */
interface Alias {
  readonly from: string;
  readonly to: string;
}

export function createResolver(project: ProjectFiles): Resolver {
  const { paths, workspaces, root } = project;
  const manifestIn = rememberEach((folder: string) => readManifest(project, folder));
  const settingsIn = readSettings(project);
  const aliasesIn = rememberEach((folder: string): readonly Alias[] => [
    ...foldersAround(folder).flatMap((around) => aliasesOf(manifestIn(around).imports, around)),
    ...settingsIn(folder).flatMap(({ options }) => pathsOf(root, options)),
  ]);
  const self = manifestIn(".").name;
  // Its own door, by its own name.
  const doors = typeof self === "string" ? doorsOf(self, manifestIn(".").exports, ".") : [];
  const ofWorkspaces = workspaces
    .filter(({ folder }) => folder !== "")
    .map((one) => ({ ...one, doors: rememberEach(() => workspaceDoors(one, manifestIn(one.folder))) }));

  return (file, specifier) => {
    if (specifier.startsWith(".")) return existing(paths, posix.join(posix.dirname(file), specifier));
    const known = firstOf(paths, [...aliasesIn(posix.dirname(file)), ...doors], specifier);
    if (known !== null) return known;
    const owner = ofWorkspaces.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));
    return owner === undefined ? null : firstOf(paths, owner.doors(""), specifier);
  };
}

/** The first that leads to a file. */
function firstOf(paths: ReadonlySet<string>, aliases: readonly Alias[], specifier: string): string | null {
  for (const alias of aliases) {
    const target = reached(alias, specifier);
    const found = target === null ? null : existing(paths, target);
    if (found !== null) return found;
  }
  return null;
}

/** `packages/shop`, `packages` and the root of `packages/shop`. */
function foldersAround(folder: string): readonly string[] {
  return folder === "." ? ["."] : [folder, ...foldersAround(posix.dirname(folder))];
}

const sourceKinds = [".ts", ".tsx", ".mts", ".cts"];
const kinds = [...sourceKinds, ".js", ".mjs", ".cjs", ".jsx"];

/** As it is, for what it is made of (`.js` of `.ts`), without its kind, or as a folder. */
function existing(paths: ReadonlySet<string>, path: string): string | null {
  const stem = path.replace(/\.(?:[cm]?js|jsx)$/, "");
  const tries = [
    path,
    ...(stem === path ? kinds : sourceKinds).map((kind) => stem + kind),
    ...kinds.map((kind) => `${path}/index${kind}`),
  ];
  return tries.find((name) => paths.has(name)) ?? null;
}

/** Where a specifier leads by an alias; null: it is not meant. */
function reached({ from, to }: Alias, specifier: string): string | null {
  const [head = "", tail] = from.split("*");
  if (tail === undefined) return specifier === from ? to : null;
  const isMeant =
    specifier.length >= head.length + tail.length && specifier.startsWith(head) && specifier.endsWith(tail);
  return isMeant ? to.replaceAll("*", specifier.slice(head.length, specifier.length - tail.length)) : null;
}

type JsonRecord = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Nothing where there is none, or it is no object. */
function readManifest({ files }: ProjectFiles, folder: string): JsonRecord {
  const text = files.get(posix.join(folder, "package.json"))?.text;
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** `imports` and `exports`: a path, or one for each condition. */
function aliasesOf(map: unknown, folder: string): readonly Alias[] {
  if (typeof map === "string") return [{ from: ".", to: posix.join(folder, map) }];
  if (!isRecord(map)) return [];
  const isOfConditions = Object.keys(map).every((key) => !/^[.#]/.test(key));
  const entries = isOfConditions ? [[".", map] as const] : Object.entries(map);
  return entries.flatMap(([from, to]) => textsIn(to).map((path) => ({ from, to: posix.join(folder, path) })));
}

const doorsOf = (name: string, exported: unknown, folder: string): readonly Alias[] =>
  aliasesOf(exported, folder).map(({ from, to }) => ({ from: name + from.slice(1), to }));

/** What others get from a workspace: what its manifest says, or what it was made of; and any of its files. */
function workspaceDoors({ name, folder }: Workspace, manifest: JsonRecord): readonly Alias[] {
  const main = ["source", "types", "module", "main"].flatMap((key) => textsIn(manifest[key]));
  const named = [
    ...doorsOf(name, manifest.exports, folder),
    ...main.map((path) => ({ from: name, to: posix.join(folder, path) })),
  ];
  const sources = named.flatMap(({ from, to }) =>
    sourcesOf(folder, to).map((source) => ({ from, to: source })),
  );
  return [
    ...named,
    ...sources,
    ...["", "/src"].flatMap((place) => [
      { from: name, to: `${folder}${place}/index` },
      { from: `${name}/*`, to: `${folder}${place}/*` },
    ]),
  ];
}

/** `src/index` of `dist/esm/index.d.ts`: what is built is made of what stands in `src`, or beside it. */
function sourcesOf(folder: string, path: string): readonly string[] {
  const inside = posix.relative(folder, path).replace(/\.d\.[cm]?ts$/, "");
  const [, rest] = /^(?:(?:dist|build|lib|out|esm|cjs|types)\/)+(.+)$/.exec(inside) ?? [];
  return rest === undefined ? [] : [posix.join(folder, "src", rest), posix.join(folder, rest)];
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isRecord(value) ? Object.values(value).flatMap(textsIn) : [];
}

/** `paths` and, behind them, `baseUrl`, below which any name may be a path. */
function pathsOf(root: string, options: ts.CompilerOptions): readonly Alias[] {
  const { baseUrl, paths = {}, pathsBasePath } = options;
  const base = baseUrl ?? (typeof pathsBasePath === "string" ? pathsBasePath : root);
  const named = Object.entries(paths)
    .sort(([left], [right]) => right.indexOf("*") - left.indexOf("*"))
    .flatMap(([from, targets]) =>
      targets.map((to) => ({ from, to: posix.relative(root, posix.resolve(base, to)) })),
    );
  return baseUrl === undefined
    ? named
    : [...named, { from: "*", to: posix.relative(root, posix.join(baseUrl, "*")) }];
}
