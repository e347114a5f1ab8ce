import { PermanentError, RetryAfter, TransientError, ValidationError } from "@brain/engine";
import { describe, expect, test } from "vitest";
import {
  allowedByHand,
  describeFailure,
  judgeFailure,
  priorityName,
  queueScore,
  sourcesByHand,
  storable,
} from "./state.ts";
import { missionStatuses } from "./tables.ts";

describe("the status by hand", () => {
  test.each([
    ["pending", ["queued", "cancelled"]],
    ["queued", ["paused", "cancelled"]],
    ["running", ["cancelled"]],
    ["paused", ["queued", "cancelled"]],
    ["failed", ["queued"]],
    ["completed", []],
    ["cancelled", []],
  ] as const)("from %s leads to %j and nowhere else", (from, to) => {
    expect(allowedByHand(from)).toEqual(to);
  });

  test.each(["pending", "running", "completed", "failed"] as const)("never leads to %s", (to) => {
    expect(sourcesByHand(to)).toEqual([]);
  });

  test("knows every status", () => {
    for (const status of missionStatuses) expect(allowedByHand(status)).toBeInstanceOf(Array);
    expect(sourcesByHand("cancelled")).toEqual(["pending", "queued", "running", "paused"]);
  });
});

describe("given a failed attempt", () => {
  const first = { attempt: 1, attemptLimit: 3, maxRetries: 3 };

  test("when its error may pass, then another attempt follows within the ceiling of the backoff", () => {
    for (const [attempt, ceiling] of [
      [1, 1_000],
      [2, 2_000],
    ] as const) {
      const waits = Array.from({ length: 200 }, (_, n) => {
        const verdict = judgeFailure(new TransientError("x"), { ...first, attempt }, `m${n}`);
        expect(verdict.severity).toBe("WARNING");
        return verdict.retryInMs ?? -1;
      });
      expect(Math.max(...waits)).toBeLessThanOrEqual(ceiling);
      expect(Math.max(...waits)).toBeGreaterThan(ceiling * 0.9);
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(50);
      expect(new Set(waits).size).toBeGreaterThan(100);
    }
  });

  test("when it was the third of three, then the mission has failed, critically", () => {
    for (const error of [new TransientError("x"), new Error("x"), new TypeError("x"), "x"])
      expect(judgeFailure(error, { ...first, attempt: 3 }, "m")).toEqual({
        retryInMs: null,
        severity: "CRITICAL",
      });
    for (const error of [new TransientError("x"), new Error("x"), new TypeError("x"), "x"])
      expect(judgeFailure(error, { ...first, attempt: 2 }, "m").retryInMs).not.toBeNull();
  });

  test("when it can never work, then the mission has failed at once", () => {
    for (const error of [new PermanentError("x"), new ValidationError("x")])
      expect(judgeFailure(error, first, "m")).toEqual({ retryInMs: null, severity: "ERROR" });
    expect(judgeFailure(new PermanentError("x"), { ...first, attempt: 3 }, "m").severity).toBe("CRITICAL");
  });

  test("when its error names a wait, then that counts, up to a day", () => {
    expect(judgeFailure(new RetryAfter(90_000, "x"), first, "m").retryInMs).toBe(90_000);
    expect(judgeFailure(new RetryAfter(1e12, "x"), first, "m").retryInMs).toBe(86_400_000);
  });

  test("when the mission was executed again, then it has as many attempts again, and short waits first", () => {
    const again = { attemptLimit: 6, maxRetries: 3 };
    for (let seed = 0; seed < 50; seed += 1)
      expect(
        judgeFailure(new TransientError("x"), { ...again, attempt: 4 }, `m${seed}`).retryInMs,
      ).toBeLessThanOrEqual(1_000);
    expect(judgeFailure(new TransientError("x"), { ...again, attempt: 6 }, "m").retryInMs).toBeNull();
  });
});

describe("a failure in words", () => {
  test("keeps the message of our own errors for everybody", () => {
    const error = new ValidationError("Not like this.", { issues: [{ path: "url", message: "is missing" }] });
    expect(describeFailure(error)).toEqual({
      detail: "Not like this.; url: is missing",
      message: "Not like this.; url: is missing",
      type: "ValidationError",
    });
  });

  test("keeps the message of unknown errors for operators, and secrets for nobody", () => {
    const failure = describeFailure(new Error("mail anna@example.org\u0000"));
    expect(failure.detail).toBe("mail [redacted]\ufffd");
    expect(failure.message).not.toContain("mail");
    expect(describeFailure("thrown text")).toMatchObject({ detail: "thrown text", type: "string" });
    expect(describeFailure(new Error("x".repeat(5_000))).detail).toHaveLength(500);
  });
});

test("a higher priority comes first, and inside a priority the earlier place", () => {
  const queue = [
    [40, 900_000_000],
    [30, 1],
    [30, 2],
    [20, 1],
    [10, 1],
  ] as const;
  const scores = queue.map(([priority, place]) => queueScore(priority, place));
  expect([...scores].sort((a, b) => b - a)).toEqual(scores);
  expect(new Set(scores).size).toBe(scores.length);
});

test.each([
  [10, "LOW"],
  [20, "NORMAL"],
  [30, "HIGH"],
  [40, "CRITICAL"],
])("priority %i is called %s", (priority, name) => {
  expect(priorityName(priority)).toBe(name);
});

test("text becomes storable and keeps lines, tabs and letters", () => {
  expect(storable("a\u0000\u001b\ud800\n\tä🎉")).toBe("a\ufffd\ufffd\ufffd\n\tä🎉");
});
