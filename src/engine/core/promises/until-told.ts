/*
 * One request of an isolate waits for another one. Workers run what follows in the request that waits, since the flag of
 * 2024-10-14; but such a wake may get lost. Seen in workerd on a machine with ten times the work it could do: the promise
 * was resolved, what awaited it never went on, and timers of the same request did. So a wake only makes it go on earlier.
 * Whoever waits has timers of its own, with promises that nobody else resolves, and looks itself whether it was told.
 *
 * @see https://developers.cloudflare.com/workers/configuration/compatibility-flags/#handling-cross-request-promise-resolution
 */

export interface Wait {
  /** Longest wait, ms. */
  readonly limitMs: number;
  /** Whether another request has said what is waited for. */
  readonly isTold: () => boolean;
  /** Takes what another request calls behind that. */
  readonly listen: (tell: () => void) => void;
}

/** A wake that got lost costs as much, ms. */
const lookEveryMs = 50;

/** Waits until another request has told, or for so long. */
export async function untilTold({ limitMs, isTold, listen }: Wait): Promise<void> {
  const { promise: told, resolve: tell } = Promise.withResolvers<void>();
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  listen(tell);
  if (isTold()) return;
  const limit = setTimeout(end, limitMs);
  const looks = limitMs > lookEveryMs ? setInterval(() => isTold() && end(), lookEveryMs) : undefined;
  await Promise.race([told, over]);
  clearTimeout(limit);
  clearInterval(looks);
}
