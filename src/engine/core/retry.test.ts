import type { MessageId } from "@brain/schemas";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  backoffMs,
  type Decision,
  decideDelivery,
  defaultRetryPolicy,
  dueAt,
  type Outcome,
  type RetryPolicy,
} from "./retry.ts";

const policy: RetryPolicy = {
  maxAttempts: 5,
  maxProgrammingAttempts: 2,
  maxDeaths: 3,
  baseMs: 1_000,
  capMs: 300_000,
};
const seed = "1735380000000-0";
const nowMs = 1_735_380_000_000;
const later = (attempt: number): Decision => ({
  action: "retry",
  dueAtMs: nowMs + backoffMs(policy, attempt, seed),
  overtakable: false,
});
const ack: Decision = { action: "ack" };
const dead = (reason: Extract<Decision, { action: "dead-letter" }>["reason"]): Decision => ({
  action: "dead-letter",
  reason,
});

describe("what happens after a try", () => {
  const finished: Outcome = { kind: "finished" };
  const permanent: Outcome = { kind: "permanent", reason: "permanent_error" };
  const invalid: Outcome = { kind: "permanent", reason: "invalid_payload" };
  const programming: Outcome = { kind: "programming" };
  const transient: Outcome = { kind: "transient", retryAfterMs: null, overtakable: false };
  const asked: Outcome = { kind: "transient", retryAfterMs: 7_000, overtakable: true };
  const inSevenSeconds: Decision = { action: "retry", dueAtMs: nowMs + 7_000, overtakable: true };

  test.each<[Outcome, number, Decision]>([
    [finished, 1, ack],
    [finished, 5, ack],
    [finished, 99, ack],
    [permanent, 1, dead("permanent_error")],
    [permanent, 4, dead("permanent_error")],
    [invalid, 1, dead("invalid_payload")],
    [programming, 1, later(1)],
    [programming, 2, dead("programming_error")],
    [programming, 3, dead("programming_error")],
    [transient, 1, later(1)],
    [transient, 2, later(2)],
    [transient, 3, later(3)],
    [transient, 4, later(4)],
    [transient, 5, dead("attempts_exhausted")],
    [transient, 6, dead("attempts_exhausted")],
    [asked, 1, inSevenSeconds],
    [asked, 4, inSevenSeconds],
    [asked, 5, dead("attempts_exhausted")],
  ])("%o at attempt %i becomes %o", (outcome, attempt, expected) => {
    expect(decideDelivery(outcome, attempt, policy, seed, nowMs)).toEqual(expected);
  });

  test.each([
    [-5_000, nowMs],
    [0, nowMs],
    [1, nowMs + 1],
    [86_400_000, nowMs + 86_400_000],
    [Number.MAX_SAFE_INTEGER, nowMs + 86_400_000],
  ])("bounds a handler's own wait of %i ms to between now and one day", (retryAfterMs, dueAtMs) => {
    expect(
      decideDelivery({ kind: "transient", retryAfterMs, overtakable: false }, 1, policy, seed, nowMs),
    ).toEqual({
      action: "retry",
      dueAtMs,
      overtakable: false,
    });
  });

  test("never gives a programming error more tries than the policy gives any error", () => {
    const strict = { ...policy, maxAttempts: 1 };
    expect(decideDelivery(programming, 1, strict, seed, nowMs)).toEqual(dead("programming_error"));
  });

  test("ends every event after a bounded number of tries", () => {
    const outcome = fc.constantFrom(programming, transient, asked);
    fc.assert(
      fc.property(outcome, fc.integer({ min: 1, max: 50 }), (failed, maxAttempts) => {
        const bounded = { ...policy, maxAttempts };
        expect(decideDelivery(failed, maxAttempts, bounded, seed, nowMs).action).toBe("dead-letter");
      }),
    );
  });
});

