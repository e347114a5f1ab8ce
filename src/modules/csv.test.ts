import { describe, expect, test } from "vitest";
import { csvOf } from "./csv.ts";

const lineOf = (cell: string | number | null) =>
  csvOf(["cell", "n"], [{ cell, n: 1 }]).split("cell,n\r\n")[1];

describe("csvOf", () => {
  test("writes the head line and one line a row, each ended by CR LF", () => {
    expect(csvOf(["b", "a"], [{ a: "x", b: 1 }])).toBe("b,a\r\n1,x\r\n");
    expect(csvOf(["b", "a"], [])).toBe("b,a\r\n");
  });

  test.each([
    ["plain", "plain,1\r\n"],
    [null, ",1\r\n"],
    [-5, "-5,1\r\n"],
    ["a,b", '"a,b",1\r\n'],
    ['say "hi"', '"say ""hi""",1\r\n'],
    ["two\nlines", '"two\nlines",1\r\n'],
  ])("writes %j as %j", (cell, line) => {
    expect(lineOf(cell)).toBe(line);
  });

  test.each(["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", "＝1"])("lets no spreadsheet run %j", (cell) => {
    expect(lineOf(cell)).toBe(`'${cell},1\r\n`);
  });

  test("guards a formula that needs quotes inside the quotes", () => {
    expect(lineOf('=cmd|"/c calc",A1')).toBe(`"'=cmd|""/c calc"",A1",1\r\n`);
    expect(lineOf("\r=1")).toBe(`"'\r=1",1\r\n`);
  });

  test("leaves signs inside a text alone", () => {
    expect(lineOf("a=b+c-d@e")).toBe("a=b+c-d@e,1\r\n");
  });
});
