import { appendFile, readdir, readFile, rename, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { makeFolder } from "../governance/files/make-folder.ts";
import type { LineFiles } from "../modules/tasks/files.ts";
import { tellingFileError } from "./file-errors.ts";

/**
 * Files of lines in a folder of this machine; the folder is made when the first file is written.
 *
 * Each of its functions throws a `UsageError` when the path is wrong, and a `CliError` when the disk fails.
 */
export function createLineFolder(folder: string): LineFiles {
  const pathOf = (name: string) => join(folder, ...name.split("/"));
  return {
    append: (name, text) =>
      tellingFileError(`${pathOf(name)} cannot be written`, async () => {
        makeFolder(dirname(pathOf(name)));
        await appendFile(pathOf(name), text, "utf8");
      }),
    read: (name) =>
      tellingFileError(`${pathOf(name)} cannot be read`, () => orNull(() => readFile(pathOf(name)))),
    async list() {
      const names = await tellingFileError(`${folder} cannot be read`, () =>
        orNull(() => readdir(folder, { recursive: true })),
      );
      return (names ?? []).map((name) => name.split(sep).join("/")).sort();
    },
    move: (from, to) =>
      tellingFileError(`${pathOf(from)} cannot be moved to ${pathOf(to)}`, async () => {
        makeFolder(dirname(pathOf(to)));
        await rename(pathOf(from), pathOf(to));
      }),
    size: (name) =>
      tellingFileError(`${pathOf(name)} cannot be read`, () =>
        orNull(async () => (await stat(pathOf(name))).size),
      ),
  };
}

/** Null: there is no such file or folder. */
async function orNull<T>(run: () => Promise<T>): Promise<T | null> {
  try {
    return await run();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
