import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  afterFailure,
  afterSuccess,
  believedBreaker,
  breakerFromText,
  breakerToText,
  type CircuitBreaker,
  type CircuitBreakerPolicy,
  closedBreaker,
  isOpen,
  openForOne,
  phaseOf,
} from "./circuit-breaker.ts";

const policy: CircuitBreakerPolicy = { after: 3, baseMs: 1_000, capMs: 8_000 };

function fail(
  breaker: CircuitBreaker,
  nowMs = 0,
  attempt = 1,
  retryAfterMs: number | null = null,
  tenant = "",
): CircuitBreaker {
  return afterFailure(
    breaker,
    policy,
    { attempt, error: "the shop is away", retryAfterMs, faultless: false, tenant },
    nowMs,
  );
}

const opened = fail(fail(fail(closedBreaker, 5_000), 5_000), 5_000);

describe("the circuit breaker", () => {
  test("lets everything run while it is closed", () => {
    expect(phaseOf(closedBreaker, 0)).toBe("closed");
    expect(phaseOf(fail(fail(closedBreaker)), 0)).toBe("closed");
  });

  test("opens when enough events in a row failed at their first try", () => {
    expect(opened).toMatchObject({
      openSinceMs: 5_000,
      halfOpenAtMs: 6_000,
      failedTrials: 0,
      error: "the shop is away",
    });
  });

  test("stays closed however often events fail that failed before", () => {
    const breaker = Array.from({ length: 50 }).reduce<CircuitBreaker>(
      (before) => fail(before, 0, 2),
      closedBreaker,
    );
    expect(isOpen(breaker)).toBe(false);
  });

  test.each([1, 2, 50])("opens at once when no event can be at fault, also at try %i", (attempt) => {
    const failure = {
      attempt,
      error: "a column is missing",
      retryAfterMs: null,
      faultless: true,
      tenant: "",
    };
    const breaker = afterFailure(closedBreaker, policy, failure, 5_000);
    expect(breaker).toMatchObject({ failures: 1, openSinceMs: 5_000, halfOpenAtMs: 6_000, failedTrials: 0 });
    // It waits like any other open breaker.
    expect(afterFailure(breaker, policy, failure, 6_000)).toMatchObject({
      halfOpenAtMs: 8_000,
      failedTrials: 1,
    });
    expect(breakerFromText(breakerToText(breaker))).toEqual(breaker);
  });

  test("lets nothing run before it is half open, then one event", () => {
    expect(phaseOf(opened, 5_999)).toBe("open");
    expect(phaseOf(opened, 6_000)).toBe("half_open");
  });

  test("waits twice as long after each trial that fails, up to the cap", () => {
    const waits: (number | null)[] = [];
    let breaker = opened;
    for (let trial = 0; trial < 5; trial += 1) {
      breaker = fail(breaker, 0, trial + 1);
      waits.push(breaker.halfOpenAtMs);
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 8_000, 8_000]);
    expect(breaker.openSinceMs).toBe(5_000);
  });

  test("waits as long as the handler asked for, up to the cap", () => {
    expect(fail(opened, 0, 1, 5_000).halfOpenAtMs).toBe(5_000);
    expect(fail(opened, 0, 1, 600_000).halfOpenAtMs).toBe(8_000);
  });

  test("survives being stored", () => {
    expect(breakerFromText(breakerToText(opened))).toEqual(opened);
    expect(breakerFromText(breakerToText(fail(closedBreaker)))).toEqual(fail(closedBreaker));
    expect(breakerToText(closedBreaker)).toBe("");
  });

  test("is closed when what was stored makes no sense", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.constant(null)), (text) => {
        expect(isOpen(breakerFromText(text))).toBe(false);
      }),
    );
    expect(breakerFromText('{"failures":1,"open_since":5}')).toEqual(closedBreaker);
  });
});

describe("a breaker that only one tenant's events opened", () => {
  const failOf = (breaker: CircuitBreaker, tenant: string) => fail(breaker, 0, 1, null, tenant);
  const openOfA = failOf(failOf(failOf(closedBreaker, "a"), "a"), "a");

  test("says whose they are, and an outage once another's failed, too", () => {
    expect(openForOne(openOfA)).toBe("a");
    expect(openForOne(failOf(failOf(failOf(closedBreaker, "a"), "b"), "a"))).toBeNull();
    expect(openForOne(failOf(openOfA, "b"))).toBeNull();
    expect(openForOne(failOf(closedBreaker, "a"))).toBeNull();
  });

  test("spares that tenant once another's event succeeds, until one of its own does", () => {
    const spared = afterSuccess(openOfA, new Set(["b"]));
    expect(isOpen(spared)).toBe(false);
    let more = spared;
    for (let at = 0; at < 10; at += 1) more = failOf(more, "a");
    expect(isOpen(more)).toBe(false);
    expect(isOpen(failOf(failOf(failOf(more, "b"), "b"), "c"))).toBe(true);
    const healed = afterSuccess(spared, new Set(["a"]));
    expect(isOpen(failOf(failOf(failOf(healed, "a"), "a"), "a"))).toBe(true);
  });

  test("closes for all when the tenant's own event succeeds", () => {
    expect(afterSuccess(openOfA, new Set(["a"]))).toEqual(closedBreaker);
  });

  test("outlives its text", () => {
    const spared = afterSuccess(openOfA, new Set(["b"]));
    expect(breakerFromText(breakerToText(openOfA))).toEqual(openOfA);
    expect(breakerFromText(breakerToText(spared))).toEqual(spared);
  });
});

test("one that a worker opened whose clock is a day ahead comes to its trial now, and any other when it says", () => {
  const dayMs = 86_400_000;
  const policy = { after: 1, baseMs: 1_000, capMs: 60_000 };
  const failure = { attempt: 1, error: "away", retryAfterMs: null, faultless: false, tenant: "" };
  const openedAt = (ms: number) => afterFailure(closedBreaker, policy, failure, ms);
  const seen = (breaker: CircuitBreaker) => believedBreaker(breaker, policy, 5_000);
  expect(phaseOf(openedAt(dayMs), 5_000 + dayMs / 2)).toBe("open");
  expect(phaseOf(seen(openedAt(dayMs)), 5_000)).toBe("half_open");
  expect(seen(openedAt(dayMs)).openSinceMs).toBe(5_000);
  expect(seen(openedAt(5_000))).toEqual(openedAt(5_000));
  expect(seen(closedBreaker)).toBe(closedBreaker);
});
