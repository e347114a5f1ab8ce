import { expect, test } from "vitest";
import type { Edit, Finding } from "../finding.ts";
import { applyFixes } from "./fix.ts";

const files = new Map([["a.ts", { path: "a.ts", text: "one two three" }]]);
const edit = (start: number, end: number, text: string): Edit => ({ file: "a.ts", start, end, text });
const mended = (...fix: readonly Edit[]): Finding => ({
  rule: "L-3",
  severity: "error",
  file: "a.ts",
  line: 1,
  column: 1,
  endLine: 1,
  endColumn: 2,
  message: "found",
  why: "why",
  mend: "mend",
  fix,
});

test("mends are made from the end on, so that none moves another", () => {
  const { texts, count } = applyFixes([mended(edit(0, 3, "1")), mended(edit(4, 7, "twice"))], files);
  expect([texts.get("a.ts"), count]).toEqual(["1 twice three", 2]);
});

test("of two that touch each other one waits for the next run, whole", () => {
  const { texts, count } = applyFixes(
    [mended(edit(0, 5, "X")), mended(edit(4, 7, "Y"), edit(8, 13, "Z")), mended(edit(8, 13, "3"))],
    files,
  );
  expect([texts.get("a.ts"), count]).toEqual(["Xwo 3", 2]);
});

test("what only a person can mend changes nothing", () => {
  const { texts, count } = applyFixes([{ ...mended(), fix: null }], files);
  expect([texts.size, count]).toEqual([0, 0]);
});
