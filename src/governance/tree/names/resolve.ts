/**
 * Which file of the project a specifier leads to: by its path, by the name of a workspace or of the project itself, by
 * `imports` of its `package.json`, or by `paths` of its `tsconfig.json`.
 *
 * Sources: https://nodejs.org/api/packages.html#subpath-imports, https://www.typescriptlang.org/tsconfig/#paths
 */

import { posix } from "node:path";
import ts from "typescript";
import type { ProjectFiles } from "../files.ts";

/** @returns the file from the root; null: it is none of this project */
export type Resolver = (file: string, specifier: string) => string | null;

/** `#lib/*` or `@/*`, and where it leads to, from the root; each has at most one `*`. */
interface Alias {
  readonly from: string;
  readonly to: string;
}

export function createResolver({ paths, workspaces, files }: ProjectFiles): Resolver {
  const manifest = objectOf(files.get("package.json")?.text);
  const self = typeof manifest.name === "string" ? manifest.name : null;
  const aliases = [...aliasesOf(manifest.imports), ...pathsOf(objectOf(files.get("tsconfig.json")?.text))];
  // Its own door, by its own name.
  const doors =
    self === null
      ? []
      : aliasesOf(manifest.exports).map(({ from, to }) => ({ from: `${self}${from.slice(1)}`, to }));
  const known = [...aliases, ...doors];

  return (file, specifier) => {
    if (specifier.startsWith(".")) return existing(paths, posix.join(posix.dirname(file), specifier));
    for (const alias of known) {
      const target = reached(alias, specifier);
      const found = target === null ? null : existing(paths, target);
      if (found !== null) return found;
    }
    const owner = workspaces.find(
      ({ name, folder }) => folder !== "" && (specifier === name || specifier.startsWith(`${name}/`)),
    );
    if (owner === undefined) return null;
    const rest = specifier.slice(owner.name.length + 1);
    return existing(paths, rest === "" ? `${owner.folder}/index` : `${owner.folder}/${rest}`);
  };
}

function existing(paths: ReadonlySet<string>, path: string): string | null {
  const stem = path.replace(/\.(?:js|mjs)$/, "");
  const tries = [
    path,
    `${stem}.ts`,
    `${stem}.tsx`,
    `${stem}.mts`,
    `${path}/index.ts`,
    `${path}.js`,
    `${path}.mjs`,
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

/** JSON with comments, as TypeScript reads its settings; nothing where it is no object. */
function objectOf(text: string | undefined): JsonRecord {
  if (text === undefined) return {};
  const { config } = ts.parseConfigFileTextToJson("settings.json", text) as { readonly config?: unknown };
  return isRecord(config) ? config : {};
}

const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `imports` and `exports`: a path, or one for each condition. */
function aliasesOf(map: unknown): readonly Alias[] {
  if (typeof map === "string") return [{ from: ".", to: fromRoot(map) }];
  if (!isRecord(map)) return [];
  return Object.entries(map).flatMap(([from, to]) =>
    textsIn(to).map((path) => ({ from, to: fromRoot(path) })),
  );
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isRecord(value) ? Object.values(value).flatMap(textsIn) : [];
}

function pathsOf({ compilerOptions }: JsonRecord): readonly Alias[] {
  if (!isRecord(compilerOptions) || !isRecord(compilerOptions.paths)) return [];
  const base = typeof compilerOptions.baseUrl === "string" ? compilerOptions.baseUrl : ".";
  return Object.entries(compilerOptions.paths).flatMap(([from, to]) =>
    textsIn(to).map((path) => ({ from, to: fromRoot(posix.join(base, path)) })),
  );
}

const fromRoot = (path: string) => posix.normalize(path).replace(/^\.\//, "");
