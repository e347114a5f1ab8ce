import { type Invocation, TooManyRequestsError } from "@brain/engine";

const minuteMs = 60_000;

/** Counts up, and has the counter vanish with its minute. */
const countScript = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count`;

/**
 * Counts one request of `bucket` in the running minute. The limit protects the system; it is no promise, so a Redis that
 * cannot be asked refuses nobody.
 *
 * @throws {TooManyRequestsError} it is over the limit
 */
export async function limitRate(invocation: Invocation, bucket: string, perMinute: number): Promise<void> {
  const { redis, keys, now, log } = invocation;
  if (redis === null) return;
  const nowMs = now();
  const key = keys.limit(bucket, Math.floor(nowMs / minuteMs));
  let count: unknown;
  try {
    count = await redis.eval(countScript, [key], [String(2 * minuteMs)]);
  } catch (error) {
    log.warn(
      { error_class: error instanceof Error ? error.name : typeof error },
      "A limit could not be checked.",
    );
    return;
  }
  if (Number(count) <= perMinute) return;
  const retryAfter = Math.max(1, Math.ceil((minuteMs - (nowMs % minuteMs)) / 1_000));
  throw new TooManyRequestsError(
    `Too many requests: at most ${perMinute} a minute are allowed here. Come back in ${retryAfter} s.`,
    retryAfter,
    [],
    { name: bucket.split(":")[0] ?? bucket, perMinute, remaining: 0 },
  );
}
