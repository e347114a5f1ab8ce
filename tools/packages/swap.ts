/**
 * In the checkout the doors of a package lead to its sources, so that nothing has to be built to work here. In a tarball
 * they lead to `dist`, and npm knows no other manifest than the one in the folder. So the published one stands there
 * while npm packs, and the licence beside it.
 */

import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  manifestPath,
  type PackageFolder,
  publishedManifest,
  readManifest,
  root,
  type SourceManifest,
  setAsidePath,
} from "./manifest.ts";

function textOf(manifest: Record<string, unknown>): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Nobody reads half of a file. */
function replace(path: string, text: string): void {
  const made = `${path}.${process.pid}`;
  writeFileSync(made, text);
  renameSync(made, path);
}

/** The doors of the checkout are texts, those of a tarball have a part for types. */
function isPublished(text: string): boolean {
  const { exports } = JSON.parse(text) as SourceManifest;
  return Object.values(exports).some((door) => typeof door !== "string");
}

/**
 * Whether the published manifest stands in the folder. Forgets a manifest that was set aside when somebody has put a
 * newer one back by hand, e.g. by git.
 *
 * @throws {Error} somebody has edited the published manifest, or the one of the checkout is lost
 */
function isSwapped(folder: PackageFolder): boolean {
  const aside = setAsidePath(folder);
  const text = readFileSync(manifestPath(folder), "utf8");
  const isLeftOver = existsSync(aside);
  if (!isPublished(text)) {
    if (isLeftOver) rmSync(aside);
    return false;
  }
  if (isLeftOver && text === textOf(publishedManifest(readManifest(folder)))) return true;
  throw new Error(
    `${folder}/package.json is the manifest of a tarball, left by an npm pack that was ended, and ${
      isLeftOver
        ? `was edited since. The manifest of the checkout is ${aside}`
        : "the one of the checkout is gone"
    }. Put that one back: git checkout ${folder}/package.json`,
  );
}

/** Whether the folder can be packed. @throws as `isSwapped` */
export function requirePackable(folder: PackageFolder): void {
  isSwapped(folder);
}

/** Puts the published manifest into the folder. One that an ended pack has left there stays. */
export function putPublished(folder: PackageFolder): void {
  copyFileSync(join(root, "LICENSE"), join(root, folder, "LICENSE"));
  if (isSwapped(folder)) return;
  const source = manifestPath(folder);
  copyFileSync(source, setAsidePath(folder));
  replace(source, textOf(publishedManifest(readManifest(folder))));
}

/** Puts the manifest of the checkout back. Tells whether another one stood there. */
export function putBack(folder: PackageFolder): boolean {
  const wasSwapped = isSwapped(folder);
  if (wasSwapped) renameSync(setAsidePath(folder), manifestPath(folder));
  rmSync(join(root, folder, "LICENSE"), { force: true });
  return wasSwapped;
}
