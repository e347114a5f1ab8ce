import { expect, test } from "vitest";
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

/** Too long for the short way, and the same JSON. */
const padded = (text: string) => text + " ".repeat(5_000);

test.each([
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
  ["[123456789012345]", "123456789012345"],
  ['["\\ud83d"]', "half of a surrogate pair"],
  ['["\\ud83d\\ude00"]', "😀"],
  ["[01]", "SyntaxError"],
  ["", "SyntaxError"],
  [`${"[".repeat(2_000)}${"]".repeat(2_000)}`, null],
])("%s is read the same in a short text and in a long one", (text, kept) => {
  if (kept !== "SyntaxError") expect(read(text)).toBe(read(padded(text)));
  if (kept !== null) expect(read(text)).toContain(kept);
});
