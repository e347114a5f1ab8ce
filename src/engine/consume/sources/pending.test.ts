import { expect, test } from "vitest";
import { failureFromText, failureToText, type StoredFailure } from "./pending.ts";

const failure: StoredFailure = {
  dueAtMs: 1_700_000_005_000,
  firstFailedAtMs: 1_700_000_000_000,
  attempts: 2,
  overtakable: false,
  skip: true,
  waitMs: 5_000,
  error: "[500] the shop: away",
};

test.each([5_000, 0, null])("a failure that waits %s ms is the same when it is read", (waitMs) => {
  const stored = { ...failure, waitMs, error: waitMs === null ? "the shop: away" : failure.error };
  expect(failureFromText(failureToText(stored))).toEqual(stored);
});

test("a failure that a release before stored is read, and its wait is not known", () => {
  const { waitMs: _, ...before } = { ...failure, error: "the shop: away [5]" };
  expect(failureFromText("1700000005000:1700000000000:2:0:1:the shop: away [5]")).toEqual({
    ...before,
    waitMs: null,
  });
});

test("a release before reads the five numbers as ever, and the wait as a part of the error", () => {
  const [due, first, attempts, overtakable, skip, ...error] = failureToText(failure).split(":");
  expect([due, first, attempts, overtakable, skip].map(Number)).toEqual([
    1_700_000_005_000, 1_700_000_000_000, 2, 0, 1,
  ]);
  expect(error.join(":")).toBe("[5000][500] the shop: away");
});
