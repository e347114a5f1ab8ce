import { createHash } from "node:crypto";
import { readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder } from "../files/make-folder.ts";
import { jsonText, type WantedFile } from "./schema-files.ts";

/*
 * Files that are made, in a folder where people work too. What was written is noted with its hash in a file of the folder.
 * Only what is as it was written is written over or removed; everything else belongs to somebody, and is left and told.
 */

export const noteFile = ".charter-catalog.json";

/** What was written, as hashes by path. */
export interface Note {
  readonly files: Readonly<Record<string, string>>;
  /** Of pages: the text that was made, whatever people have made of it since. */
  readonly texts: Readonly<Record<string, string>>;
}

export interface SyncReport {
  readonly written: readonly string[];
  readonly removed: readonly string[];
  /** What would have been written or removed, and was not: somebody changed it, or it was there before. */
  readonly left: readonly string[];
}

export const hashOf = (content: string): string => createHash("sha256").update(content).digest("hex");

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** Null: there is no such file. */
export async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
    throw error;
  }
}

/** The note of a folder; empty where nothing was written yet. @throws {Error} it is none of ours */
export async function readNote(folder: string): Promise<Note> {
  const text = await readText(join(folder, noteFile));
  if (text === null) return { files: {}, texts: {} };
  try {
    const { files, texts = {} } = JSON.parse(text) as Partial<Note>;
    if (typeof files === "object" && files !== null) return { files, texts };
  } catch {
    // Told below.
  }
  throw new Error(
    `${join(folder, noteFile)} is no note of this program. It says which files may be written over. Take it back from git, or remove it: then all files that are there are left as they are.`,
  );
}

const sorted = (hashes: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(hashes).toSorted(([left], [right]) => (left < right ? -1 : 1)));

/** Leaves a note alone that says so already. */
export async function writeNote(folder: string, { files, texts }: Note): Promise<void> {
  const content = jsonText({
    files: sorted(files),
    ...(Object.keys(texts).length === 0 ? {} : { texts: sorted(texts) }),
  });
  const file = join(folder, noteFile);
  if ((await readText(file)) !== content) await writeWhole(file, content);
}

/** What a server names ends up as the name of a file. @throws {Error} it leads out of the folder */
function requireInside(path: string): void {
  const isFine = path.split("/").every((part) => /^[\w@+-][\w.@+-]*$/.test(part));
  if (!isFine)
    throw new Error(`"${path}" is no path below a folder: letters, digits and . _ - are expected.`);
}

/** A reader never sees half of it. */
export async function writeWhole(file: string, content: string): Promise<void> {
  makeFolder(dirname(file));
  await writeFile(`${file}.part`, content);
  await rename(`${file}.part`, file);
}

/** Folders that became empty, up to `folder` itself. */
async function removeEmpty(folder: string, path: string): Promise<void> {
  for (let at = dirname(path); at !== "."; at = dirname(at)) {
    try {
      await rmdir(join(folder, at));
    } catch {
      return;
    }
  }
}

export interface SyncOptions {
  /** Paths that are left as they are when they are there, and stay in the note. */
  readonly keep?: (path: string) => boolean;
  /** Paths whose content has in it what people changed, so it may be written over. */
  readonly merged?: ReadonlySet<string>;
  /** For the note. */
  readonly texts?: Readonly<Record<string, string>>;
}

/** Brings the files of a folder to what is wanted. A second time it changes nothing. */
export async function syncFolder(
  folder: string,
  wanted: readonly WantedFile[],
  { keep = () => false, merged = new Set(), texts = {} }: SyncOptions = {},
): Promise<SyncReport> {
  const { files: before } = await readNote(folder);
  const files: Record<string, string> = {};
  const report = { written: [] as string[], removed: [] as string[], left: [] as string[] };
  const paths = new Set(wanted.map(({ path }) => path));
  for (const path of [...paths, ...Object.keys(before)]) requireInside(path);
  for (const [path, hash] of Object.entries(before)) {
    if (paths.has(path)) continue;
    const present = await readText(join(folder, path));
    if (present === null) continue;
    if (keep(path)) files[path] = hash;
    else if (hashOf(present) === hash) {
      await rm(join(folder, path));
      await removeEmpty(folder, path);
      report.removed.push(path);
    } else report.left.push(path);
  }
  for (const { path, content } of wanted) {
    const present = await readText(join(folder, path));
    const noted = before[path];
    const mayWrite =
      present === null || (noted !== undefined && (merged.has(path) || hashOf(present) === noted));
    if (present === content) files[path] = hashOf(content);
    else if (mayWrite && !(present !== null && keep(path))) {
      await writeWhole(join(folder, path), content);
      files[path] = hashOf(content);
      report.written.push(path);
    } else {
      if (noted !== undefined) files[path] = noted;
      if (!keep(path)) report.left.push(path);
    }
  }
  await writeNote(folder, { files, texts });
  return report;
}
