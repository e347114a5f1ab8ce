import { TooManyRequestsError } from "../core/errors.ts";
import type { Invocation } from "../invocation.ts";

/*
 * How many follow the streams at once. Each holds a connection and wakes up about once a second, so there is a bound for
 * the isolate. Lower bounds hold for each caller and for each tenant, so that neither can take all. That for callers
 * would not be enough: a tenant makes as many keys as it likes.
 */

/** Whose place a follower takes. */
export interface FollowerOwner {
  readonly caller: string;
  /** Null or left out: of no tenant. */
  readonly tenantId?: string | null;
}

interface Follower extends FollowerOwner {
  seenAtMs: number;
}

/** The part of the places that one tenant may have; more where the operator gives a single key more. */
const shareOfTenant = 3 / 4;

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

/** @throws {TooManyRequestsError} the isolate, the caller or its tenant has no place left */
export function admitFollower(
  { scope, followers: { perIsolate, perCaller }, now }: Invocation,
  { caller, tenantId = null }: FollowerOwner,
): Admission {
  const all = isolateFollowers.get(scope) ?? new Set<Follower>();
  isolateFollowers.set(scope, all);
  for (const one of all) if (now() - one.seenAtMs > goneMs) all.delete(one);
  const ofCaller = [...all].filter((one) => one.caller === caller).length;
  if (ofCaller >= perCaller) throw refusal(`At most ${perCaller} may follow events with one key`);
  const perTenant = Math.max(perCaller, Math.ceil(perIsolate * shareOfTenant));
  if (tenantId !== null && [...all].filter((one) => one.tenantId === tenantId).length >= perTenant) {
    throw refusal(`At most ${perTenant} may follow events with the keys of one tenant`);
  }
  if (all.size >= perIsolate) throw refusal(`At most ${perIsolate} may follow events at once`);
  const own: Follower = { caller, tenantId, seenAtMs: now() };
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
