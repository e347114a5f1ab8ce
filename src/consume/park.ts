import type { MessageId } from "@brain/schemas";
import { ackCommand } from "../stream/group.ts";
import type { Command } from "../stream/redis.ts";
import { cleanFields } from "./dead-letters.ts";
import { type ParkedEntry, storeParked } from "./queue.ts";
import type { Known } from "./read-round.ts";
import { fieldsToObject } from "./route.ts";
import { holding, type Tick } from "./tick.ts";

/*
 * Parking moves entries from the stream to the queue in Postgres, with all that is known of their tries. The pending
 * list of Redis is short and shared by all keys: what may wait long must not fill it.
 */

/**
 * Stores entries in the queue, then acks them.
 *
 * @throws {TransientError} not stored: they stay pending
 */
export async function park(
  tick: Tick,
  entries: readonly { readonly known: Known; readonly cause: ParkedEntry["cause"] }[],
): Promise<void> {
  if (entries.length === 0) return;
  const { deps, consumer, group, options } = tick;
  await storeParked(
    deps.db,
    { subscriber: consumer.subscriber, stream: group.stream, shard: options.shard },
    entries.map(({ known, cause }) => toParked(tick, known, cause)),
  );
  const ids = entries.map(({ known }) => known.entry.id);
  const token = crypto.randomUUID();
  const key = deps.keys.state(consumer.group, options.shard);
  const failed: MessageId[] = ids.filter((id) => tick.failures.delete(id));
  const commands: Command[] = [["HSET", key, "queued", token], ackCommand(group, ids)];
  if (failed.length > 0) commands.push(["HDEL", deps.keys.retryAt(consumer.group, options.shard), ...failed]);
  await holding(tick, commands);
  tick.state = { ...tick.state, queued: token };
  tick.pending -= ids.length;
  tick.result.parked += ids.length;
}

function toParked(
  tick: Tick,
  { entry, routed, fields, key }: Known,
  cause: ParkedEntry["cause"],
): ParkedEntry {
  const event =
    routed?.kind === "handle" ? routed.incoming.event : routed?.kind === "refuse" ? routed.event : null;
  const failure = tick.failures.get(entry.id);
  const iso = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  const attempts = failure?.attempts ?? 0;
  return {
    message_id: entry.id,
    event_id: event?.id ?? null,
    event_type: event?.type ?? null,
    tenant_id: event?.tenant_id ?? null,
    key,
    raw_fields: cleanFields(fieldsToObject(fields ?? [])),
    cause,
    // A new entry was delivered by being read, which was no try.
    begun: Math.max(attempts, entry.idleMs === 0 && failure === undefined ? 0 : entry.deliveries),
    attempts,
    due_at: iso(failure?.dueAtMs),
    first_failed_at: iso(failure?.firstFailedAtMs),
    last_error: failure?.error ?? null,
    overtakable: failure?.overtakable ?? false,
  };
}
