import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readReadme } from "./console.ts";

test("the README says of each dependency what it is for, and of none that is gone", async () => {
  const path = fileURLToPath(new URL("../../package.json", import.meta.url).href);
  const { dependencies, devDependencies } = JSON.parse(await readFile(path, "utf8"));
  const [, section = ""] = (await readReadme()).split("\n## What each dependency is for\n");
  const [list = ""] = section.split("\n## ");
  const named = [...list.matchAll(/`([^`.]+)`/g)]
    .map(([, name = ""]) => name)
    .filter((name) => name !== "charter");
  expect(named.sort()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).sort());
});
