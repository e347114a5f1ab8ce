/** What is going to be written: made whole and checked before the first file is touched. */

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ScaffoldError } from "./errors.ts";
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
 * Makes a folder and those above it, step by step: Node's own way tries for ever where the system calls a folder missing
 * that cannot be made, as below `/proc`.
 *
 * @throws {ScaffoldError} one of them cannot be made
 */
function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  const above = dirname(folder);
  makeFolders(above);
  try {
    mkdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    throw new ScaffoldError(
      `${folder} as a folder to be made (${code})`,
      `a place where this user may make one, and ${above} is none`,
      "Take another folder, or change who may write there.",
    );
  }
}

/**
 * Writes the files: all of them, or none.
 *
 * @throws {ScaffoldError} as {@link checkPlan}, a file was changed meanwhile, or a folder cannot be made
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
      makeFolders(dirname(join(root, file.path)));
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
