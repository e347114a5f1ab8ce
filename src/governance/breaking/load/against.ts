/** The catalogue to compare with: a file, or what a revision of git had. */

import { execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, realpath, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { makeFolder } from "../../files/make-folder.ts";
import type { CatalogueRecord } from "../catalogue.ts";
import { loadCatalogue } from "./load.ts";
import { placesOf } from "./product-facts.ts";
import { CatalogueError, parseCatalogue } from "./read-catalogue.ts";

const run = promisify(execFile);

/** The name of the file, in the folder of released catalogues, that says what the code of its commit has. */
export const currentCatalogue = "current.json";

export interface Against {
  readonly record: CatalogueRecord;
  /** For messages: `release 1.2.0 (schemas/…/1.2.0.json)`, `v1.2.0`. */
  readonly name: string;
}

/**
 * @param given a file with a catalogue, from where the command runs; otherwise a revision of git
 * @throws {CatalogueError} it is neither, or its catalogue cannot be had
 */
export async function readAgainst(root: string, given: string, catalogue: string | null): Promise<Against> {
  const found = await stat(resolve(given)).catch(() => null);
  if (found?.isFile() === true) {
    const record = parseCatalogue(await readFile(resolve(given), "utf8"), given);
    return { record, name: `release ${record.release} (${given})` };
  }
  if (found !== null || given.endsWith(".json")) {
    const what = found === null ? "there is no such file" : "it is a folder";
    throw new CatalogueError(
      "no_file",
      `"${given}" cannot be compared with: ${what}. Expected a file that \`charter breaking --write\` made, or a revision of git.`,
    );
  }
  return atRevision(root, given, catalogue);
}

async function git(root: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout } = await run("git", ["-C", root, ...args], { maxBuffer: 256 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") return null;
    throw new CatalogueError("bad_ref", "git is not installed here, so no revision can be read.", {
      cause: error,
    });
  }
}

async function atRevision(root: string, revision: string, catalogue: string | null): Promise<Against> {
  const top = (await git(root, ["rev-parse", "--show-toplevel"]))?.trim();
  if (top === undefined) {
    throw new CatalogueError(
      "bad_ref",
      `"${revision}" is no file, and ${root} is in no repository of git. Give a file that \`charter breaking --write\` made.`,
    );
  }
  const commit = (
    await git(root, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`])
  )?.trim();
  if (commit === undefined) {
    throw new CatalogueError(
      "bad_ref",
      `"${revision}" is neither a file nor a revision of this repository. In a shallow clone older commits are missing: git fetch --unshallow, or fetch that one.`,
    );
  }
  const folder = relative(await realpath(top), await realpath(root))
    .split(sep)
    .join("/");
  const inFolder = (path: string) => (folder === "" ? path : `${folder}/${path}`);
  const show = (path: string) => git(root, ["show", `${commit}:${inFolder(path)}`]);
  const { released } = placesOf(await show("package.json"));
  const stored = released === null ? null : await show(`${released}/${currentCatalogue}`);
  const name = `${revision} (${commit.slice(0, 10)})`;
  if (stored !== null)
    return { record: parseCatalogue(stored, `${revision}:${released}/${currentCatalogue}`), name };
  return { record: await loadAt(top, commit, folder, catalogue, revision), name };
}

/** Loads the code of a commit from a folder of its own, with the packages of this one. */
async function loadAt(
  top: string,
  commit: string,
  folder: string,
  catalogue: string | null,
  revision: string,
): Promise<CatalogueRecord> {
  const copy = await realpath(await mkdtemp(join(tmpdir(), "charter-breaking-")));
  try {
    await unpack(top, commit, copy);
    const root = join(copy, folder);
    if ((await stat(root).catch(() => null)) === null)
      throw new CatalogueError("bad_ref", `${revision} has no folder ${folder}.`);
    await linkPackages(top, folder, copy);
    const loaded = await loadCatalogue(root, catalogue);
    loaded.close();
    return loaded.record;
  } catch (error) {
    if (!(error instanceof CatalogueError)) throw error;
    const message = `${revision}: ${error.message.replaceAll(copy, `${revision}:`)}`;
    throw new CatalogueError(error.code, message, { cause: error });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** What the commit has, without its history, into a folder. */
async function unpack(top: string, commit: string, into: string): Promise<void> {
  const archive = spawn("git", ["-C", top, "archive", "--format=tar", commit], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const tar = spawn("tar", ["-x", "-C", into], { stdio: ["pipe", "ignore", "pipe"] });
  const said: string[] = [];
  for (const { stderr } of [archive, tar]) stderr.setEncoding("utf8").on("data", (text) => said.push(text));
  const ended = [archive, tar].map(
    (child) =>
      new Promise<boolean>((resolve) => {
        child.on("error", (error) => {
          said.push(error.message);
          resolve(false);
        });
        child.on("close", (code) => resolve(code === 0));
      }),
  );
  // When one of them ends early, its own message says more than the broken pipe.
  await pipeline(archive.stdout, tar.stdin).catch(() => undefined);
  if ((await Promise.all(ended)).every((isDone) => isDone)) return;
  throw new CatalogueError("bad_ref", `${commit} cannot be unpacked: ${said.join("").trim()}`);
}

/** Packages are those that are installed now; packages of the repository itself are those of the commit. */
async function linkPackages(top: string, folder: string, copy: string): Promise<void> {
  const steps = folder === "" ? [] : folder.split("/");
  const places = ["", ...steps.map((_, at) => steps.slice(0, at + 1).join("/"))];
  for (const place of places) {
    const from = join(top, place, "node_modules");
    const names = await readdir(from).catch(() => []);
    if (names.length === 0) continue;
    const to = join(copy, place, "node_modules");
    makeFolder(to);
    for (const name of names) {
      if (!name.startsWith("@")) await linkOne(top, copy, join(from, name), join(to, name));
      else {
        makeFolder(join(to, name));
        for (const inner of await readdir(join(from, name)))
          await linkOne(top, copy, join(from, name, inner), join(to, name, inner));
      }
    }
  }
}

async function linkOne(top: string, copy: string, from: string, to: string): Promise<void> {
  const target = await realpath(from).catch(() => null);
  if (target === null) return;
  const inside = relative(await realpath(top), target);
  const isOwn = !inside.startsWith("..") && !inside.split(sep).includes("node_modules");
  await symlink(isOwn ? join(copy, inside) : target, to);
}
