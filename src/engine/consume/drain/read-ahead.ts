import { isOpen } from "../../core/circuit-breaker.ts";
import { maxPending } from "../../stream/group.ts";
import type { Consumer } from "../consumer.ts";
import type { Delivery, Taken } from "../delivery.ts";
import { type Drain, hasTime, mayGoOn } from "./state.ts";

/*
 * While the deliveries of a round are handled, which is mostly waiting for Postgres, the next ones are read and decoded:
 * of a backlog from the beginning of the round; of a flow when the handlers have come to their end, beside the COMMIT, if
 * news has come by then.
 *
 * What was read ahead is not tried before the round is over, and then only if nothing of it is left: otherwise an event
 * could pass an older one with its key that is to be tried again. So it is put back then, and taken in its place. If this
 * worker ends meanwhile, its successor runs one by one what stood in both; that is why together they are no more than may
 * be pending, and why nothing is read ahead while rounds are long.
 */

/** New entries that a round reads at most: there is room for as many ahead. */
export function mostRead({ batchSize }: Consumer): number {
  return Math.min(batchSize, maxPending / 2);
}

/** True when nothing waits anywhere, and the round runs all that was taken. */
function mayReadAhead(drain: Drain, { fresh, waiting }: Taken, running: readonly Delivery[]): boolean {
  const runsAll = waiting.length === 0 && running.length === fresh.length;
  const isKnown = drain.state.deferredMark === null && drain.state.startId !== null;
  return runsAll && isKnown && mayGoOn(drain);
}

/** What became of a round. */
export interface RanRound {
  /** False when the drain should end. */
  readonly finished: boolean;
  /** More was read meanwhile. */
  readonly hasReadAhead: boolean;
}

/**
 * Runs a round, and reads ahead meanwhile if that may be.
 *
 * @param taken what the stream gave
 * @param running what the round runs
 * @param run false when the drain should end
 */
export async function readingAhead(
  drain: Drain,
  taken: Taken,
  running: readonly Delivery[],
  run: () => Promise<boolean>,
): Promise<RanRound> {
  if (!mayReadAhead(drain, taken, running)) return { finished: await run(), hasReadAhead: false };
  const { stream, readSize, options, result, deps } = drain;
  const reads: Promise<void>[] = [];
  const read = () => {
    const reading = stream.readAhead(Math.min(readSize, options.maxEvents - result.read));
    // Its failure is told below, and not before the round is over.
    reading.catch(() => undefined);
    reads.push(reading);
  };
  if (taken.isFull && readSize >= mostRead(drain.consumer)) read();
  drain.onEnding = () => {
    if (reads.length === 0 && mayGoOn(drain) && deps.takeNews?.() === true) read();
  };
  const [ran] = await Promise.allSettled([run()]);
  drain.onEnding = null;
  // Both come to their end before the drain does.
  const [ahead] = await Promise.allSettled(reads);
  if (ran.status === "rejected") throw ran.reason;
  if (ahead?.status === "rejected") throw ahead.reason;
  const mayGoOnWith = ran.value && stream.isDone && !isOpen(drain.breaker) && hasTime(drain);
  if (ahead !== undefined && !mayGoOnWith) await stream.returnAhead();
  return { finished: ran.value, hasReadAhead: ahead !== undefined };
}
