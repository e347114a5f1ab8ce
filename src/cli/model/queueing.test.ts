import { expect, test } from "vitest";
import {
  batchesPerSecond,
  capacityPerSecond,
  poissonArrivals,
  type Server,
  seededRandom,
  serve,
} from "./queueing.ts";

/** A line: so long for each take, and for each event. */
const server = (fixedMs: number, perEventMs: number, maxBatch: number): Server => ({
  maxBatch,
  throughMs: (events) => fixedMs + events * perEventMs,
  busyMs: (events) => fixedMs + events * perEventMs,
});
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean time in the system, and events in it at a random moment. */
function measure(perSecond: number, one: Server, count = 200_000) {
  const arrivals = poissonArrivals(count, perSecond, seededRandom(7));
  const { departures, batches, busyMs } = serve(arrivals, one);
  const times = departures.map((time, index) => time - (arrivals[index] ?? 0));
  const changes = [
    ...arrivals.map((at) => [at, 1] as const),
    ...departures.map((at) => [at, -1] as const),
  ].sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  let [inside, area, lastAt] = [0, 0, 0];
  for (const [at, change] of changes) {
    area += inside * (at - lastAt);
    inside += change;
    lastAt = at;
  }
  return { meanMs: mean(times), inside: area / lastAt, lastAt, batches, busyMs, count };
}

test.each([0.2, 0.5, 0.8, 0.9])(
  "one at a time is M/D/1: Pollaczek and Khinchine's mean at a load of %d",
  (load) => {
    const serviceMs = 10;
    const { meanMs } = measure((1_000 * load) / serviceMs, server(serviceMs, 0, 1));
    const expected = serviceMs + (load * serviceMs) / (2 * (1 - load));
    expect(meanMs / expected).toBeGreaterThan(0.95);
    expect(meanMs / expected).toBeLessThan(1.05);
  },
);

test.each([
  [50, server(10, 0, 1)],
  [2_000, server(20, 0.05, 500)],
  [9_000, server(20, 0.05, 500)],
])("Little's law holds at %d/s: events inside are rate times time", (perSecond, one) => {
  const { meanMs, inside, lastAt, count } = measure(perSecond, one);
  expect(inside).toBeCloseTo((count / lastAt) * meanMs, 6);
});

test("a server is busy for the share of the time that its load says", () => {
  const { busyMs, lastAt } = measure(80, server(10, 0, 1));
  expect(busyMs / lastAt).toBeCloseTo(0.8, 2);
});

test("who is alone passes in the time of one take, however long the wait for the next", () => {
  const one: Server = { maxBatch: 500, throughMs: () => 5, busyMs: () => 12 };
  expect(serve([0, 1_000, 1_004, 2_000], one).departures).toEqual([5, 1_005, 1_017, 2_005]);
});

test("a take has at most what may be taken, in order", () => {
  expect(serve([0, 0, 0, 0, 0], server(10, 0, 2)).departures).toEqual([10, 10, 20, 20, 30]);
});

test.each([0.05, 0.3, 0.7, 0.95])(
  "takes in a second are as the formula says at a share of %d of the capacity",
  (share) => {
    const one = server(20, 0.05, 500);
    const perSecond = share * capacityPerSecond(one);
    const { batches, lastAt } = measure(perSecond, one);
    const ratio = batches / (lastAt / 1_000) / batchesPerSecond(one, perSecond);
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.1);
  },
);

test("beyond its capacity the time in the system grows with the number of events", () => {
  const one = server(20, 0.05, 500);
  const beyond = 1.2 * capacityPerSecond(one);
  const [short, long] = [measure(beyond, one, 50_000), measure(beyond, one, 200_000)];
  expect(long.meanMs).toBeGreaterThan(3 * short.meanMs);
});

test("the same seed gives the same numbers, spread evenly", () => {
  const [a, b] = [seededRandom(1), seededRandom(1)];
  const numbers = Array.from({ length: 10_000 }, a);
  expect(numbers.slice(0, 5)).toEqual(Array.from({ length: 5 }, b));
  expect(mean(numbers)).toBeCloseTo(0.5, 1);
  expect(Math.max(...numbers)).toBeLessThan(1);
});
