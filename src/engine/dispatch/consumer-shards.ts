import type { Consumer } from "../consume/consumer.ts";
import { wantsAny, watchesEntries } from "../consume/define/define-consumer.ts";
import type { Invocation } from "../invocation.ts";
import type { News } from "./news.ts";

/** A consumer on a shard: what has a lease, a fencing token and a drain of its own. Table `consumer_shards`. */
export interface ConsumerShard {
  readonly consumer: Consumer;
  readonly shard: number;
}

/** Consumers for whom there is news, each on the shard that has it; not those that wait for the tick. */
export function whoWants(invocation: Invocation, news: News): ConsumerShard[] {
  const all = [...invocation.consumers.values()].filter((consumer) => !watchesEntries(consumer));
  return distinct(
    news.flatMap(({ shard, types }) => {
      // The release before may have recorded some under an older name.
      const named = new Set(types.map((type) => invocation.catalog.canonicalType(type)));
      return all.filter((consumer) => wantsAny(consumer, named)).map((consumer) => ({ consumer, shard }));
    }),
  );
}

/** Consumers on all shards. */
export function everywhere(consumers: readonly Consumer[], shards: number): ConsumerShard[] {
  return consumers.flatMap((consumer) => Array.from({ length: shards }, (_, shard) => ({ consumer, shard })));
}

/** Each once. */
export function distinct(consumerShards: readonly ConsumerShard[]): ConsumerShard[] {
  return [...new Map(consumerShards.map((one) => [`${one.consumer.group}:${one.shard}`, one])).values()];
}
