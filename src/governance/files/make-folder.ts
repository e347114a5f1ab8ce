/** Folders of this machine. Every program that makes one where its user said makes it by this. */

import { mkdirSync, rmdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** What the system says when the place is wrong; anything else, as a full disk, is nobody's mistake. */
const wrongPlace: ReadonlySet<string> = new Set([
  "EACCES",
  "EEXIST",
  "EINVAL",
  "ELOOP",
  "ENAMETOOLONG",
  "ENOENT",
  "ENOTDIR",
  "EPERM",
  "EROFS",
]);

/** A folder cannot be made where it was asked for. */
export class FolderError extends Error {
  override readonly name = "FolderError";
  /** What was asked for, as it was given. */
  readonly path: string;
  /** Of the system, e.g. `EACCES`. */
  readonly code: string;
  readonly syscall = "mkdir";

  constructor(path: string, code: string, reason: string, expected: string, cause?: unknown) {
    super(`${path} cannot be made as a folder (${code}): ${reason}. Expected ${expected}.`, { cause });
    this.path = path;
    this.code = code;
  }
}

/** Null: nothing is there, or it cannot be seen. */
function isFolder(path: string): boolean | null {
  try {
    return statSync(path).isDirectory();
  } catch {
    return null;
  }
}

/**
 * Makes a folder and those above it, one after the other; one that is there stays as it is. Node's own way tries for ever
 * where the system calls a folder missing that cannot be made, as below `/proc`. When one cannot be made, those that were
 * made above it are taken away again.
 *
 * @param mode who may use those that are made, as of `chmod`; the umask takes from it
 * @throws {FolderError} the place is wrong: says which of them, and what to do
 * @throws {Error} the disk failed, or is full
 */
export function makeFolder(path: string, mode?: number): void {
  const missing: string[] = [];
  let above = path;
  while (isFolder(above) === null) {
    missing.push(above);
    const next = dirname(above);
    if (next === above) break;
    above = next;
  }
  if (isFolder(above) === false) throw inTheWay(path, above);
  const made: string[] = [];
  try {
    for (const folder of missing.toReversed()) if (makeOne(path, folder, mode)) made.push(folder);
  } catch (error) {
    for (const folder of made.toReversed()) removeEmpty(folder);
    throw error;
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Somebody put something there meanwhile: it is theirs now.
  }
}

/** @returns false: somebody else made it meanwhile */
function makeOne(path: string, folder: string, mode: number | undefined): boolean {
  try {
    mkdirSync(folder, { mode });
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    // Somebody else made it meanwhile; a link that leads nowhere is there as well, and no folder.
    if (code === "EEXIST" && isFolder(folder) === true) return false;
    if (code === "EEXIST") throw inTheWay(path, folder);
    if (!wrongPlace.has(code)) throw error;
    throw new FolderError(
      path,
      code,
      `${dirname(folder)} takes no ${folder}`,
      "a place where this user may make folders. Take another one, or change who may write there",
      error,
    );
  }
}

const inTheWay = (path: string, there: string) =>
  new FolderError(
    path,
    "ENOTDIR",
    `${there} is there, and is no folder`,
    "a path that leads through folders. Take another one, or move away what is there",
  );
