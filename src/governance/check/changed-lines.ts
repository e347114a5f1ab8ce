/** Which lines a change adds: a rule that is new does not stop a change that did not touch what it finds. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Finding } from "../finding.ts";

const run = promisify(execFile);

/** Git did not answer: no tree of it, or no such revision. */
export class ChangeError extends Error {}

/** Lines by path from the root of git's tree; every line of a file that is new. */
export type AddedLines = ReadonlyMap<string, ReadonlySet<number>>;

const changeError = (since: string, why: string) =>
  new ChangeError(
    `git cannot tell what changed since "${since}": ${why}. A clone that has only the newest commit knows nothing older: fetch it all.`,
  );

type Git = (...args: readonly string[]) => Promise<string>;

/** @throws {ChangeError} what git says to it */
const gitIn =
  (root: string, since: string): Git =>
  async (...args) => {
    try {
      return (await run("git", ["-C", root, ...args], { maxBuffer: 256 * 1024 * 1024 })).stdout;
    } catch (error) {
      const said = (error as { stderr?: string }).stderr?.trim() || String(error);
      throw changeError(since, said);
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

/** What `git diff` compares. */
const rangeOf = async (git: Git, since: string) =>
  since === "staged" ? "--cached" : await leftAt(git, since);

/**
 * The commit at which this branch left a revision. A revision is looked up first, so that it cannot be an option. Where
 * branches took each other in, there are several: the one that the revision itself came by has all that others did.
 */
async function leftAt(git: Git, since: string): Promise<string> {
  const revision = (await git("rev-parse", "--verify", "--end-of-options", `${since}^{commit}`)).trim();
  const bases = await git("merge-base", "--all", revision, "HEAD").catch(() => "");
  const [first = "", ...others] = bases.trim().split("\n");
  if (first === "") throw changeError(since, "it and this branch have no commit in common");
  if (others.length === 0) return first;
  const own = new Set((await git("rev-list", "--first-parent", revision)).split("\n"));
  return [first, ...others].find((commit) => own.has(commit)) ?? first;
}

/** The same whatever git is set to, also by attributes. */
const form =
  "--unified=0 --inter-hunk-context=0 --text --no-color --no-ext-diff --no-textconv --src-prefix=a/ --dst-prefix=b/";

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
  const range = await rangeOf(git, since);
  const diff = await git("diff", ...form.split(" "), "--relative", "--no-renames", range, "--");
  const fresh = await untracked(git, since);
  return new Map([...parseDiff(diff), ...fresh.map((path) => [path, everyLine] as const)]);
}

/** Paths of files that were added, changed or removed. @throws as {@link addedLines} */
export async function changedFiles(root: string, since: string): Promise<readonly string[]> {
  const git = await treeOf(root, since);
  const range = await rangeOf(git, since);
  const diff = await git("diff", "--name-only", "-z", "--relative", "--no-renames", range, "--");
  return [...new Set([...pathsIn(diff), ...(await untracked(git, since))])].sort();
}

/** Lines of a file that git does not know. */
const everyLine: ReadonlySet<number> = new Set();

/** @param diff of `git diff --unified=0` */
function parseDiff(diff: string): AddedLines {
  const found = new Map<string, Set<number>>();
  let lines: Set<number> | null = null;
  /** Of a hunk: texts of the files, whatever they look like. */
  let texts = 0;
  for (const line of diff.split("\n")) {
    if (texts > 0 && /^[-+]/.test(line)) {
      texts -= 1;
      continue;
    }
    const file = /^\+\+\+ (?:"?b\/(.*?)"?|\/dev\/null)\t?$/.exec(line);
    if (file !== null) {
      lines = null;
      if (file[1] !== undefined) {
        lines = new Set();
        found.set(unquoted(file[1]), lines);
      }
      continue;
    }
    const hunk = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (hunk === null) continue;
    const count = Number(hunk[3] ?? 1);
    texts = Number(hunk[1] ?? 1) + count;
    if (lines === null) continue;
    const start = Number(hunk[2]);
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
  const base = since === "staged" ? "HEAD" : await leftAt(git, since);
  const found = new Map<string, string | null>();
  for (const path of paths) {
    // A file that is not there is no error: it is new.
    const isThere = (await git("ls-tree", "-z", "--name-only", base, "--", path)) !== "";
    found.set(path, isThere ? await git("show", `${base}:./${path}`) : null);
  }
  return found;
}

/** Whether it takes lines away; a file that git does not know takes none. @throws as {@link addedLines} */
export async function takesAway(root: string, since: string): Promise<boolean> {
  const git = gitIn(root, since);
  const range = await rangeOf(git, since);
  const counts = await git("diff", "--numstat", "--text", "--relative", "--no-renames", range, "--");
  return counts.split("\n").some((line) => /^\d+\t[1-9]/.test(line));
}
