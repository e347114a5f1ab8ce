import { describe, expect, test } from "vitest";
import { createRequestRoom, type RequestRoom } from "./room.ts";

/*
 * A machine that works at all requests at once, so that each is slower the more there are: as one whose processor, or
 * connections of a database, they share. Time is counted, not waited for.
 */

interface Machine {
  /** What a request takes alone, ms. */
  readonly aloneMs: number;
  /** So many at once do not slow each other down. */
  readonly width: number;
}

interface Outcome {
  /** Times of those that were let in, ms. */
  readonly took: readonly number[];
  readonly refused: number;
  readonly perSecond: number;
}

interface Working {
  readonly kind: string;
  readonly sinceMs: number;
  peak: number;
  leftMs: number;
}

/** Offers requests evenly, `perSecond`, from `fromMs` for `seconds`; then waits for those that are in work. */
function offer(
  room: RequestRoom,
  { aloneMs, width }: Machine,
  { fromMs, seconds, perSecond }: { fromMs: number; seconds: number; perSecond: number },
): Outcome {
  const endMs = fromMs + seconds * 1_000;
  const working = new Set<Working>();
  const took: number[] = [];
  let refused = 0;
  let arrived = 0;
  for (let nowMs = fromMs; nowMs < endMs || working.size > 0; nowMs += 1) {
    for (const one of working) {
      one.leftMs -= Math.min(1, width / working.size);
      if (one.leftMs > 0) continue;
      working.delete(one);
      took.push(nowMs - one.sinceMs);
      room.finished({ ...one, succeeded: true }, nowMs);
    }
    while (nowMs < endMs && arrived < ((nowMs - fromMs) * perSecond) / 1_000) {
      arrived += 1;
      if (working.size >= room.places(nowMs)) {
        refused += 1;
        room.refused(nowMs);
        continue;
      }
      const one = { kind: "POST /api/events", sinceMs: nowMs, peak: 0, leftMs: aloneMs };
      working.add(one);
      for (const other of working) other.peak = Math.max(other.peak, working.size);
    }
  }
  return { took, refused, perSecond: took.length / seconds };
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Four at once, 20 ms each: 200 a second. */
const near: Machine = { aloneMs: 20, width: 4 };
const capacity = 200;
const fixed = (places: number): RequestRoom => ({
  places: () => places,
  refused: () => undefined,
  finished: () => undefined,
  idle: () => undefined,
});

const calmThenTwice = (room: RequestRoom, seconds: number) => {
  const usual = offer(room, near, { fromMs: 0, seconds: 5, perSecond: capacity / 2 });
  const rush = offer(room, near, { fromMs: 10_000, seconds, perSecond: 2 * capacity });
  return { usual, rush };
};

describe("twice of what can be taken", () => {
  test("is let in as far as it takes at most twice its usual time, at full rate", () => {
    const { usual, rush } = calmThenTwice(createRequestRoom(64), 20);
    expect(usual.refused).toBe(0);
    expect(median(rush.took)).toBeLessThanOrEqual(2 * median(usual.took));
    expect(rush.perSecond).toBeGreaterThanOrEqual(0.95 * capacity);
    expect(rush.refused).toBeGreaterThan(0);
  });

  test("for five minutes does not become what is usual", () => {
    const room = createRequestRoom(64);
    const { usual } = calmThenTwice(room, 300);
    const later = offer(room, near, { fromMs: 320_000, seconds: 10, perSecond: 2 * capacity });
    expect(median(later.took)).toBeLessThanOrEqual(2 * median(usual.took));
    expect(later.perSecond).toBeGreaterThanOrEqual(0.9 * capacity);
  });

  test("control: with a fixed number of places all that is let in takes several times as long", () => {
    const { usual, rush } = calmThenTwice(fixed(64), 20);
    expect(median(rush.took)).toBeGreaterThan(10 * median(usual.took));
  });
});

describe("nobody is refused", () => {
  test("while there are places, however slow it is", () => {
    const room = createRequestRoom(64);
    offer(room, near, { fromMs: 0, seconds: 5, perSecond: capacity / 2 });
    expect(
      offer(room, { aloneMs: 500, width: 64 }, { fromMs: 5_000, seconds: 20, perSecond: 100 }).refused,
    ).toBe(0);
  });

  test("any more when the rush is over", () => {
    const room = createRequestRoom(64);
    calmThenTwice(room, 20);
    expect(room.places(30_500)).toBeLessThan(16);
    expect(room.places(40_000)).toBe(64);
  });
});

test("requests that do not slow each other down have all places also when these are taken", () => {
  const far: Machine = { aloneMs: 50, width: 1_000 };
  const room = createRequestRoom(64);
  offer(room, far, { fromMs: 0, seconds: 10, perSecond: 600 });
  const rush = offer(room, far, { fromMs: 10_000, seconds: 20, perSecond: 2_600 });
  expect(rush.refused).toBeGreaterThan(0);
  expect(rush.perSecond).toBeGreaterThanOrEqual(0.95 * (64_000 / 50));
});

test("work that becomes heavier in a rush is recognised as such, and has places again", () => {
  const room = createRequestRoom(64);
  calmThenTwice(room, 5);
  // Each takes 100 ms now, wherever it waits, and 40 at once are no slower.
  const heavier = offer(room, { aloneMs: 100, width: 40 }, { fromMs: 15_000, seconds: 120, perSecond: 800 });
  const late = heavier.took.slice(-2_000);
  expect(median(late)).toBeLessThanOrEqual(200);
  expect(heavier.perSecond).toBeGreaterThanOrEqual(0.8 * 400);
});

test("there are always a few places, and never more than there may be", () => {
  const room = createRequestRoom(64);
  for (let n = 0; n < 1_000; n += 1) {
    room.refused(n);
    room.finished({ kind: "a", sinceMs: n - 1 - n * 10, peak: 64, succeeded: true }, n);
    expect(room.places(n)).toBeGreaterThanOrEqual(4);
  }
  expect(createRequestRoom(2).places(0)).toBe(2);
});
