import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { ProjectFiles } from "../tree/files.ts";
import type { Checked } from "./check.ts";
import { remembered } from "./result-cache.ts";

async function folder(...inside: readonly string[]): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "brain-cache-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  for (const name of inside) await mkdir(join(path, name), { recursive: true });
  return path;
}

const project = (root: string, texts: Readonly<Record<string, string>>): ProjectFiles => ({
  root,
  workspaces: [],
  paths: new Set(Object.keys(texts)),
  files: new Map(Object.entries(texts).map(([path, text]) => [path, { path, text }])),
});

const nothing: Checked = { findings: [], suppressed: 0 };

/** Looks, and says whether it had to. */
async function looks(
  files: ProjectFiles,
  about: readonly string[] = ["2026-11-26", "N-1"],
): Promise<boolean> {
  let looked = false;
  await remembered(files, about, () => {
    looked = true;
    return nothing;
  });
  return looked;
}

test("the same files, rules and day are looked at once", async () => {
  const root = await folder("node_modules");
  const files = { "a.ts": "one", "b.ts": "two" };
  expect([await looks(project(root, files)), await looks(project(root, files))]).toEqual([true, false]);
});

test.each([
  ["a text", { "a.ts": "one!", "b.ts": "two" }, ["2026-11-26", "N-1"]],
  ["a name", { "c.ts": "one", "b.ts": "two" }, ["2026-11-26", "N-1"]],
  ["a file more", { "a.ts": "one", "b.ts": "two", "c.ts": "" }, ["2026-11-26", "N-1"]],
  ["where a text ends", { "a.ts": "on", "b.ts": "etwo" }, ["2026-11-26", "N-1"]],
  ["the day", { "a.ts": "one", "b.ts": "two" }, ["2026-11-27", "N-1"]],
  ["the rules", { "a.ts": "one", "b.ts": "two" }, ["2026-11-26", "N-1", "N-2"]],
])("%s that is another is looked at again", async (_, files, about) => {
  const root = await folder("node_modules");
  await looks(project(root, { "a.ts": "one", "b.ts": "two" }));
  expect(await looks(project(root, files), about)).toBe(true);
});

test("what was kept is no more than a note: one that is broken is looked past, and nothing is kept where no packages are", async () => {
  const root = await folder("node_modules/.cache/charter");
  for (const broken of ["", "null", "{}", '{"key":1}']) {
    await writeFile(join(root, "node_modules/.cache/charter/check.json"), broken);
    expect(await looks(project(root, { "a.ts": "one" }))).toBe(true);
  }
  const bare = await folder();
  await looks(project(bare, { "a.ts": "one" }));
  expect(await looks(project(bare, { "a.ts": "one" }))).toBe(true);
  expect(await readdir(bare)).toEqual([]);
});
