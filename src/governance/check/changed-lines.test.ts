import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Finding } from "../finding.ts";
import { addedLines, ChangeError, changedFiles, hasCommit, inAddedLines } from "./changed-lines.ts";

const finding = (file: string, line: number, endLine = line): Finding => ({
  rule: "B-5",
  severity: "error",
  file,
  line,
  column: 1,
  endLine,
  endColumn: 2,
  message: "found",
  why: "why",
  mend: "mend",
  fix: null,
});

async function repository() {
  const folder = await mkdtemp(join(tmpdir(), "brain-changed-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.org", ...args]);
  git("init", "-q");
  await writeFile(join(folder, "a.ts"), "one\ntwo\nthree\n");
  await writeFile(join(folder, "ä b.ts"), "one\n");
  git("add", "-A");
  git("commit", "-qm", "first");
  return { folder, git };
}

const told = (found: readonly Finding[]) => found.map(({ file, line }) => `${file}:${line}`);

test("only lines that were added count: not removed ones, and not those that stayed", async () => {
  const { folder } = await repository();
  await writeFile(join(folder, "a.ts"), "two\nnew\nthree\n");
  await writeFile(join(folder, "ä b.ts"), "one\nnew\n");
  await writeFile(join(folder, "fresh.ts"), "any\n");
  const added = await addedLines(folder, "HEAD");
  const all = ["a.ts", "ä b.ts", "fresh.ts"].flatMap((file) => [1, 2, 3].map((line) => finding(file, line)));
  expect(told(inAddedLines(all, added))).toEqual([
    "a.ts:2",
    "ä b.ts:2",
    "fresh.ts:1",
    "fresh.ts:2",
    "fresh.ts:3",
  ]);
  expect(told(inAddedLines([finding("a.ts", 1, 2), finding("a.ts", 3, 9)], added))).toEqual(["a.ts:1"]);
});

test("files that changed are those that were added, changed or removed", async () => {
  const { folder, git } = await repository();
  await writeFile(join(folder, "fresh.ts"), "any\n");
  await rm(join(folder, "ä b.ts"));
  expect(await changedFiles(folder, "HEAD")).toEqual(["fresh.ts", "ä b.ts"]);
  expect(await changedFiles(folder, "staged")).toEqual([]);
  git("add", "-A");
  expect(await changedFiles(folder, "staged")).toEqual(["fresh.ts", "ä b.ts"]);
});

test("staged is what the next commit adds, and nothing else", async () => {
  const { folder, git } = await repository();
  await writeFile(join(folder, "a.ts"), "zero\none\ntwo\nthree\n");
  git("add", "a.ts");
  await writeFile(join(folder, "a.ts"), "zero\none\ntwo\nthree\nnot staged\n");
  const added = await addedLines(folder, "staged");
  expect(
    told(
      inAddedLines(
        [1, 2, 5].map((line) => finding("a.ts", line)),
        added,
      ),
    ),
  ).toEqual(["a.ts:1"]);
});

test("what others added to the branch that ours left is not ours", async () => {
  const { folder, git } = await repository();
  git("checkout", "-qb", "ours");
  await writeFile(join(folder, "ä b.ts"), "one\nours\n");
  git("commit", "-qam", "ours");
  git("checkout", "-q", "-");
  await writeFile(join(folder, "a.ts"), "two\nthree\n");
  git("commit", "-qam", "theirs");
  const theirs = git("rev-parse", "HEAD").toString().trim();
  git("checkout", "-q", "ours");
  const all = ["a.ts", "ä b.ts"].flatMap((file) => [1, 2].map((line) => finding(file, line)));
  expect(told(inAddedLines(all, await addedLines(folder, theirs)))).toEqual(["ä b.ts:2"]);
});

test("neither settings of git, nor attributes, nor a line like a head of a diff hides what was added", async () => {
  const { folder, git } = await repository();
  const lines = "one\n++ b/ä b.ts\ntwo\nnew\nthree\n";
  await writeFile(join(folder, "a.ts"), lines);
  await writeFile(join(folder, "nul.ts"), "\0\n");
  git("add", "-A");
  const all = ["a.ts", "ä b.ts"].flatMap((file) => [1, 2, 3, 4].map((line) => finding(file, line)));
  const seen = async () =>
    told(inAddedLines([...all, finding("nul.ts", 1)], await addedLines(folder, "staged")));
  const expected = ["a.ts:2", "a.ts:4", "nul.ts:1"];
  expect(await seen()).toEqual(expected);
  for (const setting of ["noprefix", "mnemonicPrefix"]) {
    git("config", `diff.${setting}`, "true");
    expect(await seen(), setting).toEqual(expected);
  }
  git("config", "diff.interHunkContext", "9");
  await writeFile(join(folder, ".git/info/attributes"), "*.ts -diff\n");
  expect(await seen(), "-diff").toEqual(expected);
});

test("two branches that took each other in have two places at which they parted, and one is taken", async () => {
  const { folder, git } = await repository();
  const commit = async (branch: string, path: string, text: string) => {
    git("checkout", "-q", branch);
    await writeFile(join(folder, path), text);
    git("add", "-A");
    git("commit", "-qm", path);
    return git("rev-parse", "HEAD").toString().trim();
  };
  git("branch", "-m", "trunk");
  git("branch", "ours");
  const ours = await commit("ours", "ours.ts", "ours\n");
  const theirs = await commit("trunk", "theirs.ts", "theirs\n");
  git("merge", "-q", "--no-edit", ours);
  git("checkout", "-q", "ours");
  git("merge", "-q", "--no-edit", theirs);
  await commit("ours", "a.ts", "one\ntwo\nnew\n");
  expect(git("merge-base", "--all", "trunk", "ours").toString().trim().split("\n")).toHaveLength(2);
  const all = [2, 3].map((line) => finding("a.ts", line));
  expect(told(inAddedLines(all, await addedLines(folder, "trunk")))).toEqual(["a.ts:3"]);
  expect(await changedFiles(folder, "trunk")).toEqual(["a.ts", "ours.ts"]);
});

test("a revision that git does not know is named", async () => {
  const { folder, git } = await repository();
  await expect(addedLines(folder, "nowhere")).rejects.toThrow(ChangeError);
  await expect(addedLines(folder, "nowhere")).rejects.toThrow(/since "nowhere": .*fetch it all/s);
  await expect(addedLines(folder, "--output=/tmp/x")).rejects.toThrow(ChangeError);
  git("branch", "-m", "trunk");
  git("checkout", "-q", "--orphan", "alone");
  git("commit", "-qm", "alone");
  await expect(addedLines(folder, "trunk")).rejects.toThrow(
    /since "trunk": it and this branch have no commit/,
  );
});

test("a folder without git, and one without a first commit, are told apart", async () => {
  const folder = await mkdtemp(join(tmpdir(), "brain-changed-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const asked of [addedLines, changedFiles])
    await expect(asked(folder, "staged")).rejects.toThrow(/not a git repository[^\n]*$/);
  execFileSync("git", ["-C", folder, "init", "-q"]);
  await writeFile(join(folder, "a.ts"), "one\n");
  execFileSync("git", ["-C", folder, "add", "-A"]);
  expect(await changedFiles(folder, "staged")).toEqual(["a.ts"]);
  expect(await hasCommit(folder)).toBe(false);
  const { folder: other } = await repository();
  expect(await hasCommit(other)).toBe(true);
});
