import { appendFile, mkdir, readdir, readFile, rename, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { LineFiles } from "../modules/tasks/index.ts";

/** Files of lines in a folder of this machine; the folder is made when the first file is written. */
export function createLineFolder(folder: string): LineFiles {
  const pathOf = (name: string) => join(folder, ...name.split("/"));
  return {
    async append(name, text) {
      await mkdir(dirname(pathOf(name)), { recursive: true });
      await appendFile(pathOf(name), text, "utf8");
    },
    read: (name) => orNull(() => readFile(pathOf(name))),
    async list() {
      const names = await orNull(() => readdir(folder, { recursive: true }));
      return (names ?? []).map((name) => name.split(sep).join("/")).sort();
    },
    async move(from, to) {
      await mkdir(dirname(pathOf(to)), { recursive: true });
      await rename(pathOf(from), pathOf(to));
    },
    size: (name) => orNull(async () => (await stat(pathOf(name))).size),
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
