import { compareMessageIds, isMessageId, type MessageId } from "@brain/schemas";
import type { Consumer } from "../consume/consumer.ts";
import { failureFromText } from "../consume/sources/pending.ts";
import { hasStream, type Invocation, type StreamInvocation } from "../invocation.ts";
import { parseGroups, parsePending, pendingRangeCommand } from "../stream/group.ts";
import type { EventRow } from "./effects-sql.ts";

/** Where the event is for a consumer of which Postgres knows nothing. */
export type Place =
  | "unread"
  /** It was read, and is not pending any more. */
  | "passed"
  /** The consumer began behind it. */
  | "before_start"
  /** Redis is away. */
  | "away"
  | { readonly deliveries: number; readonly failure: ReturnType<typeof failureFromText> };

/** One round trip to Redis; none when there is nothing to ask. */
export async function readPlaces(
  invocation: Invocation,
  { shard, stream_message_id: messageId }: EventRow,
  consumers: readonly Consumer[],
): Promise<ReadonlyMap<string, Place>> {
  if (shard === null || !isMessageId(messageId) || consumers.length === 0) return new Map();
  const all = (place: Place) => new Map(consumers.map(({ subscriber }) => [subscriber, place]));
  if (!hasStream(invocation)) return all("away");
  try {
    return await askPlaces(invocation, shard, messageId, consumers);
  } catch (error) {
    invocation.log.warn(
      { error_class: error instanceof Error ? error.name : typeof error },
      "Redis could not say where an event is.",
    );
    return all("away");
  }
}

async function askPlaces(
  { databases, keys }: StreamInvocation,
  shard: number,
  messageId: MessageId,
  consumers: readonly Consumer[],
): Promise<ReadonlyMap<string, Place>> {
  const stream = keys.stream(shard);
  const [groups, ...replies] = await databases
    .of(shard)
    .pipeline([
      ["XINFO", "GROUPS", stream],
      ...consumers.flatMap(({ group }) => [
        pendingRangeCommand(stream, group, messageId, messageId, 1),
        ["HGET", keys.retryAt(group, shard), messageId] as const,
        ["HGET", keys.state(group, shard), "start"] as const,
      ]),
    ]);
  // Without a stream nobody has read anything.
  const lastRead = new Map(parseGroups(groups).map((one) => [one.group, one.lastDeliveredId]));
  return new Map(
    consumers.map(({ subscriber, group }, index): [string, Place] => {
      const last = lastRead.get(group);
      const [pending, text, start] = replies.slice(3 * index, 3 * index + 3);
      if (last === undefined || compareMessageIds(last, messageId) < 0) return [subscriber, "unread"];
      const [entry] = pending instanceof Error ? [] : parsePending(pending);
      if (entry === undefined) {
        const isBefore = isMessageId(start) && compareMessageIds(messageId, start) <= 0;
        return [subscriber, isBefore ? "before_start" : "passed"];
      }
      return [
        subscriber,
        { deliveries: entry.deliveries, failure: typeof text === "string" ? failureFromText(text) : null },
      ];
    }),
  );
}
