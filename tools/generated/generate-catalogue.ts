/** `schemas/fixtures/catalogue/`: the catalogue as JSON, what the code has now and what each release had. */

import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { catalog } from "../../src/composition.ts";
import { catalogueText, describeCatalogue } from "../../src/governance/breaking/catalogue.ts";
import { currentCatalogue } from "../../src/governance/breaking/load/against.ts";
import { parseGolden, placesOf } from "../../src/governance/breaking/load/product-facts.ts";
import type { GeneratedFile } from "../../src/governance/pages/generated-file.ts";
import { root } from "../root.ts";

const digestsName = "digests.json";

/**
 * The digests of released catalogues: those that are known stay, whatever the files say now, and new files get theirs.
 *
 * @param present text of the file of digests
 * @param files text by the name of the release
 */
export function freeze(
  present: string,
  files: ReadonlyMap<string, string>,
): Pick<GeneratedFile, "content" | "problem"> {
  const known = JSON.parse(present) as Readonly<Record<string, string>>;
  const digests = [...files].map(
    ([release, text]) => [release, createHash("sha256").update(text).digest("hex")] as const,
  );
  const changed = digests.filter(([release, digest]) => (known[release] ?? digest) !== digest);
  const lost = Object.keys(known).filter((release) => !files.has(release));
  const faults = [
    ...changed.map(([release]) => `${release}.json is not what was released. Put it back.`),
    ...lost.map((release) => `${release}.json was released and is gone. Put it back.`),
  ];
  const all = { ...Object.fromEntries(digests), ...known };
  const sorted = Object.fromEntries(Object.entries(all).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return {
    content: `${JSON.stringify(sorted, null, 2)}\n`,
    problem: faults.length === 0 ? null : faults.join("\n  "),
  };
}

export async function generateCatalogue(): Promise<readonly GeneratedFile[]> {
  const places = placesOf(await readFile(`${root}package.json`, "utf8"));
  const { product, release, released: folder, golden } = places;
  if (folder === null || golden === null)
    throw new Error("package.json names no charter.released or charter.golden.");
  const facts = { product, release, golden: parseGolden(await readFile(root + golden, "utf8"), golden) };
  const content = catalogueText(describeCatalogue(catalog, facts));
  const names = (await readdir(root + folder)).filter((name) => /^\d.*\.json$/.test(name));
  const texts = names.map(
    async (name) =>
      [name.replace(/\.json$/, ""), await readFile(`${root}${folder}/${name}`, "utf8")] as const,
  );
  const digests = await readFile(`${root}${folder}/${digestsName}`, "utf8").catch(() => "{}");
  return [
    { path: `${folder}/${currentCatalogue}`, content, problem: null },
    { path: `${folder}/${digestsName}`, ...freeze(digests, new Map(await Promise.all(texts))) },
  ];
}
