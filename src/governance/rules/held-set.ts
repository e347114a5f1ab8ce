/** The held set: what is wrong and right on the pages of the rules, and what a rule makes of it. For tests. */

import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { checkProject } from "../check/check.ts";
import { type Project, projectOf } from "../project.ts";
import { type Example, type Page, readPage } from "./page.ts";
import type { Rule } from "./rule.ts";

const folder = fileURLToPath(new URL("./pages/", import.meta.url).href);

const nameOfPage = (id: string) => `${id.toLowerCase()}.md`;

/** Pages by the names of their files; they are read once. */
export async function readPages(): Promise<ReadonlyMap<string, Page>> {
  const names = await readdir(folder);
  const texts = await Promise.all(names.map((name) => readFile(`${folder}${name}`, "utf8")));
  return new Map(names.map((name, index) => [name, readPage(texts[index] ?? "")]));
}

/** @throws the rule has no page */
export function pageOf(pages: ReadonlyMap<string, Page>, { id }: Rule): Page {
  const page = pages.get(nameOfPage(id));
  if (page === undefined) throw new Error(`The rule ${id} has no page ${nameOfPage(id)}.`);
  return page;
}

/** Names of the pages that these rules have. */
export const pageNames = (rules: readonly Rule[]) => rules.map(({ id }) => nameOfPage(id));

const isolateProjects = new WeakMap<Example, Project>();

/** With Python in it, `loadPython()` comes first. */
function projectOfExample(example: Example): Project {
  const known = isolateProjects.get(example);
  if (known !== undefined) return known;
  const { files } = example;
  const project = projectOf({
    root: "/",
    workspaces: [],
    paths: new Set(files.map(({ path }) => path)),
    files: new Map(files.map((file) => [file.path, file])),
  });
  isolateProjects.set(example, project);
  return project;
}

/** Where a rule finds something in an example: `src/a.ts:3`, in order. */
function foundIn(rule: Rule, example: Example): readonly string[] {
  const { findings } = checkProject(projectOfExample(example), [rule], "2026-01-01");
  return findings.map(({ file, line }) => `${file}:${line}`).toSorted();
}

/** What a rule does otherwise than its page says; empty: it holds what the page promises. */
export function faultsOf(rule: Rule, { wrong, right }: Page): readonly string[] {
  const ofWrong = wrong.flatMap((example, index) => {
    const [found, expected] = [foundIn(rule, example), example.expected.toSorted()];
    return found.join() === expected.join()
      ? []
      : [`wrong ${index + 1}: found ${found.join(", ") || "nothing"}, expected ${expected.join(", ")}`];
  });
  const ofRight = right.flatMap((example, index) => {
    const found = foundIn(rule, example);
    return found.length === 0 ? [] : [`right ${index + 1}: found ${found.join(", ")}`];
  });
  return [...ofWrong, ...ofRight];
}
