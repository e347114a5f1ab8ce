import { describe, expect, test } from "vitest";
import { naiveOf, timeKey, timeRange, toNaive } from "./naive-time.ts";

describe("a naive time", () => {
  test.each([
    ["2025-12-20T10:15:30", "2025-12-20T10:15:30"],
    ["2025-12-20T10:15:30.123456", "2025-12-20T10:15:30.123456"],
    ["2025-12-20 10:15:30.5", "2025-12-20T10:15:30.5"],
    ["2025-12-20T10:15:30.123456789", "2025-12-20T10:15:30.123456"],
    ["2025-12-20T10:15:30.123456+02:00", "2025-12-20T08:15:30.123456"],
    ["2025-12-20T10:15:30Z", "2025-12-20T10:15:30"],
    ["2025-12-20", "2025-12-20T00:00:00"],
  ])("of %s is %s", (text, naive) => {
    expect(toNaive(text)).toBe(naive);
  });

  test.each([
    "",
    "yesterday",
    "2025-02-30T00:00:00",
    "2025-13-01",
    "2025-12-20T25:00:00",
    "1766225730",
    5,
    null,
  ])("is not made of %j", (value) => {
    expect(toNaive(value)).toBeNull();
  });

  test("of a Date has milliseconds", () => {
    expect(naiveOf(new Date("2025-12-20T10:15:30.120Z"))).toBe("2025-12-20T10:15:30.120");
  });

  test("sorts as text, whatever its digits", () => {
    const times = ["2025-12-20T10:15:30.2", "2025-12-20T10:15:30", "2025-12-20T10:15:30.123456"];
    expect(times.toSorted((a, b) => (timeKey(a) < timeKey(b) ? -1 : 1))).toEqual([
      "2025-12-20T10:15:30",
      "2025-12-20T10:15:30.123456",
      "2025-12-20T10:15:30.2",
    ]);
  });
});

test("a range of days has the whole last day; an open end has no bound", () => {
  expect(timeRange("2025-12-20", "2025-12-21")).toEqual({
    from: "2025-12-20T00:00:00.000000",
    to: "2025-12-21T23:59:59.999999",
  });
  expect(timeRange(null, "2025-12-21T10:00:00Z")).toEqual({
    from: "0001-01-01T00:00:00.000000",
    to: "2025-12-21T10:00:00.000000",
  });
  expect(timeRange("x", null)).toBeNull();
});
