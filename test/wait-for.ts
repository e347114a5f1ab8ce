import { setTimeout as delay } from "node:timers/promises";

export interface WaitOptions {
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** Pause between two looks; default 20. */
  readonly everyMs?: number;
}

/**
 * Looks again and again until `accept` holds, and gives what was seen. A look that throws counts as "not yet".
 *
 * @throws {Error} at the time limit, with what was seen last: a value, or the error of the last look
 */
export async function waitFor<T>(
  what: string,
  look: () => T | Promise<T>,
  accept: (seen: T) => boolean,
  { timeoutMs = 10_000, everyMs = 20 }: WaitOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last = "nothing";
  for (;;) {
    try {
      const seen = await look();
      if (accept(seen)) return seen;
      last = JSON.stringify(seen) ?? String(seen);
    } catch (error) {
      last = `the error ${String(error)}`;
    }
    if (performance.now() >= deadline) {
      throw new Error(`${what}: not within ${timeoutMs} ms. Last seen: ${last.slice(0, 4_000)}`);
    }
    await delay(everyMs);
  }
}
