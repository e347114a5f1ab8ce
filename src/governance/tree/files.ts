/** Lists and reads the files of a project. */

import { execFile } from "node:child_process";
import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { promisify } from "node:util";
import { isDeclaration, isJavaScript } from "./syntax/source.ts";
import type { TextFile } from "./text.ts";
import { hasWorkspaces, packagesIn, TreeError, type Workspace, workspacesOf } from "./workspaces.ts";

const run = promisify(execFile);

/** What nobody wrote by hand. */
const skippedFolders = new Set(["node_modules", "dist", "coverage", "__pycache__", "venv", "site-packages"]);
const readExtensions = /\.(?:tsx?|[cm]ts|jsx?|[cm]js|py|md|jsonc?|ya?ml|toml|sql)$/;
const maxFiles = 20_000;
const maxFileBytes = 1_000_000;

const slashes = (path: string) => path.split(sep).join("/");

/**
 * The root of the project that `path` belongs to. The first of these that is there, from `path` upwards:
 * 1. a folder with a `package.json` that names workspaces, a `pyproject.toml` or a `.git`
 * 2. a folder with a `package.json`
 * 3. the `backend` whose modules it is in
 * 4. the folder itself
 *
 * @throws {TreeError} there is no such path
 */
export async function findRoot(path: string): Promise<{ readonly root: string; readonly within: string }> {
  const start = resolve(path);
  const found = await stat(start).catch(() => null);
  if (found === null) {
    throw new TreeError(
      `There is no ${path}. Give a folder or a file of a project, or nothing for this folder.`,
    );
  }
  const folder = found.isDirectory() ? start : dirname(start);
  let nearest: string | null = null;
  for (let at = folder; ; at = dirname(at)) {
    const names = new Set(await readdir(at).catch(() => []));
    const isWhole = names.has(".git") || names.has("pyproject.toml") || (await hasWorkspaces(at, names));
    if (nearest === null && names.has("package.json")) nearest = at;
    if (isWhole) {
      const root = nearest !== null && nearest !== at && !(await hasWorkspaces(at, names)) ? nearest : at;
      return { root, within: slashes(relative(root, start)) };
    }
    if (dirname(at) === at) break;
  }
  const root = nearest ?? backendAround(folder) ?? folder;
  return { root, within: slashes(relative(root, start)) };
}

/** Teams that come from the original have no `package.json`: their backend is a project. Null: it is none. */
function backendAround(folder: string): string | null {
  const [, backend] = /^(.*\/backend)\/(?:modules|app|brain)(?:\/|$)/.exec(slashes(folder)) ?? [];
  return backend === undefined ? null : resolve(backend);
}

/** By git when it is one of its trees, so that what is ignored is not judged; otherwise by walking. */
async function listPaths(root: string): Promise<readonly string[]> {
  try {
    const args = ["-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    const { stdout } = await run("git", args, { maxBuffer: 64 * 1024 * 1024 });
    const listed = stdout.split("\0").filter((path) => path !== "");
    if (listed.length > 0) return [...new Set(listed)].sort();
  } catch {
    // No git here, or no tree of it.
  }
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      if (entry.isSymbolicLink()) continue;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        const isShown = !entry.name.startsWith(".") || entry.name === ".github";
        if (isShown && !skippedFolders.has(entry.name)) await walk(path);
      } else if (entry.isFile() && found.push(path) > maxFiles) return;
    }
  };
  await walk("");
  return found.sort();
}

const inSkipped = (path: string) => path.split("/").some((name) => skippedFolders.has(name));

export interface ProjectFiles {
  readonly root: string;
  readonly workspaces: readonly Workspace[];
  /** Every file, read or not. */
  readonly paths: ReadonlySet<string>;
  /** Those that a rule may look at. */
  readonly files: ReadonlyMap<string, TextFile>;
}

/** @throws {TreeError} there are more files than anybody can judge, or none, or its list of workspaces cannot be read */
export async function readFiles(root: string): Promise<ProjectFiles> {
  const listed = (await listPaths(root)).filter((path) => !inSkipped(path));
  const packages = packagesIn(listed);
  const workspaces = await workspacesOf(root, packages);
  const nested = packages.filter((folder) => workspaces.every((own) => own.folder !== folder));
  const paths = listed.filter((path) => !nested.some((folder) => path.startsWith(`${folder}/`)));
  if (paths.length > maxFiles) {
    throw new TreeError(
      `${root} has ${paths.length} files, and at most ${maxFiles} are judged. Give the folder of the project, or let git ignore what is not yours.`,
    );
  }
  const all = new Set(paths);
  const wanted = paths.filter(
    (path) => readExtensions.test(path) && !isDeclaration(path) && !isMade(path, all),
  );
  if (wanted.length === 0)
    throw new TreeError(
      `${root} has no source and no document that could be judged. Give the folder of the project.`,
    );
  const files = await Promise.all(wanted.map((path) => readText(root, path)));
  return {
    root,
    workspaces,
    paths: new Set(paths),
    files: new Map(files.filter((file) => file !== null).map((file) => [file.path, file])),
  };
}

/** JavaScript that a tool made, or that is only handed out: beside its TypeScript, in a folder for it, or squeezed. */
const isMade = (path: string, all: ReadonlySet<string>): boolean =>
  isJavaScript(path) &&
  (/\.min\.[cm]?js$|(?:^|\/)(?:public|static|assets|vendor|build|out|third_party)\//.test(path) ||
    all.has(path.replace(/js(x?)$/, "ts$1")));

const maxLine = 1_000;
const isSqueezed = (text: string) =>
  text.length > maxLine && text.split("\n").some((line) => line.length > maxLine);

/**
 * The texts of files as they are, also of those that belong to a project of its own inside of this one.
 *
 * @returns without those that are gone, or that nobody wrote by hand
 */
export async function textsOf(
  { root, files }: Pick<ProjectFiles, "root" | "files">,
  paths: readonly string[],
): Promise<readonly TextFile[]> {
  const texts = await Promise.all(paths.map(async (path) => files.get(path) ?? (await readText(root, path))));
  return texts.filter((text) => text !== null);
}

/** Null: it is gone, larger than anything that is written by hand, or a link, which may lead out of the project. */
async function readText(root: string, path: string): Promise<TextFile | null> {
  try {
    const found = await lstat(join(root, path));
    if (!found.isFile() || found.size > maxFileBytes * 4) return null;
    const read = await readFile(join(root, path), "utf8");
    // Some editors put a byte order mark in front; it is no part of a heading or of code.
    const text = read.startsWith("\uFEFF") ? read.slice(1) : read;
    return text.length > maxFileBytes || (isJavaScript(path) && isSqueezed(text)) ? null : { path, text };
  } catch {
    return null;
  }
}
