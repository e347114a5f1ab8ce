/*
 * Histograms of times. Their bounds are fixed, so what several isolates have counted can be added up.
 */

/** Upper bounds of how long a handler works on an event, ms. */
export const processingBoundsMs = [
  1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000,
] as const;
/** Upper bounds of the time from publishing an event to its effect, ms. */
export const criticalBoundsMs = [
  50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000,
] as const;

/** What was counted, by bound. */
export interface Histogram {
  /** Upper bounds in ms, growing; the last one is infinite. */
  readonly bounds: readonly number[];
  /** How many were above the bound before and at most at this one. */
  readonly counts: readonly number[];
  /** Of all times, ms. */
  readonly sumMs: number;
}

/** The smallest bound that is not below a time. */
export function boundOf(bounds: readonly number[], ms: number): number {
  return bounds.find((bound) => ms <= bound) ?? Number.POSITIVE_INFINITY;
}

/**
 * A histogram of counts by the bounds under which they were noted. What was noted under a bound that has since been
 * dropped counts for the next larger one.
 */
export function toHistogram(
  bounds: readonly number[],
  noted: Iterable<readonly [bound: number, count: number]>,
  sumMs: number,
): Histogram {
  const all = [...bounds, Number.POSITIVE_INFINITY];
  const counts = all.map(() => 0);
  for (const [bound, count] of noted) {
    const place = all.findIndex((one) => bound <= one);
    counts[place] = (counts[place] ?? 0) + count;
  }
  return { bounds: all, counts, sumMs };
}

/** How many times were counted. */
export function countOf({ counts }: Histogram): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * The bound below which a share of the times lie.
 *
 * @param share 0.95 for the 95th percentile
 * @returns ms; infinite when it lies above all bounds; null when nothing was counted
 */
export function quantileMs(histogram: Histogram, share: number): number | null {
  const wanted = share * countOf(histogram);
  let sum = 0;
  for (const [place, count] of histogram.counts.entries()) {
    sum += count;
    if (sum > 0 && sum >= wanted) return histogram.bounds[place] ?? null;
  }
  return null;
}
