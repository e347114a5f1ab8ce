/** Which folders with a `package.json` belong to a project, and which are projects of their own inside of it. */

import { readFile } from "node:fs/promises";
import { join, matchesGlob, posix } from "node:path";

/** The path is none of a project, or there is too much of it. */
export class TreeError extends Error {}

/** A package of the project itself, by its name. */
export interface Workspace {
  readonly name: string;
  /** From the root; empty for the root. */
  readonly folder: string;
}

/** The charter's own packages, where they are workspaces: they are what the rules lead to, and no code of the product. */
export const charterPackages = (workspaces: readonly Workspace[]): readonly Workspace[] =>
  workspaces.filter(({ name, folder }) => folder !== "" && /^@brain\/(?:engine|schemas)$/.test(name));

const pnpmFile = "pnpm-workspace.yaml";

type JsonRecord = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** @param names what stands in the folder */
export async function hasWorkspaces(folder: string, names: ReadonlySet<string>): Promise<boolean> {
  if (!names.has("package.json")) return false;
  try {
    if (names.has(pnpmFile) && "packages" in (await readPnpm(folder))) return true;
    return "workspaces" in (await readManifest(folder));
  } catch {
    return false;
  }
}

/** Folders below the root with a `package.json`: workspaces of this project, or projects of their own. */
export const packagesIn = (paths: readonly string[]): readonly string[] =>
  paths
    .filter((path) => path.endsWith("/package.json"))
    .map((path) => path.slice(0, -"/package.json".length));

/**
 * @param packages folders with a `package.json`
 * @throws {TreeError} a `package.json` is no JSON, or pnpm's list no YAML: which folders belong to the project stands there
 */
export async function workspacesOf(root: string, packages: readonly string[]): Promise<readonly Workspace[]> {
  const { name, workspaces } = await readManifest(root);
  const { packages: ofPnpm } = await readPnpm(root);
  // As pnpm does: where its file names some, it does not ask package.json.
  const folders = packages.filter(isNamedBy(ofPnpm ?? workspaces));
  const members = await Promise.all(
    folders.map(async (folder) => ({
      folder,
      name: String((await readManifest(join(root, folder))).name ?? folder),
    })),
  );
  return [{ folder: "", name: typeof name === "string" ? name : "" }, ...members];
}

/** @throws {TreeError} it is no JSON */
const readManifest = (folder: string) =>
  readRecord(join(folder, "package.json"), async (text) => JSON.parse(text) as unknown);

/** @throws {TreeError} it is no YAML */
const readPnpm = (folder: string) =>
  readRecord(join(folder, pnpmFile), async (text) => {
    const { parse } = await import("yaml");
    return parse(text) as unknown;
  });

/** A file that is not there says nothing. */
async function readRecord(path: string, parse: (text: string) => Promise<unknown>): Promise<JsonRecord> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return {};
  try {
    const value = await parse(text.replace(/^\uFEFF/, ""));
    return isRecord(value) ? value : {};
  } catch (error) {
    throw new TreeError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/**
 * Whether a folder is one that a list names: paths, or patterns as `packages/*`, of which the last that fits decides, for
 * one with `!` in front takes folders out.
 *
 * @param workspaces of a `package.json` (a list, or Yarn's record with one), or `packages` of pnpm's file
 * @see https://docs.npmjs.com/cli/configuring-npm/package-json#workspaces
 * @see https://pnpm.io/pnpm-workspace_yaml
 */
function isNamedBy(workspaces: unknown): (folder: string) => boolean {
  const { packages } = (workspaces ?? {}) as { readonly packages?: unknown };
  const listed = Array.isArray(workspaces) ? workspaces : Array.isArray(packages) ? packages : [];
  const patterns = listed
    .filter((pattern) => typeof pattern === "string")
    .map((pattern) => {
      const isTaken = !pattern.startsWith("!");
      return { isTaken, glob: posix.join(pattern.slice(isTaken ? 0 : 1), ".") };
    });
  return (folder) => patterns.findLast(({ glob }) => matchesGlob(folder, glob))?.isTaken ?? false;
}
