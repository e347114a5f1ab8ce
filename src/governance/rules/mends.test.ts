/** What `--fix` writes: the wrong examples of the pages, mended, are not found again. */

import { beforeAll, expect, test } from "vitest";
import { checkProject } from "../check/check.ts";
import { applyFixes } from "../check/fix.ts";
import type { Finding } from "../finding.ts";
import { projectOf } from "../project.ts";
import { loadPython } from "../tree/python/parser.ts";
import type { TextFile } from "../tree/text.ts";
import { pageOf, readPages } from "./held-set.ts";
import { rules } from "./index.ts";
import type { Rule } from "./rule.ts";

beforeAll(loadPython);

const pages = await readPages();

function judge(rule: Rule, files: ReadonlyMap<string, TextFile>): readonly Finding[] {
  const project = projectOf({ root: "/", workspaces: [], paths: new Set(files.keys()), files });
  return checkProject(project, [rule], "2026-01-01").findings;
}

const mending = rules.filter(({ id }) => /^(?:N-7|P-1|E-5|R-[2-7])$/.test(id));

test.each(mending)("what $id mends is not found again, and the rest still is", (rule) => {
  let mended = 0;
  for (const { files } of pageOf(pages, rule).wrong) {
    const given = new Map(files.map((file) => [file.path, file]));
    const found = judge(rule, given);
    const fixable = found.filter(({ fix }) => fix !== null && fix.length > 0);
    const { texts, count } = applyFixes(fixable, given);
    for (const [path, text] of texts) given.set(path, { path, text });
    mended += count;
    const left = judge(rule, given);
    // A heading that was missing has nothing below it yet: its own finding says so.
    const isSkeleton = rule.id.startsWith("R-");
    expect(left.filter(({ fix }) => fix !== null && fix.length > 0)).toEqual([]);
    if (!isSkeleton) expect(left).toHaveLength(found.length - count);
  }
  expect(mended).toBeGreaterThan(0);
});

test.each([
  ["C-5", /^It changes something outside/, '"idempotency-key": await idempotencyKey('],
  ["P-8", /is a secret/, "Leave the value out"],
  ["N-6", /^Nothing in the module library publishes/, "Publish it in the transaction"],
])("a finding of %s says what to write instead of what was found", (id, message, mend) => {
  const [rule] = rules.filter((one) => one.id === id);
  const found = pageOf(pages, rule as Rule)
    .wrong.flatMap(({ files }) => judge(rule as Rule, new Map(files.map((file) => [file.path, file]))))
    .filter((one) => message.test(one.message));
  expect(found.length).toBeGreaterThan(0);
  for (const one of found) expect(one.mend).toContain(mend);
});

test("a constant is renamed in every file that means it, and nowhere else", () => {
  const rule = mending.filter(({ id }) => id === "N-7");
  const files = {
    "src/events.ts":
      'import { defineEvent } from "@brain/schemas";\n\nexport const bookLent = defineEvent("library.book.lent", {});\n',
    "src/lend.ts":
      'import { bookLent } from "./events.ts";\n\nexport const all = { bookLent, other: x.bookLent };\nexport const again = [bookLent];\n',
    "src/other.ts": "export const bookLent = 1;\n",
  };
  const given = new Map(Object.entries(files).map(([path, text]) => [path, { path, text }]));
  const { texts } = applyFixes(judge(rule[0] as Rule, given), given);
  expect(Object.fromEntries(texts)).toEqual({
    "src/events.ts": files["src/events.ts"].replace("bookLent", "libraryBookLent"),
    "src/lend.ts":
      'import { libraryBookLent } from "./events.ts";\n\nexport const all = { bookLent: libraryBookLent, other: x.bookLent };\nexport const again = [libraryBookLent];\n',
  });
});
