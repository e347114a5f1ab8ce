/** Each rule has a page, and the page's examples are its tests: the wrong one is found where it says, the right one is not. */

import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { checkProject } from "../check.ts";
import { projectOf } from "../project.ts";
import { loadPython } from "../tree/python/parser.ts";
import { rules } from "./index.ts";
import { type Example, readPage } from "./page.ts";
import { pythonChecks } from "./python/index.ts";

beforeAll(loadPython);

const folder = fileURLToPath(new URL("./pages/", import.meta.url).href);
const pageName = (id: string) => `${id.toLowerCase()}.md`;

function found(id: string, { files }: Example): readonly string[] {
  const rule = rules.filter((known) => known.id === id);
  const project = projectOf({
    root: "/",
    workspaces: [],
    paths: new Set(files.map(({ path }) => path)),
    files: new Map(files.map((file) => [file.path, file])),
  });
  return checkProject(project, rule, "2026-01-01").findings.map(({ file, line }) => `${file}:${line}`);
}

test("each rule has a page, and each page a rule", async () => {
  expect((await readdir(folder)).toSorted()).toEqual(rules.map(({ id }) => pageName(id)).toSorted());
  expect(new Set(rules.map(({ id }) => id.toLowerCase())).size).toBe(rules.length);
});

test("each check over Python is one of a rule, and its page shows it", async () => {
  const ids = rules.filter(({ python }) => python !== undefined).map(({ id }) => id);
  expect(ids.toSorted()).toEqual([...pythonChecks.keys()].toSorted());
  const pages = await Promise.all(
    ids.map(async (id) => ({ id, page: readPage(await readFile(`${folder}${pageName(id)}`, "utf8")) })),
  );
  const ofPython = ({ files }: Example) => files.some(({ path }) => path.endsWith(".py"));
  const unshown = pages.filter(({ page }) => !page.wrong.some(ofPython) || !page.right.some(ofPython));
  expect(unshown.map(({ id }) => id)).toEqual([]);
});

describe.each(rules)("rule $id", (rule) => {
  const page = readFile(`${folder}${pageName(rule.id)}`, "utf8").then(readPage);

  test("its page is about it", async () => {
    expect((await page).title.toLowerCase()).toBe(`${rule.id}: ${rule.title}`.toLowerCase());
    for (const text of [rule.why, rule.mend]) expect(text).toMatch(/^\S.*[.?!]$/);
    expect(rule.title).not.toMatch(/[.!]$/);
  });

  test("what is wrong on its page is found, in the lines that the page says", async () => {
    const { wrong } = await page;
    expect(wrong.length).toBeGreaterThan(0);
    for (const example of wrong) {
      expect(example.expected.length, "the page says where it is found").toBeGreaterThan(0);
      expect(found(rule.id, example).toSorted()).toEqual(example.expected.toSorted());
    }
  });

  test("what is right on its page is not found", async () => {
    const { right } = await page;
    expect(right.length).toBeGreaterThan(0);
    for (const example of right) expect(found(rule.id, example)).toEqual([]);
  });
});
