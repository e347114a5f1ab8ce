/** What time it is: Unix time, ms. Nothing here reads another clock, so that a test can move time. */
export type Clock = () => number;

/** The clock of the machine; given once, to `createEngine`, and handed down from there. */
export const systemClock: Clock = () => Date.now();

/** Clocks of workers and stores differ by less, ms, unless one of them is wrong. */
export const maxSkewMs = 1_000;

/**
 * What to add to a worker's clock so that it goes as that of a store, which all workers share; 0 as long as both go
 * alike. A clock that was handed in (to `createEngine`, as tests do that move time) is left as it is: only that of the
 * machine can be wrong.
 *
 * @param askedMs when the store was asked, by the worker's clock
 * @param storeMs what the store's clock said between then and now; null: it was not asked
 */
export function clockShift(now: Clock, askedMs: number, storeMs: number | null): number {
  if (storeMs === null || now !== systemClock) return 0;
  const nowMs = now();
  if (storeMs >= askedMs - maxSkewMs && storeMs <= nowMs + maxSkewMs) return 0;
  return storeMs - nowMs;
}

export function shiftedClock(now: Clock, shiftMs: number): Clock {
  return shiftMs === 0 ? now : () => now() + shiftMs;
}
