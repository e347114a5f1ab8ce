/** Where a product says that its catalogue is: in `package.json`, or in the usual places. */

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Golden } from "../catalogue.ts";
import { CatalogueError } from "./read-catalogue.ts";

/** `charter` in `package.json`. */
export interface ProductPlaces {
  readonly product: string;
  readonly release: string;
  /** The module with the catalogue, from the root; null: not told. */
  readonly catalogue: string | null;
  readonly exportName: string | null;
  /** A file with golden payloads, `{ "type@version": payload }`; null: there is none. */
  readonly golden: string | null;
  /** A folder with the catalogues of releases; null: there is none. */
  readonly released: string | null;
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

/** @param manifest text of a `package.json`; null: there is none */
export function placesOf(manifest: string | null): ProductPlaces {
  let read: Readonly<Record<string, unknown>> = {};
  try {
    read = manifest === null ? {} : (JSON.parse(manifest) as Readonly<Record<string, unknown>>);
  } catch (error) {
    throw new CatalogueError("not_loaded", `package.json is no JSON: ${String(error)}`, { cause: error });
  }
  const { catalogue, golden, released } = (read.charter ?? {}) as Readonly<Record<string, unknown>>;
  const [file = "", exportName = ""] = (text(catalogue) ?? "").split("#");
  return {
    product: text(read.name) ?? "product",
    release: text(read.version) ?? "unreleased",
    catalogue: text(file),
    exportName: text(exportName),
    golden: text(golden),
    released: text(released),
  };
}

/** Where products have it that say nothing. */
const usual = [
  "src/product.ts",
  "src/catalog.ts",
  "src/catalogue.ts",
  "src/events.ts",
  "src/events/index.ts",
  "product.ts",
  "catalog.ts",
  "events.ts",
];

/**
 * Files that may have the catalogue, the most likely first.
 *
 * @param given `<file>` or `<file>#<export>`; null: as the product says
 * @throws {CatalogueError} `no_catalogue`
 */
export async function catalogueFiles(
  root: string,
  places: ProductPlaces,
  given: string | null,
): Promise<readonly { readonly file: string; readonly exportName: string | null }[]> {
  const [file = "", exportName = ""] = (given ?? "").split("#");
  const told = given === null ? places.catalogue : text(file);
  if (told !== null) {
    const name = given === null ? places.exportName : text(exportName);
    if (await isFile(join(root, told))) return [{ file: told, exportName: name }];
    const who = given === null ? "package.json says in charter.catalogue" : "--catalogue says";
    throw new CatalogueError(
      "no_catalogue",
      `${who} that the catalogue is in ${told}, and ${root} has no such file.`,
    );
  }
  const found: string[] = [];
  for (const path of usual) if (await isFile(join(root, path))) found.push(path);
  if (found.length > 0) return found.map((path) => ({ file: path, exportName: null }));
  throw new CatalogueError(
    "no_catalogue",
    `Nothing says where the catalogue of ${root} is. Write it into package.json, as "charter": { "catalogue": "src/product.ts#catalog" }, or give --catalogue. Looked for ${usual.join(", ")}.`,
  );
}

/** Files that decide whether a product has a catalogue. */
export const placesOfCatalogue: readonly string[] = ["package.json", ...usual];

/**
 * Whether a product had a catalogue before a change: it said where, or there was something at a usual place.
 *
 * @param before what {@link placesOfCatalogue} had, as far as they changed; null: they were not there
 */
export async function hadCatalogue(
  root: string,
  before: ReadonlyMap<string, string | null>,
): Promise<boolean> {
  const manifest = before.get("package.json");
  const was = manifest === undefined ? await readOptional(join(root, "package.json")) : manifest;
  if (placesOf(was).catalogue !== null) return true;
  const there = usual.map(async (path) => {
    const text = before.get(path);
    return text === undefined ? isFile(join(root, path)) : text !== null;
  });
  return (await Promise.all(there)).includes(true);
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() ?? false;
}

/** @throws {CatalogueError} `not_json`: the file is none of golden payloads */
export function parseGolden(content: string, where: string): Golden {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw new CatalogueError("not_json", `${where} is no JSON: ${String(error)}`, { cause: error });
  }
  const isGolden =
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((item) => typeof item === "object");
  if (isGolden) return value as Golden;
  throw new CatalogueError("not_json", `${where} should hold golden payloads: { "type@version": { … } }.`);
}

export async function readOptional(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw error;
  });
}
