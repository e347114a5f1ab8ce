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
});
