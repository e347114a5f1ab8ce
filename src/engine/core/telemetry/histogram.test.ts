import { describe, expect, test } from "vitest";
import { boundOf, countOf, quantileMs, toHistogram } from "./histogram.ts";

const bounds = [10, 100];

describe("a histogram", () => {
  test("puts a time under the smallest bound that is not below it", () => {
    expect([0, 10, 10.5, 100, 101].map((ms) => boundOf(bounds, ms))).toEqual([
      10,
      10,
      100,
      100,
      Number.POSITIVE_INFINITY,
    ]);
  });

  test("adds up what several have noted, and takes a bound of an earlier release for the next larger one", () => {
    const noted = [
      [10, 1],
      [10, 2],
      [50, 4],
      [Number.POSITIVE_INFINITY, 8],
    ] as const;
    const histogram = toHistogram(bounds, noted, 7);
    expect(histogram).toEqual({ bounds: [10, 100, Number.POSITIVE_INFINITY], counts: [3, 4, 8], sumMs: 7 });
    expect(countOf(histogram)).toBe(15);
  });

  test("tells below which bound a share of the times lie", () => {
    const histogram = toHistogram(
      bounds,
      [
        [10, 90],
        [100, 9],
        [Number.POSITIVE_INFINITY, 1],
      ],
      0,
    );
    expect([0, 0.5, 0.9, 0.91, 0.99, 1].map((share) => quantileMs(histogram, share))).toEqual([
      10,
      10,
      10,
      100,
      100,
      Number.POSITIVE_INFINITY,
    ]);
    expect(quantileMs(toHistogram(bounds, [], 0), 0.5)).toBeNull();
  });
});
