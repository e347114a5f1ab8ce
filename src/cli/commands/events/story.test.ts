import { expect, test } from "vitest";
import { branchesOf, sinceFirst } from "./story.ts";

const drawn = (...depths: number[]) =>
  branchesOf(depths.map((depth) => ({ depth }))).map((branch, place) => `${branch}${place}`);

test("each event hangs on the one that caused it", () => {
  expect(drawn(0, 1, 2, 2, 1, 2, 0, 1)).toEqual([
    "0",
    "├─ 1",
    "│  ├─ 2",
    "│  └─ 3",
    "└─ 4",
    "   └─ 5",
    "6",
    "└─ 7",
  ]);
});

test("a deep chain stays within the terminal, and tells the depth", () => {
  const depths = Array.from({ length: 2_000 }, (_, depth) => depth);
  const lines = drawn(...depths);
  expect(lines[20]).toBe(`${"   ".repeat(19)}└─ 20`);
  expect(lines[1_999]).toBe(`…1999 ${"   ".repeat(19)}└─ 1999`);
});

test("no events are no lines", () => {
  expect(drawn()).toEqual([]);
});

test("what happened within seconds is told in milliseconds, so that an order is seen", () => {
  expect([0, 1_412, 1_980, 9_999, 12_300, 300_000].map(sinceFirst)).toEqual([
    "0 ms",
    "1412 ms",
    "1980 ms",
    "9999 ms",
    "12 s",
    "5 min",
  ]);
});
