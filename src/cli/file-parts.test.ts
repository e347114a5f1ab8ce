import { expect, test } from "vitest";
import { partsOf } from "./file-parts.ts";

test("a small file is one part, as it is", () => {
  expect(partsOf('{"a":1}\n\n{"b":2}\n')).toEqual([{ text: '{"a":1}\n\n{"b":2}\n', before: 0, lines: 4 }]);
});

test("an empty file has no parts", () => {
  expect(partsOf("")).toEqual([]);
  expect(partsOf("\n \n")).toEqual([]);
  expect(partsOf("[]")).toEqual([]);
});

test("an array becomes lines, one for each element", () => {
  expect(partsOf('\uFEFF[\n  {"a": 1},\n  7\n]')).toEqual([{ text: '{"a": 1}\n7', before: 0, lines: 2 }]);
});

test("an array's elements stay as they are written: what the server must judge is not mended here", () => {
  const odd = '{"n":9007199254740993,"n":1,"__proto__":{}}';
  expect(partsOf(`[${odd},\n{"a":\n1}]`)).toEqual([{ text: `${odd}\n{"a": 1}`, before: 0, lines: 2 }]);
});

test("what only begins like an array stays as it is", () => {
  expect(partsOf('[{"a":1},')).toMatchObject([{ text: '[{"a":1},' }]);
});

test("parts have at most 2,000 lines, and together every line once", () => {
  const lines = Array.from({ length: 4_500 }, (_, index) => `{"n":${index}}`);
  const parts = partsOf(lines.join("\n"));
  expect(parts.map(({ before, lines: count }) => [before, count])).toEqual([
    [0, 2_000],
    [2_000, 2_000],
    [4_000, 500],
  ]);
  expect(parts.map(({ text }) => text).join("\n")).toBe(lines.join("\n"));
});

test("parts stay below the limit of a request, counted in bytes; a line that is too long is alone", () => {
  const umlauts = "ä".repeat(100_000);
  const parts = partsOf([umlauts, umlauts, umlauts, umlauts, "x".repeat(2_000_000), "end"].join("\n"));
  expect(parts.map(({ before, lines }) => [before, lines])).toEqual([
    [0, 3],
    [3, 1],
    [4, 1],
    [5, 1],
  ]);
});
