import { askAll, type NumberedCommand, type RedisDatabases } from "../../stream/databases.ts";
import type { StreamKeys } from "../../stream/keys.ts";

interface SignalDeps {
  readonly databases: RedisDatabases;
  readonly keys: StreamKeys;
}

/**
 * Tells the drains of these groups that deliveries are deferred for them in Postgres. Call it before the rows commit, so
 * that events of the same keys go behind them, and after, so that no drain that looked too early forgets them.
 *
 * @throws {TransientError} Redis is not reachable: call it again
 */
export async function signalDeferred(
  { databases, keys }: SignalDeps,
  groups: readonly string[],
  shards: number,
): Promise<void> {
  const token = crypto.randomUUID();
  const replies = await askAll(
    databases,
    groups.flatMap((group) =>
      Array.from({ length: shards }, (_, shard): NumberedCommand => {
        const command = ["HSET", keys.state(group, shard), "queued", token] as const;
        return { number: databases.numberOf(shard), command };
      }),
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
  { databases, keys }: SignalDeps,
  groups: readonly string[],
  shards: number,
): Promise<void> {
  const states = new Map<number, string[]>();
  for (const group of groups) {
    for (let shard = 0; shard < shards; shard += 1) {
      const number = databases.numberOf(shard);
      states.set(number, [...(states.get(number) ?? []), keys.state(group, shard)]);
    }
  }
  const replies = await askAll(
    databases,
    [...states].map(([number, all]) => ({ number, command: ["DEL", ...all] })),
  );
  for (const reply of replies) if (reply instanceof Error) throw reply;
}
