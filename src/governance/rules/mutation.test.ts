/**
 * Rules that are broken on purpose. Each must be noticed by the pages, so that a rule cannot be lost, or go blind or wild,
 * without a red test: what `pages.test.ts` asserts of a rule does not hold of any of its mutants.
 */

import { beforeAll, expect, test } from "vitest";
import { loadPython } from "../tree/python/parser.ts";
import { faultsOf, pageOf, readPages } from "./held-set.ts";
import { rules } from "./index.ts";
import type { Check, Rule, RuleFinding } from "./rule.ts";

beforeAll(loadPython);

const pages = await readPages();

const nothing: Check = () => undefined;

/** What a check reports, changed. */
const changed =
  (check: Check, change: (reports: readonly RuleFinding[]) => readonly RuleFinding[]): Check =>
  (project, report) => {
    const reports: RuleFinding[] = [];
    check(project, (found) => void reports.push(found));
    for (const found of change(reports)) report(found);
  };

/** In both languages. */
const both = (rule: Rule, change: (check: Check) => Check): Rule => ({
  ...rule,
  check: change(rule.check),
  ...(rule.python === undefined ? {} : { python: change(rule.python) }),
});

/** Says something about every file that the project has. */
const wild: Check = ({ files }, report) => {
  for (const { path } of files.files.values())
    report({ at: { file: path, start: 0, end: 0 }, message: "Something may be wrong here." });
};

const mutants: Readonly<Record<string, (rule: Rule) => Rule | null>> = {
  "finds nothing": (rule) => both(rule, () => nothing),
  "finds nothing in Python": (rule) => (rule.python === undefined ? null : { ...rule, python: nothing }),
  "misses the first": (rule) => both(rule, (check) => changed(check, ([, ...rest]) => rest)),
  "misses the last": (rule) => both(rule, (check) => changed(check, (reports) => reports.slice(0, -1))),
  "finds something everywhere": (rule) => ({ ...rule, check: wild }),
};

test.each(rules)("a broken $id is noticed", (rule) => {
  const page = pageOf(pages, rule);
  const alive = Object.entries(mutants).filter(([, mutate]) => {
    const mutant = mutate(rule);
    return mutant !== null && faultsOf(mutant, page).length === 0;
  });
  expect(alive.map(([name]) => name)).toEqual([]);
  // The control: the rule itself is not noticed.
  expect(faultsOf(rule, page)).toEqual([]);
});
