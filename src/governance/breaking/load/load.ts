/** The catalogue of a tree, by importing it in a process of its own. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Program, startProgram } from "../../child-program.ts";
import type { CatalogueRecord } from "../catalogue.ts";
import type { LoadAnswer, LoadRequest, ReadCase, ReadResult } from "./load-protocol.ts";
import { catalogueFiles, parseGolden, placesOf, readOptional } from "./product-facts.ts";
import { CatalogueError } from "./read-catalogue.ts";

/** Beside this file, and compiled as it is. */
const program = fileURLToPath(import.meta.url.replace(/load(\.[jt]s)$/, "load-program$1"));

/** A catalogue that is loaded, and reads. */
export interface LoadedCatalogue {
  readonly record: CatalogueRecord;
  /** The module that has it, from the root. */
  readonly file: string;
  /** Reads payloads as consumers of this code would. */
  read(cases: readonly ReadCase[]): Promise<readonly ReadResult[]>;
  close(): void;
}

/**
 * @param given where the catalogue is, `<file>#<export>`; null: as the product says
 * @throws {CatalogueError} `no_catalogue`, `not_loaded` with what its import said
 */
export async function loadCatalogue(root: string, given: string | null): Promise<LoadedCatalogue> {
  const places = placesOf(await readOptional(join(root, "package.json")));
  const files = await catalogueFiles(root, places, given);
  const goldenText = places.golden === null ? null : await readOptional(join(root, places.golden));
  const golden = goldenText === null ? {} : parseGolden(goldenText, places.golden ?? "");
  const facts = { product: places.product, release: places.release, golden };
  const said: string[] = [];
  for (const { file, exportName } of files) {
    const child = startProgram<LoadRequest, LoadAnswer>(program, root);
    const answer = await child.ask({ kind: "describe", file: join(root, file), exportName, facts });
    if (answer.kind === "described") {
      return { record: answer.record, file, read: (cases) => readBy(child, cases), close: child.close };
    }
    child.close();
    said.push(`${file}: ${answer.kind === "failed" ? answer.message : "no answer that fits"}`);
  }
  throw new CatalogueError(
    "not_loaded",
    `The catalogue of ${root} cannot be loaded.\n  ${said.join("\n  ")}\nIt is imported as it is, by Node's own reading of TypeScript: the module must load without a build and without settings.`,
  );
}

async function readBy(
  child: Program<LoadRequest, LoadAnswer>,
  cases: readonly ReadCase[],
): Promise<readonly ReadResult[]> {
  if (cases.length === 0) return [];
  const answer = await child.ask({ kind: "read", cases });
  if (answer.kind === "read") return answer.results;
  throw new CatalogueError("not_loaded", answer.kind === "failed" ? answer.message : "no answer that fits");
}
