import { expect, test, vi } from "vitest";
import { parseSourceJson } from "./source-json.ts";

/** How the text is read: its value, or what is wrong. */
function read(text: string): string {
  try {
    // Shows what a number that keeps its digits says, too.
    return JSON.stringify(parseSourceJson(new TextEncoder().encode(text)));
  } catch (error) {
    return String(error);
  }
}

/** The same value, beside one for which all of the text is walked. */
const besideKept = (text: string) => `[${text},1.0]`;

const cases: readonly (readonly [string, string | null])[] = [
  ['{"query":"SELECT $1","params":["a",1,true,null,{"b":[]}]}', null],
  ['["2026-11-26T10:00:42.123Z","6f1c1b51-0c53-4f5f-8f3c-0d2e3a8d5b11"]', null],
  ["[9007199254740993]", "9007199254740993"],
  ["[-9007199254740993 ]", "-9007199254740993"],
  ["[1.0]", "1.0"],
  ["[0.10,2]", "0.10"],
  ["[1e5]", "1e5"],
  ["[1E400]", "1E400"],
  ["[-0]", "-0"],
  ['{"a":-0}', "-0"],
  ["1.50", "1.50"],
  ["[0,-1,123456789012345]", "[0,-1,123456789012345]"],
  ["[1234567890123456]", "1234567890123456"],
  ['["a\\\\",1.0]', "1.0"],
  ['["a\\\\\\"",1.0,"\\\\"]', "1.0"],
  ['{"a\\"b":"1.0","c":1.0}', '"c":1.0'],
  ['["\\ud83d"]', "half of a surrogate pair"],
  ['["\\ud83d\\ude00"]', "😀"],
  [`${"[".repeat(2_000)}${"]".repeat(2_000)}`, null],
  [`${"[1,".repeat(1_500)}1.0${"]".repeat(1_500)}`, "1,1.0]"],
];
test.each(cases)("%s keeps its digits", (text, kept) => {
  if (kept !== null) expect(read(text)).toContain(kept);
  const walked = read(besideKept(text));
  expect(walked.startsWith("[") ? walked : `[${walked},1.0]`).toBe(`[${read(text)},1.0]`);
});

test.each(["[01]", "", '["a', '["a\\"]', "[1.]", "[-]", "[1}", "[1.0"])("%s is no JSON", (text) => {
  expect(read(text)).toContain("SyntaxError");
});

test.each([200_000, 3_000_000])("%i arrays in each other are refused, whatever stands in them", (depth) => {
  expect(read(`${"[".repeat(depth)}${"]".repeat(depth)}`)).toBe("Error: recursion limit exceeded");
});

test("a long text is walked, value by value, only when a number outside of its strings may need it", () => {
  const parse = vi.spyOn(JSON, "parse");
  const payload = JSON.stringify({ amount: 12.5, id: 12345678901234567n.toString(), n: -0.5, list: [1.5] });
  const pipeline = Array.from({ length: 500 }, (_, n) => ["XADD", "k", "*", "n", n, "p", payload]);
  const text = JSON.stringify(pipeline);
  read(text);
  read(`[${text},1.0]`);
  expect(parse.mock.calls.map((args) => args.length)).toEqual([1, 2]);
  parse.mockRestore();
});
