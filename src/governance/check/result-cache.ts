/**
 * The findings of the last look at a tree. The same files, rules, day and tool give the same findings, so they are not
 * looked for again; anything else is another key.
 */

import { createHash, type Hash } from "node:crypto";
import { readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFolder } from "../files/make-folder.ts";
import type { ProjectFiles } from "../tree/files.ts";
import type { Checked } from "./check.ts";

/** Below the root; where there is no `node_modules` nothing is kept. */
const cacheFile = join("node_modules", ".cache", "charter", "check.json");

/** What npm, pnpm and Yarn note of what they installed: its declarations say what is a promise. */
const installed = [".package-lock.json", ".modules.yaml", ".yarn-state.yml"];

const textOrNothing = (path: string) => readFile(path, "utf8").catch(() => "");

interface Kept extends Checked {
  readonly key: string;
}

/** @param look finds them; called when they are not known */
export async function remembered(
  { root, files, paths }: ProjectFiles,
  about: readonly string[],
  look: () => Checked,
): Promise<Checked> {
  if ((await stat(join(root, "node_modules")).catch(() => null)) === null) return look();
  const hash = createHash("sha256");
  for (const part of about) add(hash, part);
  for (const path of paths) add(hash, path);
  for (const { path, text } of files.values()) {
    add(hash, path);
    add(hash, text);
  }
  for (const name of installed) add(hash, await textOrNothing(join(root, "node_modules", name)));
  await addTool(hash);
  const key = hash.digest("hex");
  const path = join(root, cacheFile);
  const kept = await readKept(path);
  if (kept?.key === key) return kept;
  const found = look();
  await keep(path, { key, ...found });
  return found;
}

/** With its length, so that no two lists of texts are alike. */
function add(hash: Hash, text: string): void {
  hash.update(`${text.length}:`).update(text);
}

/** The program that judges is a part of the answer. */
async function addTool(hash: Hash): Promise<void> {
  const folder = fileURLToPath(new URL("../", import.meta.url).href);
  const names = (await readdir(folder, { recursive: true })).sort();
  const stats = await Promise.all(names.map((name) => stat(join(folder, name))));
  for (const [index, { size, mtimeMs }] of stats.entries()) add(hash, `${names[index]} ${size} ${mtimeMs}`);
}

async function readKept(path: string): Promise<Kept | null> {
  try {
    const kept = JSON.parse(await readFile(path, "utf8")) as Partial<Kept> | null;
    const isWhole =
      typeof kept?.key === "string" && Array.isArray(kept.findings) && typeof kept.suppressed === "number";
    return isWhole ? (kept as Kept) : null;
  } catch {
    return null;
  }
}

/** Nobody waits for it in vain: without it the next look takes longer. */
async function keep(path: string, kept: Kept): Promise<void> {
  try {
    makeFolder(dirname(path));
    const part = `${path}.${process.pid}`;
    await writeFile(part, JSON.stringify(kept));
    await rename(part, path);
  } catch {
    // The tree is read-only, or the disk is full.
  }
}
