import { TooManyRequestsError } from "../core/errors.ts";
import type { Invocation } from "../invocation.ts";

/*
 * How many follow the streams at once. Each holds a connection and wakes up about once a second, so there is a bound for
 * the isolate, and a lower one for each caller, so that one cannot take all.
 */

interface Follower {
  readonly caller: string;
  seenAtMs: number;
}

/**
 * Who follows in this isolate, by system. An invocation may be ended from outside without cleaning up (its client went
 * away), so each follower shows itself, and one that does not counts as gone: the number may be too high for a few
 * seconds.
 */
const isolateFollowers = new Map<string, Set<Follower>>();
const showMs = 1_000;
const goneMs = 4_000;
/** A long poll lasts up to 25 s, so within this time some of many come to their end, s. */
const retryAfterSeconds = 5;

export interface Admission {
  /** Gives the place back. @returns true when nobody follows any more */
  leave(): boolean;
}

/**
 * @param caller whose place it is
 * @throws {TooManyRequestsError} the isolate or the caller has no place left
 */
export function admitFollower(
  { scope, followers: { perIsolate, perCaller }, now }: Invocation,
  caller: string,
): Admission {
  const all = isolateFollowers.get(scope) ?? new Set<Follower>();
  isolateFollowers.set(scope, all);
  for (const one of all) if (now() - one.seenAtMs > goneMs) all.delete(one);
  const ofCaller = [...all].filter((one) => one.caller === caller).length;
  if (ofCaller >= perCaller) throw refusal(`At most ${perCaller} may follow events with one key`);
  if (all.size >= perIsolate) throw refusal(`At most ${perIsolate} may follow events at once`);
  const own: Follower = { caller, seenAtMs: now() };
  all.add(own);
  const timer = setInterval(() => {
    own.seenAtMs = now();
    // Somebody took it for gone while the isolate was too busy for its timer.
    all.add(own);
  }, showMs);
  return {
    leave() {
      clearInterval(timer);
      all.delete(own);
      if (all.size > 0) return false;
      isolateFollowers.delete(scope);
      return true;
    },
  };
}

function refusal(what: string): TooManyRequestsError {
  return new TooManyRequestsError(
    `${what}, by long polls and live feeds. Come back in ${retryAfterSeconds} s, or end one of yours.`,
    retryAfterSeconds,
  );
}
