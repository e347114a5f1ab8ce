import "../../property-seed.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type CountSeries,
  fineSpan,
  parseSeries,
  sumByBucket,
} from "../../../src/engine/stream/count-series.ts";
import { type Count, countArgs, countersCommand, countsInLua } from "../../../src/engine/stream/counters.ts";
import type { Backbone } from "../../backbone.ts";
import { openBackbone } from "../fixture.ts";

/* Series of counts, written by Redis and read here, against a list of what was counted. */

const kept = 5;
const field = "series|test|words";
const script = `${countsInLua}
addCounts(KEYS[1], 1)
return 1`;

const write = (backbone: Backbone, key: string, counts: readonly Count[]) =>
  backbone.redis("EVAL", script, "1", key, ...countArgs(counts));

async function read(backbone: Backbone, key: string): Promise<CountSeries | undefined> {
  return parseSeries(await backbone.redis(...countersCommand(key, null, ["test"])))[0];
}

/** What was counted, by window; a window too far away from the newest begins a new series. */
function countedBy(history: readonly (readonly [window: number, delta: number])[]): Map<number, number> {
  let sums = new Map<number, number>();
  let newest: number | null = null;
  for (const [window, delta] of history) {
    if (newest === null || Math.abs(window - newest) >= kept) {
      sums = new Map();
      newest = window;
    }
    newest = Math.max(newest, window);
    sums.set(window, (sums.get(window) ?? 0) + delta);
  }
  return new Map([...sums].filter(([window]) => (newest ?? 0) - window < kept));
}

test("a series is what was counted in each of its windows, in whatever order, and no longer than is kept", async () => {
  const backbone = await openBackbone();
  let run = 0;
  const step = fc.tuple(fc.integer({ min: 1_000, max: 1_012 }), fc.integer({ min: 1, max: 900 }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 }),
      async (calls) => {
        run += 1;
        const key = `${backbone.sandbox.prefix}:series:${run}`;
        for (const call of calls) {
          await write(
            backbone,
            key,
            call.map(([window, delta]) => ({ field, delta, window, kept })),
          );
        }
        const series = await read(backbone, key);
        expect(series?.counts.length).toBeLessThanOrEqual(kept);
        const told = new Map(
          (series?.counts ?? []).flatMap((count, before) =>
            count === 0 ? [] : [[(series?.newest ?? 0) - before, count] as const],
          ),
        );
        expect(told).toEqual(countedBy(calls.flat()));
      },
    ),
    { numRuns: 60 },
  );
});

test("buckets hold what fell into them; what is older is in none, and what a clock ahead of ours counted is in the last", () => {
  const asked = { span: fineSpan, perBucket: 2, buckets: 3 };
  // The buckets are the windows 96 and 97, 98 and 99, 100 and 101.
  const nowMs = 100 * fineSpan.spanMs + 5;
  const of = (newest: number, ...counts: number[]): CountSeries => ({
    span: "30s",
    words: [],
    newest,
    counts,
  });
  expect(sumByBucket([], asked, nowMs)).toEqual([0, 0, 0]);
  expect(sumByBucket([of(100, 1, 2, 4, 8, 16, 32)], asked, nowMs)).toEqual([24, 6, 1]);
  expect(sumByBucket([of(100, 1), of(96, 10, 90), of(104, 100)], asked, nowMs)).toEqual([10, 0, 101]);
  expect(sumByBucket([of(80, 1, 1, 1)], asked, nowMs)).toEqual([0, 0, 0]);
});

test("series are told to nobody who asks for the counters, and the counters to nobody who asks for series", async () => {
  const backbone = await openBackbone();
  const key = `${backbone.sandbox.prefix}:series`;
  await write(backbone, key, [
    { field: "published|a", delta: 3 },
    { field: "recent|s|50|0", delta: 1, window: 7 },
    { field, delta: 2, window: 7, kept },
    { field: "series|other|words", delta: 2, window: 7, kept },
  ]);
  expect(await backbone.redis(...countersCommand(key, null))).toEqual(["published|a", "3"]);
  expect(await backbone.redis(...countersCommand(key, 7))).toEqual(["recent|s|50|0", "7 1"]);
  expect(await backbone.redis(...countersCommand(key, null, ["test"]))).toEqual([field, "7 2"]);
  expect(await backbone.redis(...countersCommand(key, 8, ["other"]))).toEqual(["series|other|words", "7 2"]);
});
