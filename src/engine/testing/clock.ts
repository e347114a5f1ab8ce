import { systemClock } from "../core/clock.ts";

/** A clock that only the test moves. */
export interface TestClock {
  /** Unix time, ms. */
  now(): number;
  /** @param ms how far it goes on: a number of milliseconds, 0 or more */
  advance(ms: number): void;
  /** @param time not before the present one: what was stored with a later time would never come */
  set(time: Date | number): void;
}

/** Begins with the machine's time, because Redis and Postgres have clocks of their own. */
export function createTestClock(startMs: number = systemClock()): TestClock {
  let nowMs = startMs;
  const moveTo = (ms: number) => {
    if (!(ms >= nowMs)) {
      throw new RangeError(
        `The clock of a test goes forward only: it shows ${new Date(nowMs).toISOString()}, and was to be set to ${Number.isFinite(ms) ? new Date(ms).toISOString() : ms}.`,
      );
    }
    nowMs = ms;
  };
  return {
    now: () => nowMs,
    advance: (ms) => moveTo(nowMs + ms),
    set: (time) => moveTo(Number(time)),
  };
}
