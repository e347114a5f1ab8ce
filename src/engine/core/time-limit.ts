import { TransientError } from "./errors.ts";

/** The handler did not finish in time. Transient: the next try may be faster. */
export class HandlerTimeoutError extends TransientError {}

/**
 * Runs `run` under a time limit. Its signal aborts at the limit; whatever `run` does afterwards is ignored.
 *
 * @throws {HandlerTimeoutError} at the limit
 */
export async function withTimeLimit<T>(
  limitMs: number,
  what: string,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new HandlerTimeoutError(`${what} did not finish within ${limitMs} ms.`);
      reject(error);
      controller.abort(error);
    }, limitMs);
  });
  try {
    const work = run(controller.signal);
    // Once the limit has won the race, a late failure of the work has no one to go to.
    work.catch(() => undefined);
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}
