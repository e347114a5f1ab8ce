import { isOpen } from "../../core/circuit-breaker.ts";
import { maxPending } from "../../stream/group.ts";
import type { Consumer } from "../consumer.ts";
import type { Delivery, Taken } from "../delivery.ts";
import { type Drain, hasTime, mayGoOn } from "./state.ts";

/*
 * While the deliveries of a round are handled, which is mostly waiting for Postgres, the next ones are read and decoded.
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

/** True when as many were taken as were asked for, nothing waits anywhere, and rounds have been short and full so far. */
function mayReadAhead(
  drain: Drain,
  { fresh, waiting, isFull }: Taken,
  running: readonly Delivery[],
): boolean {
  const { state, readSize, consumer } = drain;
  const runsAll = waiting.length === 0 && running.length === fresh.length;
  const isKnown = state.deferredMark === null && state.startId !== null;
  return isFull && runsAll && isKnown && readSize >= mostRead(consumer) && mayGoOn(drain);
}

/**
 * Runs a round, and reads ahead meanwhile if that may be.
 *
 * @param taken what the stream gave
 * @param running what the round runs
 * @param run false when the drain should end
 * @returns what `run` does
 */
export async function readingAhead(
  drain: Drain,
  taken: Taken,
  running: readonly Delivery[],
  run: () => Promise<boolean>,
): Promise<boolean> {
  if (!mayReadAhead(drain, taken, running)) return run();
  const { stream, readSize, options, result } = drain;
  const count = Math.min(readSize, options.maxEvents - result.read);
  // Both come to their end before the drain does.
  const [finished, read] = await Promise.allSettled([run(), stream.readAhead(count)]);
  if (finished.status === "rejected") throw finished.reason;
  if (read.status === "rejected") throw read.reason;
  const mayGoOnWith = finished.value && stream.isDone && !isOpen(drain.breaker) && hasTime(drain);
  if (!mayGoOnWith) await stream.returnAhead();
  return finished.value;
}
