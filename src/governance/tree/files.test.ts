/** What is read of a folder: files, and nothing that leads out of it or never ends. */

import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readFiles } from "./files.ts";

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
