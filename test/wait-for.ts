import { setTimeout as delay } from "node:timers/promises";

/**
 * What has not come by then will not come, ms. Long, because only a test that fails waits for it, and a machine may be
 * several times slower than the one where the test was written.
 */
export const hangMs = 60_000;

export interface WaitOptions {
  /** Default `hangMs`. */
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
  { timeoutMs = hangMs, everyMs = 20 }: WaitOptions = {},
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

/** Repeats assertions until they hold. @throws the last failure, when they do not within `hangMs` */
export async function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  const deadline = performance.now() + hangMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
    }
    await delay(20);
  }
}
