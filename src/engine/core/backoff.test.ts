import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backoffMs, defaultRetryPolicy } from "./retry.ts";

const policies = fc
  .record({ baseMs: fc.integer({ min: 1, max: 60_000 }), factor: fc.integer({ min: 1, max: 5_000 }) })
  .map(({ baseMs, factor }) => ({ ...defaultRetryPolicy, baseMs, capMs: baseMs * factor }));
const seeds = Array.from({ length: 400 }, (_, index) => `1735380000000-${index}`);

describe("the wait before a retry", () => {
  test("is never below 50 ms, unless the policy itself stays below, and never above the cap", () => {
    fc.assert(
      fc.property(
        policies,
        fc.integer({ min: -5, max: Number.MAX_SAFE_INTEGER }),
        fc.string(),
        (policy, attempt, seed) => {
          const wait = backoffMs(policy, attempt, seed);
          expect(wait).toBeLessThanOrEqual(policy.capMs);
          expect(wait).toBeGreaterThanOrEqual(Math.min(50, policy.baseMs));
          expect(Number.isSafeInteger(wait)).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("has a ceiling that doubles with each attempt up to the cap and never falls; the whole range is used", () => {
    const attempts = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(policies, attempts, (given, attempt) => {
        const policy = { ...given, baseMs: given.baseMs + 100, capMs: given.capMs + 100 };
        const longest = (of: number) => Math.max(...seeds.map((seed) => backoffMs(policy, of, seed)));
        const ceiling = (of: number) => Math.min(policy.capMs, policy.baseMs * 2 ** (of - 1));
        for (const of of [attempt, attempt + 1]) {
          expect(longest(of)).toBeLessThanOrEqual(ceiling(of));
          expect(longest(of)).toBeGreaterThan(ceiling(of) * 0.9);
        }
        expect(ceiling(attempt + 1)).toBeGreaterThanOrEqual(longest(attempt));
      }),
    );
  });

  test.each([
    ["stream ids", (n: number) => `${1_764_000_000_000 + n * 37}-${n % 3}`],
    ["ids of a flood", (n: number) => `1764000000000-${n}`],
    ["uuids", (n: number) => `01a21e02-${(n * 2_654_435_761).toString(16).padStart(12, "0")}`],
  ])("of one try says nothing about that of another, for %s", (_what, seedOf) => {
    const policy = { ...defaultRetryPolicy, baseMs: 100_000, capMs: 100_000 };
    const count = 10_000;
    const tries = [1, 2, 3, 4].map((attempt) =>
      Array.from({ length: count }, (_, n) => backoffMs(policy, attempt, seedOf(n)) / 100_000),
    );
    for (const [place, waits] of tries.entries())
      for (const later of tries.slice(place + 1))
        expect(Math.abs(correlation(waits, later))).toBeLessThan(0.05);
    const short = tries[0]?.filter((_, n) => tries.every((waits) => (waits[n] ?? 1) < 0.25)) ?? [];
    // One in 256, were they thrown with dice: 39.
    expect(short.length).toBeGreaterThan(10);
    expect(short.length).toBeLessThan(80);
  });
});

function correlation(one: readonly number[], other: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [a, b] = [mean(one), mean(other)];
  const shared = mean(one.map((value, place) => (value - a) * ((other[place] ?? b) - b)));
  const spread = (values: readonly number[], middle: number) =>
    Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
  return shared / (spread(one, a) * spread(other, b));
}
