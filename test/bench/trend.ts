/** A straight line through samples, by least squares. */
export interface Trend {
  readonly mean: number;
  /** Change in the unit of the samples, per unit of the times. */
  readonly slope: number;
  /** Standard error of the slope. Samples that follow each other are alike, so it is rather more. */
  readonly error: number;
}

/** @throws {Error} fewer than three samples, or all of one time: no line lies through them alone */
export function trendOf(samples: readonly { readonly at: number; readonly value: number }[]): Trend {
  const n = samples.length;
  const average = (of: (sample: { at: number; value: number }) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / n;
  const [at, mean] = [average((sample) => sample.at), average((sample) => sample.value)];
  const spread = n * average((sample) => (sample.at - at) ** 2);
  if (n < 3 || spread === 0)
    throw new Error(`a trend needs three samples of different times, there are ${n}`);
  const slope = (n * average((sample) => (sample.at - at) * (sample.value - mean))) / spread;
  const rest = n * average((sample) => (sample.value - mean - slope * (sample.at - at)) ** 2);
  return { mean, slope, error: Math.sqrt(Math.max(0, rest) / (n - 2) / spread) };
}

/** What would be bad: `up` for what is used, `down` for what is done. */
export type Bad = "up" | "down";

/**
 * True when the line goes the bad way by more than `share` of the mean in one unit of time, and does so beyond two
 * standard errors. So a short run, whose line says little, shows no trend that is not plain.
 */
export function isTrend({ mean, slope, error }: Trend, bad: Bad, share: number): boolean {
  const worse = bad === "up" ? slope : -slope;
  return worse - 2 * error > share * Math.abs(mean);
}
