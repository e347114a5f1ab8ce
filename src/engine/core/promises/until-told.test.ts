import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { untilTold } from "./until-told.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A wait for at most ten seconds, and what another request says. */
function wait() {
  let isTold = false;
  let tell: () => void = () => undefined;
  let endedMs: number | null = null;
  const beganMs = Date.now();
  const ended = untilTold({
    limitMs: 10_000,
    isTold: () => isTold,
    listen: (given) => {
      tell = given;
    },
  }).then(() => {
    endedMs = Date.now() - beganMs;
  });
  return {
    say: () => {
      isTold = true;
    },
    wake: () => tell(),
    ended,
    tookMs: () => endedMs,
  };
}

test("goes on at once when it is told, and leaves no timer", async () => {
  const { say, wake, tookMs } = wait();
  await vi.advanceTimersByTimeAsync(120);
  say();
  wake();
  await vi.advanceTimersByTimeAsync(0);
  expect(tookMs()).toBe(120);
  expect(vi.getTimerCount()).toBe(0);
});

test("goes on soon when it was told and the wake got lost", async () => {
  const { say, tookMs } = wait();
  await vi.advanceTimersByTimeAsync(120);
  say();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(tookMs()).toBe(150);
});

test("goes on at its limit when nobody tells", async () => {
  const { tookMs } = wait();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(tookMs()).toBe(10_000);
  expect(vi.getTimerCount()).toBe(0);
});

test("does not wait for what was said before", async () => {
  const ended = untilTold({ limitMs: 10_000, isTold: () => true, listen: () => undefined });
  await vi.advanceTimersByTimeAsync(0);
  await ended;
  expect(vi.getTimerCount()).toBe(0);
});
