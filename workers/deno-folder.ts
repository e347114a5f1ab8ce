import type { LineFiles } from "../src/modules/tasks/files.ts";

/** Files of lines in a folder, by Deno; the folder is made when the first file is written. */
export function createDenoFolder(folder: string): LineFiles {
  const pathOf = (name: string) => `${folder}/${name}`;
  const makeFolderOf = (name: string) =>
    Deno.mkdir(pathOf(name).replace(/\/[^/]*$/, ""), { recursive: true });
  return {
    async append(name, text) {
      await makeFolderOf(name);
      await Deno.writeTextFile(pathOf(name), text, { append: true });
    },
    read: (name) => orNull(() => Deno.readFile(pathOf(name))),
    async list() {
      const names: string[] = [];
      for (const below of ["", "archive/"]) {
        const entries = await orNull(() => Array.fromAsync(Deno.readDir(pathOf(below))));
        for (const entry of entries ?? []) if (entry.isFile) names.push(`${below}${entry.name}`);
      }
      return names.sort();
    },
    async move(from, to) {
      await makeFolderOf(to);
      await Deno.rename(pathOf(from), pathOf(to));
    },
    size: (name) => orNull(async () => (await Deno.stat(pathOf(name))).size),
  };
}

/** Null: there is no such file or folder. */
async function orNull<T>(run: () => Promise<T>): Promise<T | null> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
