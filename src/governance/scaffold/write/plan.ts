/** What is going to be written: made whole and checked before the first file is touched. */

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder } from "../../files/make-folder.ts";
import { ScaffoldError } from "../errors.ts";
import { checkWritten } from "./source-edit.ts";
import type { FileChange } from "./tree.ts";

export interface PlannedFile {
  /** From the root of the project, with slashes. */
  readonly path: string;
  readonly content: string;
  /** What stands there now, to the letter; null: nothing, and nothing may. */
  readonly before: string | null;
}

/** A program that is run behind the files, in the root. */
export interface Step {
  /** What it does, for people. */
  readonly what: string;
  readonly command: readonly [string, ...string[]];
}

export interface Plan {
  /** A folder, absolute. */
  readonly root: string;
  readonly files: readonly PlannedFile[];
  readonly steps: readonly Step[];
  /** What is left to be done, or good to know; lines. */
  readonly notes: readonly string[];
}

export const readText = (root: string, path: string) => readFileSync(join(root, path), "utf8");

/** A file that is not there yet. */
export const newFile = (path: string, content: string): PlannedFile => ({ path, content, before: null });

/** A file as it is, changed. */
export function changedFile(root: string, path: string, change: (before: string) => string): PlannedFile {
  const before = readText(root, path);
  return { path, content: change(before), before };
}

export const plannedChanges = ({ files }: Plan): readonly FileChange[] =>
  files.map(({ path, before }) => ({ path, change: before === null ? "new" : "changed" }));

/** @throws {ScaffoldError} a file is there already, or what would be written is no TypeScript */
export function checkPlan({ root, files }: Plan): void {
  const present = files.filter(({ path, before }) => before === null && existsSync(join(root, path)));
  if (present.length > 0) {
    throw new ScaffoldError(
      `a place where ${present.map(({ path }) => path).join(", ")} stands already`,
      "a place where nothing stands: nothing is ever written over",
      "Take another name, or move what stands there away.",
    );
  }
  for (const { path, content } of files) if (/\.tsx?$/.test(path)) checkWritten(path, content);
}

/**
 * Writes the files: all of them, or none.
 *
 * @throws {ScaffoldError} as {@link checkPlan}, or a file was changed meanwhile
 * @throws {FolderError} a folder cannot be made there; what was written is taken back
 * @throws {Error} the disk failed; what was written is taken back
 */
export function writePlan(plan: Plan): void {
  checkPlan(plan);
  const { root, files } = plan;
  for (const { path, before } of files) {
    if (before === null || readText(root, path) === before) continue;
    throw new ScaffoldError(
      `${path}, which was changed meanwhile`,
      "the file as it was read",
      "Run the command again.",
    );
  }
  const written: PlannedFile[] = [];
  try {
    for (const file of files) {
      written.push(file);
      makeFolder(dirname(join(root, file.path)));
      // A file that came meanwhile is not written over.
      writeFileSync(join(root, file.path), file.content, { flag: file.before === null ? "wx" : "w" });
    }
  } catch (error) {
    const isTheirs = (error as NodeJS.ErrnoException).code === "EEXIST";
    for (const { path, before } of isTheirs ? written.slice(0, -1) : written) {
      if (before === null) rmSync(join(root, path), { force: true });
      else writeFileSync(join(root, path), before);
    }
    throw error;
  }
}
