import { expect, test } from "vitest";
import { Buckets } from "./buckets.ts";

test("a minute's worth passes at once, then as many as come back", () => {
  const buckets = new Buckets();
  const passed = Array.from({ length: 8 }, () => buckets.take("a", 6, 1_000).allowed);
  expect(passed.filter(Boolean)).toHaveLength(6);
  expect(buckets.take("a", 6, 1_000)).toEqual({
    allowed: false,
    remaining: 0,
    againSeconds: 10,
    resetSeconds: 60,
  });
  expect(buckets.take("a", 6, 11_000)).toMatchObject({ allowed: true, remaining: 0 });
  expect(buckets.take("a", 6, 11_000).allowed).toBe(false);
  expect(buckets.take("a", 6, 200_000)).toMatchObject({ allowed: true, remaining: 5, resetSeconds: 10 });
});

test("everybody has a bucket of their own, and a look takes nothing", () => {
  const buckets = new Buckets();
  expect(buckets.take("a", 1, 0).allowed).toBe(true);
  expect(buckets.take("b", 1, 0).allowed).toBe(true);
  expect(buckets.look("c", 1, 0).allowed).toBe(true);
  expect(buckets.take("c", 1, 0).allowed).toBe(true);
  expect(buckets.look("c", 1, 0).allowed).toBe(false);
});

test("a clock that goes back takes nothing away", () => {
  const buckets = new Buckets();
  buckets.take("a", 2, 60_000);
  expect(buckets.take("a", 2, 0)).toMatchObject({ allowed: true, remaining: 0 });
});

test("whoever was not seen for long is forgotten, so that many callers fill no memory", () => {
  const buckets = new Buckets();
  buckets.take("first", 1, 0);
  for (let caller = 0; caller < 20_000; caller += 1) buckets.take(String(caller), 1, 0);
  expect(buckets.take("first", 1, 0).allowed).toBe(true);
  expect(buckets.take("19999", 1, 0).allowed).toBe(false);
});
