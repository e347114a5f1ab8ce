/** package.json of the packages that others install: what it says in this checkout, and what it says outside. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { oldestNode } from "./start.ts";

export const root = fileURLToPath(new URL("../../", import.meta.url).href);

/** In the order in which they need each other. */
export const packages = ["schemas", "src/engine", "src/http"] as const;
export type PackageFolder = (typeof packages)[number];

export interface SourceManifest {
  readonly name: string;
  /** A door and its TypeScript source; `*` stands for any file name. */
  readonly exports: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export function manifestPath(folder: PackageFolder): string {
  return join(root, folder, "package.json");
}

/** Where the manifest of the checkout is while the published one stands in its place; see prepack.ts. */
export function setAsidePath(folder: PackageFolder): string {
  return join(root, folder, ".package.json.of-checkout");
}

/** The manifest of the checkout, also while the package is being packed. */
export function readManifest(folder: PackageFolder): SourceManifest {
  const aside = setAsidePath(folder);
  return JSON.parse(readFileSync(existsSync(aside) ? aside : manifestPath(folder), "utf8")) as SourceManifest;
}

/**
 * What is told to whoever installs the package. All else (development packages, `private`) is about the
 * checkout. There `private` keeps `npm publish` from taking the folder, for it would tell the registry the manifest of
 * the checkout; a tarball holds the right one, and can be published.
 */
const published = [
  "name",
  "version",
  "description",
  "license",
  "type",
  "sideEffects",
  // Whoever installs the package runs none of them. They are what mends a folder in which a pack was ended.
  "scripts",
  "dependencies",
  "peerDependencies",
] as const;

/** The README names the others by links. */
const documents = ["**/*.md"];

/** What the compiler makes of `./{path}.ts`. */
export function builtFrom(source: string): { readonly types: string; readonly default: string } {
  const path = /^\.\/(.+)\.ts$/.exec(source)?.[1];
  if (path === undefined) {
    throw new Error(`exports leads to "${source}"; expected a TypeScript file of the package, "./name.ts".`);
  }
  return { types: `./dist/${path}.d.ts`, default: `./dist/${path}.js` };
}

/** @throws {Error} a door that leads to something else than a TypeScript file of the package */
export function publishedManifest(source: SourceManifest): Record<string, unknown> {
  const kept = published.flatMap((field) => (field in source ? [[field, source[field]]] : []));
  const doors = Object.entries(source.exports).map(([door, file]) => [door, builtFrom(file)]);
  // Of who installs it. In this checkout everything runs on the Node that it brings, whatever npm runs on.
  const engines = { node: `>=${oldestNode.major}.${oldestNode.minor}` };
  return {
    ...Object.fromEntries(kept),
    engines,
    files: ["dist", ...documents],
    exports: Object.fromEntries(doors),
  };
}
