import type { StreamKeys } from "../stream/keys.ts";
import type { RedisHttp } from "../stream/redis.ts";

interface SignalDeps {
  readonly redis: RedisHttp;
  readonly keys: StreamKeys;
}

/**
 * Tells the drains of these groups that deliveries are deferred for them in Postgres. Call it before the rows commit, so
 * that events of the same keys go behind them, and after, so that no drain that looked too early forgets them.
 *
 * @throws {TransientError} Redis is not reachable: call it again
 */
export async function signalDeferred(
  { redis, keys }: SignalDeps,
  groups: readonly string[],
  shards: number,
): Promise<void> {
  const token = crypto.randomUUID();
  const replies = await redis.pipeline(
    groups.flatMap((group) =>
      Array.from(
        { length: shards },
        (_, shard) => ["HSET", keys.state(group, shard), "queued", token] as const,
      ),
    ),
  );
  for (const reply of replies) if (reply instanceof Error) throw reply;
}

/**
 * Makes the next drain of these groups read pauses and deferred deliveries from Postgres again, and the one that runs end early.
 *
 * @throws {TransientError} Redis is not reachable; the change holds within a minute all the same
 */
export async function forgetShardState(
  { redis, keys }: SignalDeps,
  groups: readonly string[],
  shards: number,
): Promise<void> {
  const all = groups.flatMap((group) =>
    Array.from({ length: shards }, (_, shard) => keys.state(group, shard)),
  );
  if (all.length > 0) await redis.command(["DEL", ...all]);
}
