/*
 * Decisions about the steps of a bulk operation. Pure.
 *
 * It hands events to the consumers in steps. The next step begins when every event of the last one has come to an
 * end. A step that went well lets the next one grow; a step that went badly stops it, so that what a broken
 * consumer would refuse anyway is not all tried.
 */

/** Sizes of steps: 1, 2, 5, 10, 20, 50 … up to the operation's largest. */
export function nextStepSize(step: number, maxStep: number): number {
  let size = 1;
  for (let factors = [2, 2.5, 2], at = 0; size <= step; at += 1) size *= factors[at % factors.length] ?? 2;
  return Math.min(size, Math.max(1, maxStep));
}

/** Longest time that the events of one step stand for when an operation has a rate, seconds; bounds the burst. */
const burstSeconds = 10;

/** Events of the coming step: its size, and not more at once than the rate gives in ten seconds. */
export function stepLimit(step: number, ratePerSecond: number | null): number {
  if (ratePerSecond === null) return step;
  return Math.min(step, Math.max(1, Math.floor(ratePerSecond * burstSeconds)));
}

/** Pause behind a step of `count` events, ms. */
export function pauseBehind(count: number, ratePerSecond: number | null): number {
  return ratePerSecond === null ? 0 : Math.ceil((count / ratePerSecond) * 1_000);
}

/** Counters of an operation, and what they were when the step that has just ended began. */
export interface StepCounters {
  readonly succeeded: number;
  readonly failed: number;
  readonly stepSucceeded: number;
  readonly stepFailed: number;
  /** Share of failures, 0 … 1, above which the operation stops; null: never. */
  readonly stopRatio: number | null;
}

/** Why the operation must stop, in words for an operator; null: it goes on. */
export function stopReason(counters: StepCounters): string | null {
  const failed = counters.failed - counters.stepFailed;
  const ended = failed + counters.succeeded - counters.stepSucceeded;
  if (counters.stopRatio === null || ended <= 0 || failed / ended <= counters.stopRatio) return null;
  return `${failed} of ${ended} events of the last step failed (${percent(failed / ended)}); the limit is ${percent(counters.stopRatio)}. Mend the cause first; the dead letters tell it.`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
