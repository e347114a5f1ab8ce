/** Each rule has a page, and the page's examples are its tests: the wrong one is found where it says, the right one is not. */

import { beforeAll, describe, expect, test } from "vitest";
import { loadPython } from "../tree/python/parser.ts";
import { faultsOf, pageNames, pageOf, readPages } from "./held-set.ts";
import { rules } from "./index.ts";
import type { Example } from "./page.ts";
import { pythonChecks } from "./python/index.ts";

beforeAll(loadPython);

const pages = await readPages();

test("each rule has a page, and each page a rule", () => {
  expect([...pages.keys()].toSorted()).toEqual(pageNames(rules).toSorted());
  expect(new Set(rules.map(({ id }) => id.toLowerCase())).size).toBe(rules.length);
});

test("each check over Python is one of a rule, and its page shows it", () => {
  const judged = rules.filter(({ python }) => python !== undefined);
  expect(judged.map(({ id }) => id).toSorted()).toEqual([...pythonChecks.keys()].toSorted());
  const ofPython = ({ files }: Example) => files.some(({ path }) => path.endsWith(".py"));
  const unshown = judged.filter((rule) => {
    const { wrong, right } = pageOf(pages, rule);
    return !wrong.some(ofPython) || !right.some(ofPython);
  });
  expect(unshown.map(({ id }) => id)).toEqual([]);
});

describe.each(rules)("rule $id", (rule) => {
  test("its page is about it, and says where the wrong examples are wrong", () => {
    const { title, wrong, right } = pageOf(pages, rule);
    expect(title.toLowerCase()).toBe(`${rule.id}: ${rule.title}`.toLowerCase());
    for (const text of [rule.why, rule.mend]) expect(text).toMatch(/^\S.*[.?!]$/);
    expect(rule.title).not.toMatch(/[.!]$/);
    expect([wrong.length > 0, right.length > 0]).toEqual([true, true]);
    expect(wrong.filter(({ expected }) => expected.length === 0)).toEqual([]);
  });

  test("it finds what is wrong on its page, where the page says, and nothing in what is right", () => {
    expect(faultsOf(rule, pageOf(pages, rule))).toEqual([]);
  });
});
