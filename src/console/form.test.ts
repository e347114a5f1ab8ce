import { describe, expect, test } from "vitest";
import { numberIn, readForm } from "./form.ts";

const read = (text: string) => numberIn(readForm(new URLSearchParams({ rows: text })), "rows");

describe("a number of a form", () => {
  test.each([
    ["", {}],
    ["  ", {}],
    ["1000", { rows: 1_000 }],
    [" 12 ", { rows: 12 }],
    ["-3", { rows: -3 }],
    ["0.5", { rows: 0.5 }],
    ["0,5", { rows: 0.5 }],
    ["0,125", { rows: 0.125 }],
    [",5", { rows: 0.5 }],
    ["12.25", { rows: 12.25 }],
    ["1000,125", { rows: 1_000.125 }],
  ])("%j is read as %j", (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  // A thousand for some readers and one for others: a limit must be neither guessed.
  test.each(["1,000", "1.000", "12,500", "999.999", "-1,000"])("%j is not guessed at", (text) => {
    expect(read(text)).toEqual({ rows: text });
  });

  test.each(["1,000,000", "1.000,5", "0x10", "1e5", "many", "1 000", "Infinity", "NaN", "1,", "--1"])(
    "%j is sent as it is, so that the route refuses it",
    (text) => {
      expect(read(text)).toEqual({ rows: text });
    },
  );
});
