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
  /** The first that there is counts. */
  readonly to: readonly string[];
}

/** What one file of settings says, the closest names first: of those only the first that is meant counts. */
type AliasMap = readonly Alias[];

export function createResolver(project: ProjectFiles): Resolver {
  const { paths, workspaces, root } = project;
  const manifestIn = rememberEach((folder: string) => readManifest(project, folder));
  const settingsIn = readSettings(project);
  const aliasesIn = rememberEach((folder: string) => {
    const settings = settingsIn(folder);
    return {
      imports: foldersAround(folder).map((around) => aliasesOf(manifestIn(around).imports, around)),
      paths: settings.map(({ options }) => pathsOf(root, options)),
      bases: settings.flatMap(({ options }) => baseOf(root, options)),
    };
  });
  const self = manifestIn(".").name;
  // Its own door, by its own name.
  const doors = typeof self === "string" ? doorsOf(self, manifestIn(".").exports, ".") : [];
  const ofWorkspaces = workspaces
    .filter(({ folder }) => folder !== "")
    .map((one) => ({ ...one, doors: rememberEach(() => workspaceDoors(one, manifestIn(one.folder))) }));

  return (file, specifier) => {
    if (specifier.startsWith(".")) return existing(paths, posix.join(posix.dirname(file), specifier));
    const known = aliasesIn(posix.dirname(file));
    const named =
      nearestOf(paths, known.imports, specifier) ??
      nearestOf(paths, known.paths, specifier) ??
      firstOf(paths, [...known.bases, ...doors], specifier);
    if (named !== null) return named;
    const owner = ofWorkspaces.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));
    return owner === undefined ? null : firstOf(paths, owner.doors(""), specifier);
  };
}

/** By the nearest map that has the name, and by no other; null: none has it, or it leads to no file that is read. */
function nearestOf(paths: ReadonlySet<string>, maps: readonly AliasMap[], specifier: string): string | null {
  for (const map of maps) {
    const meant = map.find(({ from }) => restOf(from, specifier) !== null);
    if (meant !== undefined) return firstOf(paths, [meant], specifier);
  }
  return null;
}

/** The first that leads to a file. */
function firstOf(paths: ReadonlySet<string>, aliases: AliasMap, specifier: string): string | null {
  for (const { from, to } of aliases) {
    const rest = restOf(from, specifier);
    if (rest === null) continue;
    for (const target of to) {
      const found = existing(
        paths,
        target.replaceAll("*", () => rest),
      );
      if (found !== null) return found;
    }
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

/** What a specifier has for the `*` of a name, which may be nothing; null: it is another one. */
function restOf(from: string, specifier: string): string | null {
  const [head = "", tail] = from.split("*");
  if (tail === undefined) return specifier === from ? "" : null;
  const isMeant =
    specifier.length >= head.length + tail.length && specifier.startsWith(head) && specifier.endsWith(tail);
  return isMeant ? specifier.slice(head.length, specifier.length - tail.length) : null;
}

/** A name without `*` is meant before all that have one, and a longer beginning before a shorter one. */
const byCloseness = ({ from: left }: Alias, { from: right }: Alias) => closeness(right) - closeness(left);

const closeness = (from: string) => (from.includes("*") ? from.indexOf("*") : Number.MAX_SAFE_INTEGER);

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
function aliasesOf(map: unknown, folder: string): AliasMap {
  if (typeof map === "string") return [{ from: ".", to: [posix.join(folder, map)] }];
  if (!isRecord(map)) return [];
  const isOfConditions = Object.keys(map).every((key) => !/^[.#]/.test(key));
  const entries = isOfConditions ? [[".", map] as const] : Object.entries(map);
  return entries
    .map(([from, to]) => ({ from, to: textsIn(to).map((path) => posix.join(folder, path)) }))
    .sort(byCloseness);
}

const doorsOf = (name: string, exported: unknown, folder: string): AliasMap =>
  aliasesOf(exported, folder).map(({ from, to }) => ({ from: name + from.slice(1), to }));

/** What others get from a workspace: what its manifest says, or what it was made of; and any of its files. */
function workspaceDoors({ name, folder }: Workspace, manifest: JsonRecord): AliasMap {
  const main = ["source", "types", "module", "main"].flatMap((key) => textsIn(manifest[key]));
  const named = [
    ...doorsOf(name, manifest.exports, folder),
    { from: name, to: main.map((path) => posix.join(folder, path)) },
  ];
  const sources = named.map(({ from, to }) => ({
    from,
    to: to.flatMap((path) => sourcesOf(folder, path)),
  }));
  return [
    ...named,
    ...sources,
    ...["", "/src"].flatMap((place) => [
      { from: name, to: [`${folder}${place}/index`] },
      { from: `${name}/*`, to: [`${folder}${place}/*`] },
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

function pathsOf(root: string, { baseUrl, paths, pathsBasePath }: ts.CompilerOptions): AliasMap {
  const base = baseUrl ?? (typeof pathsBasePath === "string" ? pathsBasePath : root);
  return Object.entries(paths ?? {})
    .map(([from, targets]) => ({
      from,
      to: targets.map((to) => posix.relative(root, posix.resolve(base, to))),
    }))
    .sort(byCloseness);
}

/** Below `baseUrl` any name may be a path. */
const baseOf = (root: string, { baseUrl }: ts.CompilerOptions): AliasMap =>
  baseUrl === undefined ? [] : [{ from: "*", to: [posix.relative(root, posix.join(baseUrl, "*"))] }];
