/** Which lines a change adds: a rule that is new does not stop a change that did not touch what it finds. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Finding } from "../finding.ts";

const run = promisify(execFile);

/** Git did not answer: no tree of it, or no such revision. */
export class ChangeError extends Error {}

/** Lines by path from the root of git's tree; every line of a file that is new. */
export type AddedLines = ReadonlyMap<string, ReadonlySet<number>>;

type Git = (...args: readonly string[]) => Promise<string>;

/** @throws {ChangeError} what git says to it */
const gitIn =
  (root: string, since: string): Git =>
  async (...args) => {
    try {
      return (await run("git", ["-C", root, ...args], { maxBuffer: 256 * 1024 * 1024 })).stdout;
    } catch (error) {
      const said = (error as { stderr?: string }).stderr?.trim() || String(error);
      throw new ChangeError(
        `git cannot tell what changed since "${since}": ${said}. A clone that has only the newest commit knows nothing older: fetch it all.`,
      );
    }
  };

/** Outside of a tree `git diff` compares files, and says how it is used. */
async function treeOf(root: string, since: string): Promise<Git> {
  const git = gitIn(root, since);
  await git("rev-parse", "--git-dir");
  return git;
}

/** Whether there is a commit to compare with: before the first one there is none. */
export const hasCommit = (root: string): Promise<boolean> =>
  gitIn(root, "HEAD")("rev-parse", "--verify", "--quiet", "HEAD").then(
    () => true,
    () => false,
  );

/** What `git diff` compares. A revision is looked up first, so that it cannot be an option. */
async function rangeOf(git: Git, since: string): Promise<readonly string[]> {
  if (since === "staged") return ["--cached"];
  return [
    "--merge-base",
    (await git("rev-parse", "--verify", "--end-of-options", `${since}^{commit}`)).trim(),
  ];
}

const pathsIn = (text: string) => text.split("\0").filter((path) => path !== "");

async function untracked(git: Git, since: string): Promise<readonly string[]> {
  return since === "staged" ? [] : pathsIn(await git("ls-files", "-z", "--others", "--exclude-standard"));
}

/**
 * Since a revision means: since this branch left it, so what others added there meanwhile is not ours.
 *
 * @param since `"staged"` for what the next commit adds, otherwise a revision of git
 * @throws {ChangeError} git does not know the revision, or has nothing in common with it
 */
export async function addedLines(root: string, since: string): Promise<AddedLines> {
  const git = await treeOf(root, since);
  const form = ["--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--relative", "--no-renames"];
  const diff = await git("diff", ...form, ...(await rangeOf(git, since)), "--");
  const fresh = await untracked(git, since);
  return new Map([...parseDiff(diff), ...fresh.map((path) => [path, everyLine] as const)]);
}

/** Paths of files that were added, changed or removed. @throws as {@link addedLines} */
export async function changedFiles(root: string, since: string): Promise<readonly string[]> {
  const git = await treeOf(root, since);
  const diff = await git(
    "diff",
    "--name-only",
    "-z",
    "--relative",
    "--no-renames",
    ...(await rangeOf(git, since)),
    "--",
  );
  return [...new Set([...pathsIn(diff), ...(await untracked(git, since))])].sort();
}

/** Lines of a file that git does not know. */
const everyLine: ReadonlySet<number> = new Set();

/** @param diff of `git diff --unified=0` */
function parseDiff(diff: string): AddedLines {
  const found = new Map<string, Set<number>>();
  let lines: Set<number> | null = null;
  for (const line of diff.split("\n")) {
    const file = /^\+\+\+ (?:"?b\/(.*?)"?|\/dev\/null)\t?$/.exec(line);
    if (file !== null) {
      lines = null;
      if (file[1] !== undefined) {
        lines = new Set();
        found.set(unquoted(file[1]), lines);
      }
      continue;
    }
    const hunk = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (hunk === null || lines === null) continue;
    const start = Number(hunk[1]);
    const count = hunk[2] === undefined ? 1 : Number(hunk[2]);
    for (let at = start; at < start + count; at++) lines.add(at);
  }
  return found;
}

/** Git writes bytes that are not plain as octal. */
function unquoted(path: string): string {
  if (!path.includes("\\")) return path;
  const bytes = path.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return new TextDecoder().decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
}

/** Those that begin in, or reach over, a line that was added; and those about a whole file that changed. */
export function inAddedLines(findings: readonly Finding[], added: AddedLines): readonly Finding[] {
  return findings.filter(({ file, line, endLine }) => {
    const lines = added.get(file);
    if (lines === undefined) return false;
    if (lines === everyLine) return true;
    for (let at = line; at <= endLine; at++) if (lines.has(at)) return true;
    return false;
  });
}

/**
 * The texts that changed files had before: those of the revision at which this branch left it, or of the last commit.
 *
 * @returns null for a file that was not there
 * @throws as {@link addedLines}
 */
export async function textsBefore(
  root: string,
  since: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string | null>> {
  const git = gitIn(root, since);
  const base = since === "staged" ? "HEAD" : await mergeBase(git, since);
  const found = new Map<string, string | null>();
  for (const path of paths) {
    // A file that is not there is no error: it is new.
    const isThere = (await git("ls-tree", "-z", "--name-only", base, "--", path)) !== "";
    found.set(path, isThere ? await git("show", `${base}:./${path}`) : null);
  }
  return found;
}

async function mergeBase(git: Git, since: string): Promise<string> {
  const [, revision = ""] = await rangeOf(git, since);
  return (await git("merge-base", revision, "HEAD")).trim();
}

/** Whether it takes lines away; a file that git does not know takes none. @throws as {@link addedLines} */
export async function takesAway(root: string, since: string): Promise<boolean> {
  const git = gitIn(root, since);
  const counts = await git(
    "diff",
    "--numstat",
    "--relative",
    "--no-renames",
    ...(await rangeOf(git, since)),
    "--",
  );
  return counts.split("\n").some((line) => /^\d+\t[1-9]/.test(line));
}
