/** What stands in a project, so that what programs wrote there can be told. */

import { createHash } from "node:crypto";
import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Belongs to no project's source; folders with a dot in front do not either. */
const left = new Set(["node_modules", "dist", "coverage"]);

/** What the system says of what is there no more, or is a folder instead of a file, or a file instead of a folder. */
const gone: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "EISDIR"]);

/** Null: another program took it away since its folder was listed. */
function unlessGone<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (gone.has((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}

const listFolder = (path: string): readonly Dirent[] => readdirSync(path, { withFileTypes: true });

/**
 * A digest of each file, by its path from the root, with slashes.
 *
 * @param listOf what stands in a folder, for tests that change it behind that
 * @throws {Error} the root cannot be read
 */
export function digestsOf(root: string, listOf = listFolder): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const open = [""];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const list = () => listOf(join(root, folder));
    const entries = folder === "" ? list() : (unlessGone(list) ?? []);
    for (const entry of entries) {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory()) {
        if (!left.has(entry.name) && !entry.name.startsWith(".")) open.push(`${path}/`);
      } else if (entry.isFile()) {
        const content = unlessGone(() => readFileSync(join(root, path)));
        if (content !== null) found.set(path, createHash("sha1").update(content).digest("base64"));
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
