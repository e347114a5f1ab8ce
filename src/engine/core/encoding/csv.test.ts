import { expect, test } from "vitest";
import { csvCell } from "./csv.ts";

test.each(["=1", "+1", "-1", "@A1", "\t1", "\uFF1D1", "\uFF0B1", "\uFF0D1", "\uFF201"])(
  "no spreadsheet runs %j",
  (text) => {
    expect(csvCell(text)).toBe(`'${text}`);
  },
);

test.each(["\r=1", "\n=1"])("nor %j, which is in quotes, too", (text) => {
  expect(csvCell(text)).toBe(`"'${text}"`);
});

test.each([
  ["a=b", "a=b"],
  [-5, "-5"],
  [null, ""],
  ['a "b", c', '"a ""b"", c"'],
])("%j is %j", (value, cell) => {
  expect(csvCell(value)).toBe(cell);
});
