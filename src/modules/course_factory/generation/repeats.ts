import type { TransientError } from "@brain/engine";

/** How often a call of the content service is made when it fails for a passing reason, in all. */
const maxCalls = 3;
/** First wait between two calls, ms; doubles. */
const firstWaitMs = 500;
/** A service that wants to be left alone for longer is not waited for. */
const longestWaitMs = 10_000;

/** The repetitions of one run. */
export interface Repeats {
  beforeRepeat(failures: number, error: TransientError): Promise<boolean>;
  /** How many calls were repeated so far. */
  count(): number;
}

/** @param keepHold makes sure that the run still has its course for a wait and another call; rejects when it has not */
export function createRepeats(keepHold: () => Promise<void>): Repeats {
  let count = 0;
  return {
    count: () => count,
    async beforeRepeat(failures, error) {
      const waitMs = Math.max(firstWaitMs * 2 ** (failures - 1), error.retryAfterMs ?? 0);
      if (failures >= maxCalls || waitMs > longestWaitMs) return false;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      await keepHold();
      count += 1;
      return true;
    },
  };
}
