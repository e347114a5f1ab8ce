import { describe, expect, test } from "vitest";
import { instant, numberUpTo, pastInstant, seconds, wholeNumber } from "./command.ts";
import { type Column, duration, facts, table } from "./output.ts";

describe("a table", () => {
  const rows = [
    { name: "a", error: null },
    { name: "long name", error: "x".repeat(100) },
  ];
  const columns: readonly Column<{ readonly name: string; readonly error: string | null }>[] = [
    ["NAME", (row) => row.name],
    ["ERROR", (row) => row.error],
  ];

  test("is aligned, cuts long texts and shows nothing as a dash", () => {
    const shown = (width: number | null) => table(rows, columns, width).split("\n");
    expect(shown(80)).toEqual(["NAME       ERROR", "a          -", `long name  ${"x".repeat(79)}…`]);
  });

  test("has the room that a wide terminal has, and in a pipe that of an error message", () => {
    const [, , second = ""] = table(rows, columns, 100).split("\n");
    expect(second).toBe(`long name  ${"x".repeat(88)}…`);
    expect(second).toHaveLength(100);
    for (const width of [111, null])
      expect(table(rows, columns, width)).toContain(`long name  ${"x".repeat(100)}`);
    const [, longest = ""] = table([{ name: "a", error: "x".repeat(2_000) }], columns, null).split("\n");
    expect(longest).toBe(`a     ${"x".repeat(999)}…`);
  });

  test("keeps a row on its line, whatever a text holds", () => {
    const text = table([{ error: "one\r\ntwo\u001b[31m\u2028three\u202E" }], [["ERROR", (row) => row.error]]);
    expect(text.split("\n")).toEqual(["ERROR", "one two [31m three"]);
  });
});

test("facts stand below each other, objects as JSON", () => {
  expect(facts([["id", 1] as const, ["filter", { a: 1 }] as const, ["reason", null] as const])).toBe(
    'id      1\nfilter  {"a":1}\nreason  -',
  );
});

test.each([
  [0, "0 ms"],
  [999, "999 ms"],
  [1_000, "1 s"],
  [119_999, "120 s"],
  [120_000, "2 min"],
  [7_200_000, "2 h"],
  [172_800_000, "2 d"],
  [null, "-"],
])("%d ms are shown as %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

describe("options", () => {
  test.each([
    ["90", 90],
    ["90s", 90],
    ["10m", 600],
    ["2h", 7_200],
    ["1d", 86_400],
  ])("a time of %s is %d seconds", (text, value) => {
    expect(seconds(text)).toBe(value);
  });

  test.each(["", "0", "-5", "1.5h", "1w", "h", "1 h m"])("%o is no time", (text) => {
    expect(() => seconds(text)).toThrow(/like 90s/);
  });

  test.each([
    ["2026-05-01", "2026-05-01T00:00:00.000Z"],
    ["2026-05-01T12:00", "2026-05-01T12:00:00.000Z"],
    ["2026-05-01T12:00:00+02:00", "2026-05-01T10:00:00.000Z"],
  ])("%s is the instant %s", (text, iso) => {
    expect(instant(text)).toBe(iso);
  });

  test.each(["", "yesterday", "05/01/2026", "2026-13-01", "1"])("%o is no instant", (text) => {
    expect(() => instant(text)).toThrow(/like 2026/);
  });

  test.each([
    ["30s", 30],
    ["90m", 5_400],
    ["2h", 7_200],
    ["1d", 86_400],
  ])("looking back, %s is so long ago", (text, ago) => {
    const before = Date.now();
    const told = Date.parse(pastInstant(text)) + ago * 1_000;
    expect(told).toBeGreaterThanOrEqual(before);
    expect(told).toBeLessThanOrEqual(Date.now());
    // What ends in the future takes no time that is over.
    expect(() => instant(text)).toThrow(/like 2026/);
  });

  test("looking back, an instant is taken as everywhere, and anything else is told both forms", () => {
    expect(pastInstant("2026-05-01")).toBe("2026-05-01T00:00:00.000Z");
    for (const text of ["", "yesterday", "2", "0h", "-2h", "2w", "999999999d"])
      expect(() => pastInstant(text)).toThrow(/like 2026-05-01T12:00:00Z, or how long ago it was, like 90m/);
  });

  test("numbers out of their bounds are refused", () => {
    expect(wholeNumber(1, 5)("5")).toBe(5);
    for (const text of ["0", "6", "1.5", "", "x"])
      expect(() => wholeNumber(1, 5)(text)).toThrow(/from 1 to 5/);
    expect(numberUpTo(1)("0.5")).toBe(0.5);
    for (const text of ["0", "1.1", "-1", "", "x"]) expect(() => numberUpTo(1)(text)).toThrow(/above 0/);
  });
});
