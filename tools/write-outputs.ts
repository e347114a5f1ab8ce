import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** A file that a build made. */
export interface Output {
  /** Absolute, right in the folder. */
  readonly path: string;
  readonly contents: Uint8Array | string;
}

/**
 * Makes a folder hold these files and no others. Each is whole at any time, and none of them is ever away: somebody may be
 * reading the folder, or another build of the same be writing it (`wrangler dev` of both workers begins two at once).
 */
export async function writeOutputs(folder: string, outputs: readonly Output[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const made = await mkdtemp(join(dirname(folder), ".made-"));
  try {
    for (const { path, contents } of outputs) {
      const file = join(made, basename(path));
      await writeFile(file, contents);
      await rename(file, path);
    }
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  const names = new Set(outputs.map(({ path }) => basename(path)));
  for (const name of await readdir(folder))
    if (!names.has(name)) await rm(join(folder, name), { recursive: true, force: true });
}
