import { type Issue, TooLargeError, TooManyRequestsError } from "../core/errors.ts";
import type { Invocation } from "../invocation.ts";

/*
 * How many events a caller may hand in a minute, over all isolates. Redis has the count; an isolate takes a share of it at
 * once and spends that without asking, so most requests make no call for it. What an isolate took and did not spend is
 * lost for the minute, a fiftieth of the limit at most.
 */

const minuteMs = 60_000;
/** An isolate asks for this part of the limit at once, or for what a batch needs when that is more. */
const shares = 50;

/**
 * Takes a share of what is left; all of what is needed or nothing.
 *
 * KEYS: count of the minute. ARGV: needed, wanted, limit, ttl in ms. Answers what was taken, or what is left as -1 - left.
 */
const takeScript = `
local left = tonumber(ARGV[3]) - tonumber(redis.call('GET', KEYS[1]) or '0')
if left < tonumber(ARGV[1]) then return -1 - math.max(left, 0) end
local taken = math.min(left, math.max(tonumber(ARGV[1]), tonumber(ARGV[2])))
redis.call('SET', KEYS[1], tonumber(ARGV[3]) - left + taken, 'PX', ARGV[4])
return taken`;

interface Share {
  readonly minute: number;
  left: number;
  /** Somebody is asking for more than it needs; the others take what they need themselves. */
  asking: boolean;
}

/** What this isolate took and has not spent, by system and caller; one entry for each caller that hands in events. */
const isolateShares = new Map<string, Share>();

/**
 * Counts events that a caller hands in. The limit protects the system; it is no promise, so a Redis that cannot be asked
 * refuses nobody.
 *
 * @param caller whose limit it is: a tenant, or an identity that belongs to none
 * @param own what is set for this caller alone; null: any number; left out: what is set for all holds
 * @throws {TooManyRequestsError} the minute holds no more for so many; none of them is counted
 * @throws {TooLargeError} so many are more than a minute ever holds
 */
export async function limitIngest(
  invocation: Invocation,
  caller: string,
  events: number,
  own?: number | null,
): Promise<void> {
  const { redis, now, scope } = invocation;
  const limit = own === undefined ? invocation.ingestPerMinute : own;
  if (limit === null || redis === null || events === 0) return;
  if (events > limit) throw tooLarge(events, limit);
  const minute = Math.floor(now() / minuteMs);
  const share = shareOf(`${scope}/${caller}`, minute);
  const spent = Math.min(share.left, events);
  share.left -= spent;
  if (spent === events) return;
  const needed = events - spent;
  const wanted = share.asking ? needed : Math.max(needed, Math.ceil(limit / shares));
  const asks = !share.asking;
  share.asking = true;
  const taken = await take(invocation, caller, minute, [needed, wanted, limit]);
  if (asks) share.asking = false;
  if (taken !== null && taken < 0) {
    share.left += spent;
    throw tooMany(events, limit, spent - 1 - taken, minuteMs - (now() % minuteMs));
  }
  share.left += taken === null ? spent : taken - needed;
}

function shareOf(caller: string, minute: number): Share {
  const present = isolateShares.get(caller);
  if (present?.minute === minute) return present;
  const share = { minute, left: 0, asking: false };
  isolateShares.set(caller, share);
  return share;
}

/** What Redis gave, below 0 when it has not enough; null when it cannot be asked. */
async function take(
  { redis, keys, log }: Invocation,
  caller: string,
  minute: number,
  [needed, wanted, limit]: readonly [number, number, number],
): Promise<number | null> {
  const args = [needed, wanted, limit, 2 * minuteMs].map(String);
  try {
    return Number(await redis?.eval(takeScript, [keys.limit(`ingest:${caller}`, minute)], args));
  } catch (error) {
    const error_class = error instanceof Error ? error.name : typeof error;
    log.warn({ error_class }, "The limit of ingest could not be checked.");
    return null;
  }
}

function tooLarge(events: number, limit: number): TooLargeError {
  return new TooLargeError(
    `The request holds ${events} events, and its tenant, or its key, may hand in ${limit} a minute. Nothing was stored; send it in smaller parts.`,
    { issues: issueOf(`received ${events}, expected at most ${limit}`) },
  );
}

function tooMany(events: number, limit: number, left: number, leftMs: number): TooManyRequestsError {
  const seconds = Math.max(1, Math.ceil(leftMs / 1_000));
  return new TooManyRequestsError(
    `Too many events: a tenant, or a key of none, may hand in ${limit} a minute, and this minute holds no ${events} more. Nothing was stored; send the same again in ${seconds} s.`,
    seconds,
    issueOf(`received ${events}, expected at most ${left} until the minute is over`),
    { name: "events", perMinute: limit, remaining: left },
  );
}

function issueOf(message: string): readonly Issue[] {
  return [{ path: "events", message }];
}
