import { expect, test } from "vitest";
import { isTrend, trendOf } from "./trend.ts";

const line = (value: (at: number) => number) =>
  Array.from({ length: 60 }, (_, n) => ({ at: n / 60, value: value(n / 60) }));
/** Neither random nor a trend. */
const noise = (at: number) => 5 * Math.sin(at * 300);

test("finds the line that samples lie on", () => {
  const found = trendOf(line((at) => 100 + 20 * at));
  expect(found.slope).toBeCloseTo(20, 9);
  expect(found.error).toBeCloseTo(0, 6);
  expect(found.mean).toBeCloseTo(100 + (20 * 59) / 120, 9);
});

test("tells what grows from what only goes up and down, and from what goes the good way", () => {
  const grows = trendOf(line((at) => 100 + 20 * at + noise(at)));
  expect(grows.slope).toBeGreaterThan(15);
  expect(isTrend(grows, "up", 0.05)).toBe(true);
  expect(isTrend(grows, "down", 0.05)).toBe(false);
  expect(isTrend(grows, "up", 0.3)).toBe(false);
  expect(isTrend(trendOf(line((at) => 100 + noise(at))), "up", 0.05)).toBe(false);
  expect(isTrend(trendOf(line((at) => 100 - 20 * at)), "down", 0.05)).toBe(true);
});

test("says nothing of a steep line that few samples may be on by chance", () => {
  const few = [100, 104, 97, 108].map((value, n) => ({ at: n / 900, value }));
  expect(Math.abs(trendOf(few).slope)).toBeGreaterThan(500);
  expect(isTrend(trendOf(few), "up", 0.05)).toBe(false);
  expect(() => trendOf(few.slice(0, 2))).toThrow(/three samples/);
});