describe("backoff", () => {
  test("lasts as long as the documents say: by the defaults, and for a quiet consumer that calls a service", () => {
    const waits = (policy: RetryPolicy) =>
      Array.from({ length: policy.maxAttempts - 1 }, (_, at) =>
        Math.max(...Array.from({ length: 2_000 }, (_, seed) => backoffMs(policy, at + 1, `${seed}`))),
      );
    const seconds = (policy: RetryPolicy) => waits(policy).map((ms) => Math.ceil(ms / 1_000));
    expect(seconds(defaultRetryPolicy)).toEqual([1, 2, 4, 8]);
    const quiet = { ...defaultRetryPolicy, baseMs: 60_000, capMs: 3_600_000, maxAttempts: 8 };
    expect(waits(quiet).map((ms) => Math.ceil(ms / 60_000))).toEqual([1, 2, 4, 8, 16, 32, 60]);
  });

  const policies = fc
    .record({ baseMs: fc.integer({ min: 1, max: 60_000 }), factor: fc.integer({ min: 1, max: 1_000 }) })
    .map(({ baseMs, factor }) => ({ ...policy, baseMs, capMs: baseMs * factor }));

  test("stays within the doubled base and the cap, and never becomes a busy loop", () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 2_000 }), fc.string(), (given, attempt, text) => {
        const ceiling = Math.min(given.capMs, given.baseMs * 2 ** (attempt - 1));
        const wait = backoffMs(given, attempt, text);
        expect(Number.isInteger(wait)).toBe(true);
        expect(wait).toBeLessThanOrEqual(ceiling);
        expect(wait).toBeGreaterThanOrEqual(Math.min(50, ceiling));
      }),
    );
  });

  test("is the same for everybody who looks at the same entry and attempt", () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 50 }), fc.string(), (given, attempt, text) => {
        expect(backoffMs(given, attempt, text)).toBe(backoffMs({ ...given }, attempt, `${text}`));
      }),
    );
  });

  test("spreads entries that failed together over the whole interval", () => {
    const waits = Array.from({ length: 1_000 }, (_, index) =>
      backoffMs(defaultRetryPolicy, 4, `1735380000000-${index}`),
    );
    const quarters = [0, 1, 2, 3].map(
      (quarter) => waits.filter((wait) => Math.floor(wait / 2_000) === quarter).length,
    );
    for (const count of quarters) expect(count).toBeGreaterThan(150);
  });

  test("treats an attempt below one as the first", () => {
    expect(backoffMs(policy, 0, seed)).toBeLessThanOrEqual(policy.baseMs);
    expect(backoffMs(policy, -3, seed)).toBeLessThanOrEqual(policy.baseMs);
  });
});

describe("when a pending entry is due", () => {
  const id = seed as MessageId;
  const { baseMs: wait } = policy;
  const cases: [string, number, number, number | null, boolean, number][] = [
    // name, deliveries, idle, stored retry time, takeover, due in ms
    ["was set aside before any try", 0, 0, null, false, 0],
    ["failed, and its time has not come", 1, 999_999, nowMs + 1, false, 1],
    ["failed, and its time has not come, for a successor", 1, 999_999, nowMs + 1, true, 1],
    ["failed, and its time has come", 1, 0, nowMs, false, 0],
    ["failed, and its time is long over", 3, 0, nowMs - 1, false, -1],
    ["is being tried by a holder that let go", 1, wait - 1, null, false, 1],
    ["was begun, and the backoff is over", 1, wait, null, false, 0],
    ["was in the batch of a holder that vanished", 1, 0, null, true, 0],
    ["was tried alone by a holder that vanished", 2, wait, null, true, wait],
    ["was tried alone by a holder that vanished, and waited", 2, 2 * wait, null, true, 0],
    ["ended its last worker: it is not tried again", 3, 0, null, true, 0],
    ["set aside, but a failure before that is stored", 0, 0, nowMs + 1, false, 1],
  ];
  test.each(cases)("an entry that %s", (_name, deliveries, idleMs, retryAtMs, takeover, dueInMs) => {
    const failure = retryAtMs === null ? null : { dueAtMs: retryAtMs, waitMs: null };
    expect(dueAt({ id, idleMs, deliveries }, policy, nowMs, failure, takeover) - nowMs).toBe(dueInMs);
  });

  const dayMs = 86_400_000;
  test.each([
    ["of a worker whose clock is a day ahead", 5_000, dayMs + 5_000, 2_000, 3_000],
    ["of such a worker, when the wait is over", 5_000, dayMs, 6_000, -1_000],
    ["that asks for a day", dayMs, dayMs - 7_000, 7_000, dayMs - 7_000],
    ["of a worker whose clock is a little ahead", 5_000, 5_900, 0, 5_900],
    ["control: of a release that did not store the wait", null, dayMs, 6_000, dayMs],
  ])("a failure %s", (_name, waitMs, storedInMs, idleMs, dueInMs) => {
    const failure = { dueAtMs: nowMs + storedInMs, waitMs };
    expect(dueAt({ id, idleMs, deliveries: 1 }, policy, nowMs, failure, false) - nowMs).toBe(dueInMs);
  });
});
