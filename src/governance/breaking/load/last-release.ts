/** What was released last, as a product's repository tells: what `charter breaking --against last` compares with. */

import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { placesOf, readOptional } from "./product-facts.ts";

const run = promisify(execFile);

/** By the numbers in it: 0.10.0 is behind 0.9.0. */
const byNumbers = new Intl.Collator("en", { numeric: true }).compare;

/**
 * The newest released catalogue (`charter.released` of package.json); otherwise the newest tag `v1.2.3` that the commit
 * of now comes from; otherwise the branch main, of the remote before that of here.
 *
 * @param path of the product
 * @returns a file or a revision for `charter breaking --against`; null: there is none of them
 */
export async function lastRelease(path: string): Promise<string | null> {
  const root = resolve(path);
  const { released } = placesOf(await readOptional(join(root, "package.json")));
  const files = released === null ? [] : await readdir(join(root, released)).catch(() => []);
  const file = files
    .filter((name) => /^\d.*\.json$/.test(name))
    .toSorted(byNumbers)
    .at(-1);
  if (released !== null && file !== undefined) return join(root, released, file);
  const tags = (await git(root, ["tag", "--list", "v[0-9]*", "--merged", "HEAD"])) ?? "";
  const tag = tags
    .split("\n")
    .filter((name) => name !== "")
    .toSorted(byNumbers)
    .at(-1);
  if (tag !== undefined) return tag;
  for (const branch of ["origin/main", "main"])
    if ((await git(root, ["rev-parse", "--verify", "--quiet", `refs/${place(branch)}^{commit}`])) !== null)
      return branch;
  return null;
}

const place = (branch: string) => (branch.includes("/") ? `remotes/${branch}` : `heads/${branch}`);

/** Null: git refused, or there is none. */
async function git(root: string, args: readonly string[]): Promise<string | null> {
  try {
    return (await run("git", ["-C", root, ...args])).stdout;
  } catch {
    return null;
  }
}
