import { describe, expect, test } from "vitest";
import { isImpossible, toldAt } from "./told-at.ts";

const now = new Date("2026-11-21T10:00:00.000Z");

describe("when an event was told", () => {
  test.each([
    ["is the time of its place on the stream", now.getTime() - 5_000, now.getTime() - 5_000],
    ["is now, for one that is handled at once", now.getTime(), now.getTime()],
    ["is now, for an id that is thirty days ahead", now.getTime() + 30 * 86_400_000, now.getTime()],
  ])("%s", (_what, idMs, expected) => {
    expect(toldAt(`${idMs}-7`, now).getTime()).toBe(expected);
  });

  test.each(["18446744073709551615-18446744073709551615", "9007199254740993-0", "nothing"])(
    "is now, for the id %s",
    (id) => {
      expect(toldAt(id, now)).toEqual(now);
    },
  );
});

test("a time counts no more when it is over five minutes ahead", () => {
  expect(isImpossible(new Date(now.getTime() + 300_000), now)).toBe(false);
  expect(isImpossible(new Date(now.getTime() + 300_001), now)).toBe(true);
  expect(isImpossible(new Date("2031-01-01T00:00:00Z"), now)).toBe(true);
  expect(isImpossible(new Date(0), now)).toBe(false);
});
