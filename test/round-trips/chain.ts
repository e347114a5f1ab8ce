import type { Call } from "./counting-proxy.ts";

/**
 * The longest chain of calls each of which began after the one before it had ended: what a longer way to Redis and
 * Postgres is multiplied by. Calls that ran side by side count once. Pure.
 */
export function longestChain(calls: readonly Call[]): Call[] {
  const chain: Call[] = [];
  let freeMs = Number.NEGATIVE_INFINITY;
  for (const call of calls.toSorted((a, b) => a.endMs - b.endMs)) {
    if (call.startMs < freeMs) continue;
    chain.push(call);
    freeMs = call.endMs;
  }
  return chain;
}
