import { appendFile, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { watchFolder } from "./watch-folder.ts";

let root: string;
let seen: string[];
let stop: () => void;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "brain-watch-"));
  await mkdir(join(root, "src/deep"), { recursive: true });
  await writeFile(join(root, "src/deep/a.ts"), "1");
  seen = [];
  stop = watchFolder(root, "src", (path) => seen.push(path));
});
afterEach(async () => {
  stop();
  await rm(root, { recursive: true, force: true });
});

/** Waits until `work` was seen as a change of `path`. */
async function expectSeen(path: string, work: () => Promise<unknown>): Promise<void> {
  seen.length = 0;
  await work();
  await expect.poll(() => seen).toContain(path);
}

/** As editors, `sed -i` and git do it. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(join(root, `${path}.tmp`), text);
  await rename(join(root, `${path}.tmp`), join(root, path));
}

test("a file that was replaced is seen, each time, and so is what is written into it then", async () => {
  for (const text of ["2", "3", "4"]) await expectSeen("src/deep/a.ts", () => replace("src/deep/a.ts", text));
  await expectSeen("src/deep/a.ts", () => appendFile(join(root, "src/deep/a.ts"), "5"));
  await expectSeen("src/deep/a.ts", () => rm(join(root, "src/deep/a.ts")));
});

test("a new folder with all that is in it is seen, also when another one stood there before", async () => {
  const [folder, file] = [join(root, "src/new"), join(root, "src/new/inside/b.ts")];
  const make = async () => {
    await mkdir(join(folder, "inside"), { recursive: true });
    await writeFile(file, "1");
  };
  for (let round = 0; round < 3; round++) {
    await expectSeen("src/new/inside/b.ts", make);
    await expectSeen("src/new/inside/b.ts", () => appendFile(file, "2"));
    await expectSeen("src/new/inside/b.ts", () => replace("src/new/inside/b.ts", "3"));
    await rm(folder, { recursive: true });
  }
  await expectSeen("src/moved/a.ts", () => rename(join(root, "src/deep"), join(root, "src/moved")));
  await expectSeen("src/moved/a.ts", () => appendFile(join(root, "src/moved/a.ts"), "2"));
});
