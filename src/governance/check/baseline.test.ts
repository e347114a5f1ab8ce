import { expect, test } from "vitest";
import type { Finding } from "../finding.ts";
import type { TextFile } from "../tree/text.ts";
import { BaselineError, baselineOf, compareWith, parseBaseline } from "./baseline.ts";

const filesOf = (text: string): ReadonlyMap<string, TextFile> => new Map([["a.ts", { path: "a.ts", text }]]);

const finding = (line: number, rule = "B-5"): Finding => ({
  rule,
  severity: "error",
  file: "a.ts",
  line,
  column: 1,
  endLine: line,
  endColumn: 2,
  message: "found",
  why: "why",
  mend: "mend",
  fix: null,
});

const old = filesOf("one();\ntwo();\n");

test("what was there before is not told, also when its line moved or was indented anew", () => {
  const baseline = baselineOf([finding(1), finding(2)], old);
  const moved = filesOf("// a line more\n  one();\n\ttwo( );\n");
  expect(compareWith(baseline, [finding(2), finding(3)], moved)).toEqual({ fresh: [], known: 2, gone: 0 });
});

test("a further one of the same kind is told, and so is another rule's in the same line", () => {
  const baseline = baselineOf([finding(1)], old);
  const twice = filesOf("one();\none();\n");
  expect(compareWith(baseline, [finding(1), finding(2)], twice).fresh).toEqual([finding(2)]);
  expect(compareWith(baseline, [finding(1, "B-2")], old).fresh).toEqual([finding(1, "B-2")]);
});

test("what is mended is counted, so that the baseline can shrink", () => {
  expect(compareWith(baselineOf([finding(1), finding(2)], old), [finding(2)], old)).toEqual({
    fresh: [],
    known: 1,
    gone: 1,
  });
});

test("it is written alike, however the findings come", () => {
  const written = baselineOf([finding(2), finding(1)], old);
  expect(written).toEqual(baselineOf([finding(1), finding(2)], old));
  expect(parseBaseline(JSON.stringify(written), "b.json")).toEqual(written);
});

test.each(["", "[]", "null", '{"version":2,"findings":[]}', '{"version":1,"findings":[{}]}'])(
  "%j is no baseline, and the error says what one is",
  (text) => {
    expect(() => parseBaseline(text, "b.json")).toThrow(BaselineError);
    expect(() => parseBaseline(text, "b.json")).toThrow(/b\.json is no .*--write-baseline/s);
  },
);
