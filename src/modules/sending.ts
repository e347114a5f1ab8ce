/*
 * Sends what waits for receivers outside, some at once: the piece that webhooks and messages on alerts share. What is claimed
 * begins at once, so a claim is one try that was begun, and it ends with its own call: no claim waits for calls before it.
 */

/** What may come to a call before and behind it, s: looking a secret up, writing down what came of it, a slow database. */
const aroundCallSeconds = 15;

/**
 * How long a claim holds, s: longer than the one call that it is for, so nobody takes it meanwhile.
 *
 * @param callMs the call ends within this time, whatever the receiver does
 */
export function leaseSecondsFor(callMs: number): number {
  return Math.ceil(callMs / 1_000) + aroundCallSeconds;
}

export interface Sending<T> {
  /** Nothing is begun when true; what runs comes to its end. */
  readonly isOver: () => boolean;
  /** Calls at the same time. */
  readonly atOnce: number;
  /** Claims what is due. Fewer than `limit` says that nothing else is due for now. @param running what is being sent */
  claim(limit: number, running: readonly T[]): Promise<readonly T[]>;
  /** One call, and writing down what came of it. */
  send(claimed: T): Promise<void>;
}

/**
 * Claims as many as may begin, whenever some may, until nothing is due or the time is over; then waits for what runs.
 *
 * @throws what a claim or a send threw, the first of them, when all that runs has ended
 */
export async function sendDue<T>({ isOver, atOnce, claim, send }: Sending<T>): Promise<void> {
  const running = new Map<Promise<void>, T>();
  const failures: unknown[] = [];
  const begin = (claimed: T): void => {
    const call = send(claimed)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(call));
    running.set(call, claimed);
  };
  try {
    while (failures.length === 0 && !isOver()) {
      const limit = atOnce - running.size;
      const claimed = await claim(limit, [...running.values()]);
      for (const one of claimed) begin(one);
      if (claimed.length < limit) break;
      // Calls may have ended while it claimed.
      if (running.size === atOnce) await Promise.race(running.keys());
    }
  } finally {
    await Promise.all(running.keys());
  }
  if (failures.length > 0) throw failures[0];
}
