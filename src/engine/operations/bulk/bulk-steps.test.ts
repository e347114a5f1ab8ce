import { describe, expect, test } from "vitest";
import { nextStepSize, pauseBehind, stepLimit, stopReason } from "./bulk-steps.ts";

describe("the size of steps", () => {
  test("grows 1, 2, 5, 10 … to the largest", () => {
    const sizes = [1];
    for (let step = 0; step < 12; step += 1) sizes.push(nextStepSize(sizes.at(-1) ?? 0, 1_000));
    expect(sizes).toEqual([1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 1_000, 1_000, 1_000]);
  });

  test.each([
    [7, 1_000, 10],
    [1, 1, 1],
    [20, 30, 30],
    [1_000, 1_000, 1_000],
    [500, 100, 100],
    [1, 0, 1],
  ])("behind %i, with %i as the largest, is %i", (step, maxStep, expected) => {
    expect(nextStepSize(step, maxStep)).toBe(expected);
  });
});

describe("a rate", () => {
  test("bounds a step to what ten seconds give, and never to nothing", () => {
    expect(stepLimit(500, null)).toBe(500);
    expect(stepLimit(500, 3)).toBe(30);
    expect(stepLimit(5, 100)).toBe(5);
    expect(stepLimit(500, 0.01)).toBe(1);
  });

  test("puts a pause behind each step", () => {
    expect(pauseBehind(30, null)).toBe(0);
    expect(pauseBehind(30, 3)).toBe(10_000);
    expect(pauseBehind(1, 0.1)).toBe(10_000);
  });
});

describe("the stop rule", () => {
  const counters = { succeeded: 10, failed: 4, stepSucceeded: 9, stepFailed: 2, stopRatio: 0.5 };

  test("looks at the last step alone and says what it saw", () => {
    expect(stopReason(counters)).toContain("2 of 3 events of the last step failed (67 %); the limit is 50 %");
    expect(stopReason({ ...counters, stepFailed: 4 })).toBeNull();
  });

  test.each([
    ["no limit", { stopRatio: null }],
    ["a step of nothing", { stepSucceeded: 10, stepFailed: 4 }],
    ["exactly the limit", { stepSucceeded: 8 }],
    ["a limit that nothing is above", { stepSucceeded: 10, stopRatio: 1 }],
  ])("%s lets it go on", (_what, change) => {
    expect(stopReason({ ...counters, ...change })).toBeNull();
  });

  test("a limit of 0 stops at the first failure", () => {
    expect(stopReason({ ...counters, stepSucceeded: 0, stepFailed: 3, stopRatio: 0 })).not.toBeNull();
  });
});
