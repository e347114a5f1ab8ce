import { messageIdMs } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { parseReadEntries } from "../stream/append.ts";
import { parseGroups, parsePending } from "../stream/group.ts";
import type { Command } from "../stream/redis.ts";
import type { Invocation } from "./invocation.ts";

/** What an operator wants to know of one consumer on one shard. Ages in ms; null means none, or unknown. */
export interface ConsumerState {
  readonly subscriber: string;
  readonly group: string;
  readonly shard: number;
  readonly handles: readonly string[];
  readonly catches_all: boolean;
  /** Entries not read yet; null when Redis cannot tell, which is not 0. */
  readonly lag: number | null;
  readonly oldest_unread_age_ms: number | null;
  /** Entries read and not acked; null without a stream. */
  readonly pending: number | null;
  readonly oldest_pending_age_ms: number | null;
  readonly dead_letters: number;
  readonly last_tick: unknown;
}

const commandsPerShard = 2;

/** State of all consumers: two round trips to Redis and one to Postgres, side by side where possible. */
export async function consumerStates(invocation: Invocation): Promise<ConsumerState[]> {
  const { redis, keys, db, consumers, publish } = invocation;
  const places = [...consumers.values()].flatMap((consumer) =>
    Array.from({ length: publish.shards }, (_, shard) => ({ consumer, shard })),
  );
  const [letters, groupReplies] = await Promise.all([
    db.rows<{ subscriber: string; count: number }>(sql`
      SELECT subscriber_name AS subscriber, count(*)::integer AS count
      FROM dead_letters WHERE status = 'open' GROUP BY subscriber_name`),
    redis === null
      ? []
      : redis.pipeline([
          ["HGETALL", keys.heartbeats()],
          ...Array.from(
            { length: publish.shards },
            (_, shard): Command => ["XINFO", "GROUPS", keys.stream(shard)],
          ),
        ]),
  ]);
  const [heartbeatReply, ...groupsByShard] = groupReplies;
  const heartbeats = toMap(heartbeatReply);
  const groups = groupsByShard.map(
    (reply) => new Map(parseGroups(reply).map((state) => [state.group, state])),
  );
  const details =
    redis === null
      ? []
      : await redis.pipeline(
          places.flatMap(({ consumer, shard }): Command[] => {
            const last = groups[shard]?.get(consumer.group)?.lastDeliveredId ?? "0-0";
            return [
              ["XPENDING", keys.stream(shard), consumer.group, "-", "+", "1"],
              ["XRANGE", keys.stream(shard), `(${last}`, "+", "COUNT", "1"],
            ];
          }),
        );
  const deadLetters = new Map(letters.map((row) => [row.subscriber, row.count]));
  const nowMs = invocation.now();
  return places.map(({ consumer, shard }, index): ConsumerState => {
    const state = groups[shard]?.get(consumer.group);
    const [pendingReply, unreadReply] = details.slice(
      index * commandsPerShard,
      (index + 1) * commandsPerShard,
    );
    const [oldestPending] = pendingReply instanceof Error ? [] : parsePending(pendingReply);
    const [oldestUnread] = unreadReply instanceof Error ? [] : parseReadEntries(unreadReply);
    return {
      subscriber: consumer.subscriber,
      group: consumer.group,
      shard,
      handles: [...consumer.byType.keys()],
      catches_all: consumer.any !== null,
      lag: state?.lag ?? null,
      oldest_unread_age_ms:
        oldestUnread === undefined ? null : Math.max(0, nowMs - messageIdMs(oldestUnread.id)),
      // A group that is not there yet has read nothing.
      pending: redis === null ? null : (state?.pending ?? 0),
      oldest_pending_age_ms:
        oldestPending === undefined ? null : Math.max(0, nowMs - messageIdMs(oldestPending.id)),
      dead_letters: deadLetters.get(consumer.subscriber) ?? 0,
      last_tick: parseHeartbeat(heartbeats.get(`${consumer.group}:${shard}`)),
    };
  });
}

function toMap(reply: unknown): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  if (!Array.isArray(reply)) return map;
  for (let at = 0; at + 1 < reply.length; at += 2) map.set(String(reply[at]), String(reply[at + 1]));
  return map;
}

function parseHeartbeat(text: string | undefined): unknown {
  if (text === undefined) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
