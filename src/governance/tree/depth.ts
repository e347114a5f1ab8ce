/** Files that nobody can go into: their parts stand inside of each other, thousands deep. */

import ts from "typescript";
import type { ProjectFiles } from "./files.ts";
import { isTypeScript, parseSource } from "./syntax/source.ts";
import { TreeError } from "./workspaces.ts";

/** Deeper than what people write, and less than what a stack holds. */
const usualDepth = 500;

/**
 * Runs what reads a project.
 *
 * @throws {TreeError} a file is nested too deep; it says which
 */
export function withinDepth<T>({ files }: Pick<ProjectFiles, "files">, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const found = [...files.values()].filter(({ path }) => isTypeScript(path)).find(isTooDeep);
    if (found === undefined) throw error;
    throw new TreeError(
      `${found.path} cannot be judged: what stands in it is nested more than ${usualDepth} deep. Write it in smaller parts, or let git ignore it when a program wrote it.`,
      { cause: error },
    );
  }
}

function isTooDeep(file: Parameters<typeof parseSource>[0]): boolean {
  const open: (readonly [ts.Node, number])[] = [];
  try {
    open.push([parseSource(file).ast, 0]);
  } catch {
    return true;
  }
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [node, depth] = next;
    if (depth > usualDepth) return true;
    ts.forEachChild(node, (child) => {
      open.push([child, depth + 1]);
    });
  }
  return false;
}
