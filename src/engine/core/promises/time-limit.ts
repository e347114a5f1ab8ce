import { TransientError } from "../errors.ts";

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

/**
 * Runs a call that ends when its signal aborts, which is at the limit; with it ends the connection that the call holds.
 *
 * Like `AbortSignal.timeout`, whose timer goes on behind the answer: each call would leave one, and an error with its
 * stack, for seconds.
 *
 * @throws what the call throws; at the limit that is a DOMException named TimeoutError
 */
export async function abortAfter<T>(limitMs: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(
    () => limit.abort(new DOMException("No answer in time.", "TimeoutError")),
    limitMs,
  );
  try {
    return await call(limit.signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits for work that nobody has to end: it goes on behind the limit.
 *
 * @returns true when it came to an end, good or bad, before the limit
 */
export async function settlesWithin(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const done = work.then(
    () => true,
    () => true,
  );
  const inTime = await Promise.race([done, limit]);
  clearTimeout(timer);
  return inTime;
}
