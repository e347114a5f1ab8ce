/** What stands in a project, so that what programs wrote there can be told. */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Belongs to no project's source; folders with a dot in front do not either. */
const left = new Set(["node_modules", "dist", "coverage"]);

/** A digest of each file, by its path from the root, with slashes. */
export function digestsOf(root: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const open = [""];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory()) {
        if (!left.has(entry.name) && !entry.name.startsWith(".")) open.push(`${path}/`);
      } else if (entry.isFile()) {
        found.set(
          path,
          createHash("sha1")
            .update(readFileSync(join(root, path)))
            .digest("base64"),
        );
      }
    }
  }
  return found;
}

export interface FileChange {
  /** From the root of the project, with slashes. */
  readonly path: string;
  readonly change: "new" | "changed" | "removed";
}

/** In the order of their paths. */
export function changesBetween(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly FileChange[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return paths.flatMap((path): FileChange[] => {
    const [was, is] = [before.get(path), after.get(path)];
    if (was === is) return [];
    return [{ path, change: was === undefined ? "new" : is === undefined ? "removed" : "changed" }];
  });
}
