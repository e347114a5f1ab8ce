import type { DrainOutcomes } from "../alerts/failing-drains.ts";
import { hasStream, type Invocation, type StreamInvocation } from "../invocation.ts";
import { createSemaphore, type Semaphore } from "./semaphore.ts";

/*
 * One run of the dispatcher: what moves the events after a commit, after a wake, by cron, or by hand. Every trigger does
 * the same bounded work; cron is the safety net for triggers that got lost. Here stands what a run may spend, and how it
 * ends; what it does stands in `relay-shards.ts`, `drain-shards.ts`, `scheduled-jobs.ts` and `cron.ts`.
 */

/** Calls that finishing a drain or a batch needs at most. */
export const callsToFinish = 14;

/**
 * What a run of the dispatcher is allowed, and what it has to hand on. What relays and drains needs the stream; scheduled
 * jobs run without one too.
 */
export interface Dispatch<I extends Invocation = StreamInvocation> {
  readonly invocation: I;
  /** Unix time, ms, after which nothing new is begun. */
  readonly deadlineMs: number;
  /** Set when work is left that would need another invocation's budget. */
  leftOver: boolean;
  /** Set when anything moved; without progress nothing is handed on, so that no chain of invocations runs idle. */
  progress: boolean;
  /** Set when some work failed; it was tried again as long as there was time. */
  failed: boolean;
  /** Set when some work failed to the end. */
  stuck: boolean;
  /** What became of the drains that it ran. */
  readonly drained: DrainOutcomes;
  /** Where the consumers take turns, so that all of them get on when there is much to do. */
  readonly drains: Semaphore;
}

export function beginDispatch<I extends Invocation>(invocation: I, deadlineMs: number): Dispatch<I> {
  const { meter, drains } = invocation;
  // Each may begin a drain before the calls of the others are counted.
  const affordable = () => Math.floor((0.8 * meter.limit - meter.used) / callsToFinish);
  return {
    invocation,
    deadlineMs,
    leftOver: false,
    progress: false,
    failed: false,
    stuck: false,
    drained: new Map(),
    drains: createSemaphore(() => Math.min(drains.atOnce, affordable())),
  };
}

/** False when nothing new should be begun: the time or the calls are nearly used up. */
export function hasBudget({ invocation, deadlineMs }: Dispatch<Invocation>): boolean {
  return invocation.now() < deadlineMs && !invocation.meter.isNear(callsToFinish);
}

/** Calls `handOn` when more is left than this invocation may do, if it got anywhere. */
export function endDispatch({ leftOver, progress }: Dispatch<Invocation>, handOn: () => void): void {
  if (leftOver && progress) handOn();
}

/** True when what was published can be relayed and drained by this run. */
export function canDeliver(dispatch: Dispatch<Invocation>): dispatch is Dispatch {
  return hasStream(dispatch.invocation);
}
