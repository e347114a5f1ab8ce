import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeOutputs } from "../../tools/write-outputs.ts";

let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "outputs-"));
});
afterAll(() => rm(place, { recursive: true, force: true }));

test("parts of an earlier build go, and files that stay are replaced", async () => {
  const folder = join(place, "replaced");
  await writeOutputs(folder, [
    { path: join(folder, "index.js"), contents: "1" },
    { path: join(folder, "part-A.js"), contents: "a" },
  ]);
  await writeOutputs(folder, [
    { path: join(folder, "index.js"), contents: "2" },
    { path: join(folder, "part-B.js"), contents: "b" },
  ]);
  expect((await readdir(folder)).toSorted()).toEqual(["index.js", "part-B.js"]);
  expect(await readFile(join(folder, "index.js"), "utf8")).toBe("2");
});

test("builds at the same time do not disturb each other, and nothing is away meanwhile", async () => {
  const folder = join(place, "at-once");
  const outputs = Array.from({ length: 40 }, (_, part) => ({
    path: join(folder, `part-${part}.js`),
    contents: String(part).repeat(10_000),
  }));
  await writeOutputs(folder, outputs);
  await writeFile(join(folder, "part-of-before.js"), "");
  let isWriting = true;
  const reading = (async () => {
    while (isWriting)
      for (const { path, contents } of outputs) expect(await readFile(path, "utf8")).toBe(contents);
  })();
  await Promise.all(Array.from({ length: 5 }, () => writeOutputs(folder, outputs)));
  isWriting = false;
  await reading;
  expect((await readdir(folder)).length).toBe(outputs.length);
  expect(await readdir(place)).not.toContainEqual(expect.stringMatching(/^\.made-/));
});
