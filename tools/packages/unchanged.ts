/** Whether `dist` of a package holds what the compiler would make again: packing both packages, it would make one of them twice. */

import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type PackageFolder, packages, readManifest, root } from "./manifest.ts";

/** What the compiler reads beside the packages: its settings, the packages of others, and what is done to its output. */
const shared = ["tsconfig.json", "package-lock.json", "tools/packages/*.ts"];

const notePath = (folder: PackageFolder) =>
  join(root, "node_modules", ".cache", "brain-packages", folder.replaceAll("/", "-"));

/** Of all that goes in and all that came out, whole: times of files say nothing behind a checkout or a copy. */
function stateOf(folder: PackageFolder): string {
  const hash = createHash("sha256");
  const needed = packages.slice(0, packages.indexOf(folder) + 1);
  const sources = needed.map((name) => `${name}/**/*.ts`);
  const made = needed.map((name) => `${name}/dist/**/*.{js,ts,map}`);
  const exclude = ["**/node_modules/**", "**/dist/**", "**/*.test.ts"];
  const paths = [
    ...globSync([...sources, ...shared], { cwd: root, exclude }),
    ...globSync(made, { cwd: root }),
  ];
  for (const path of paths.sort()) {
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  }
  for (const name of needed) hash.update(JSON.stringify(readManifest(name)));
  return hash.digest("hex");
}

export function isUnchanged(folder: PackageFolder): boolean {
  try {
    return readFileSync(notePath(folder), "utf8") === stateOf(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** Notes that `dist` is what the sources give now. Without the right to write it, the package is compiled each time. */
export function noteUnchanged(folder: PackageFolder): void {
  try {
    mkdirSync(dirname(notePath(folder)), { recursive: true });
    writeFileSync(notePath(folder), stateOf(folder));
  } catch (error) {
    if (!["EACCES", "EPERM", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
