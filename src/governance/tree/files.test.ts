/** What is read of a folder: files, and nothing that leads out of it or never ends. */

import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findRoot, readFiles } from "./files.ts";

let place: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "charter-files-"));
  await mkdir(join(place, "project/src"), { recursive: true });
  await writeFile(join(place, "outside.ts"), "export const outside = 1;\n");
  await writeFile(join(place, "project/src/inside.ts"), "export const inside = 1;\n");
  await symlink("../../outside.ts", join(place, "project/src/link.ts"));
  await symlink(".", join(place, "project/src/round"));
  execFileSync("mkfifo", [join(place, "project/src/pipe.ts")]);
});
afterEach(() => rm(place, { recursive: true, force: true }));

test("links and pipes are not read, so that no mend is written through them", async () => {
  const { files } = await readFiles(join(place, "project"));
  expect([...files.keys()]).toEqual(["src/inside.ts"]);
});

test("nor are those that git knows", async () => {
  const git = (...args: readonly string[]) => execFileSync("git", ["-C", join(place, "project"), ...args]);
  git("init", "-q");
  git("add", "src");
  const { files } = await readFiles(join(place, "project"));
  expect([...files.keys()]).toEqual(["src/inside.ts"]);
});

test.each<[form: string, workspaces: unknown, files: readonly string[]]>([
  ["none", undefined, []],
  ["paths", ["packages/a", "./packages/b/"], ["packages/a/x.ts", "packages/b/x.ts"]],
  ["a pattern", ["packages/*"], ["packages/a/x.ts", "packages/b/x.ts"]],
  ["any depth", ["packages/**"], ["packages/a/x.ts", "packages/b/x.ts", "packages/deep/c/x.ts"]],
  ["all but one", ["packages/**", "!packages/deep/*"], ["packages/a/x.ts", "packages/b/x.ts"]],
  ["Yarn's list of packages", { packages: ["packages/a"] }, ["packages/a/x.ts"]],
])(
  "workspaces belong to the project, other projects inside of it do not: %s",
  async (_form, workspaces, files) => {
    const root = join(place, "project");
    await writeFile(join(root, "package.json"), JSON.stringify({ name: "whole", workspaces }));
    for (const folder of ["packages/a", "packages/b", "packages/deep/c"]) {
      await mkdir(join(root, folder), { recursive: true });
      await writeFile(join(root, folder, "package.json"), JSON.stringify({ name: folder }));
      await writeFile(join(root, folder, "x.ts"), "export const x = 1;\n");
    }
    const read = await readFiles(root);
    expect([...read.files.keys()].filter((path) => path.endsWith("x.ts"))).toEqual(files);
    const own = read.workspaces.filter(({ folder }) => folder !== "").map(({ name }) => name);
    expect(own).toEqual(files.map((path) => path.replace("/x.ts", "")));
  },
);

test.each<[form: string, text: string, files: readonly string[]]>([
  ["patterns", "packages:\n  - packages/*\n  - '!packages/b' # not this one\n", ["packages/a/x.ts"]],
  ["a list in one line", 'packages: ["./packages/a/"]\ncatalog:\n  zod: 4.6.7\n', ["packages/a/x.ts"]],
  ["no list", "onlyBuiltDependencies: []\n", []],
])("so do those that pnpm is told in a file of its own: %s", async (_form, text, files) => {
  const root = join(place, "project");
  await writeFile(join(root, "package.json"), '{ "name": "whole" }');
  await writeFile(join(root, "pnpm-workspace.yaml"), text);
  for (const folder of ["packages/a", "packages/b"]) {
    await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, folder, "package.json"), JSON.stringify({ name: folder }));
    await writeFile(join(root, folder, "x.ts"), "export const x = 1;\n");
  }
  const read = await readFiles(root);
  expect([...read.files.keys()].filter((path) => path.endsWith("x.ts"))).toEqual(files);
  if (files.length > 0) expect((await findRoot(join(root, "packages/a"))).root).toBe(root);
});

test("a list of workspaces that cannot be read is told with its file", async () => {
  const root = join(place, "project");
  await writeFile(join(root, "pnpm-workspace.yaml"), "packages: [\n");
  await expect(readFiles(root)).rejects.toThrow(/pnpm-workspace\.yaml cannot be read: /);
});
