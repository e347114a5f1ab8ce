import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { readProject, sectionOf } from "../../tools/checks/documents.ts";
import { root } from "../../tools/root.ts";

test("CONTRIBUTING.md says of each dependency what it is for, and of none that is gone", async () => {
  const path = `${root}package.json`;
  const { dependencies, devDependencies } = JSON.parse(await readFile(path, "utf8"));
  const { documents } = await readProject();
  const document = documents.find((candidate) => candidate.path === "CONTRIBUTING.md");
  if (document === undefined) throw new Error("There is no CONTRIBUTING.md.");
  const list = sectionOf(document, "What each dependency is for");
  const named = [...list.matchAll(/`([^`.]+)`/g)]
    .map(([, name = ""]) => name)
    .filter((name) => name !== "charter");
  expect(named.sort()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).sort());
});
