import { isUuidV4 } from "@brain/schemas";
import { expect, test } from "vitest";
import { newEventId } from "./event-id.ts";

const atMs = Date.UTC(2026, 10, 26, 10);

test("is a UUID of version 4, and another one each time", () => {
  const ids = Array.from({ length: 1_000 }, () => newEventId(atMs));
  expect(ids.filter((id) => !isUuidV4(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
});

test("sorts as text and as bytes like the time it was made at", () => {
  const times = [0, 1, 2 ** 32 - 1, 2 ** 32, atMs, atMs + 1, atMs + 2 ** 31, 2 ** 48 - 1];
  const ids = times.map((time) => newEventId(time));
  expect([...ids].sort()).toEqual(ids);
  expect(Number.parseInt((ids[4] ?? "").replace("-", "").slice(0, 12), 16)).toBe(atMs);
});

test("a clock that cannot be right gives an id all the same", () => {
  for (const time of [-1, 1.5, 2 ** 48, 2 ** 60, Number.MAX_VALUE])
    expect(isUuidV4(newEventId(time))).toBe(true);
});
