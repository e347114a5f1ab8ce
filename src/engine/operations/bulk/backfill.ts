import { sql } from "drizzle-orm";
import type { Consumer } from "../../consume/consumer.ts";
import { sentId } from "../../db/stream-ids.ts";
import type { Invocation } from "../../invocation.ts";
import { markBulkOperationsRunning } from "./bulk-store.ts";
import { startBackfill } from "./replay.ts";

/**
 * Starts the first fill of a new consumer, when events that it should get are no longer on the stream. Its group exists
 * by now, so the janitor trims no further: what was trimmed comes from the record, the rest from the stream, and the
 * claims know what came by both.
 *
 * @returns true when a backfill is under way: what is on the stream waits for it
 * @throws {TransientError} Postgres or Redis is not reachable; the consumer has not begun, and is asked again
 */
export async function backfillTrimmed(
  invocation: Invocation,
  consumer: Consumer,
  shard: number,
): Promise<boolean> {
  const { db, log } = invocation;
  const [running, last] = await db.batch([
    sql`SELECT FROM jobs WHERE kind = 'backfill' AND subscriber_name = ${consumer.subscriber}
      AND status IN ('running', 'paused', 'stopped')`,
    lastTrimmedSql,
  ]);
  if ((running ?? []).length > 0) return true;
  const [position] = (last ?? []) as { position: string }[];
  if (position === undefined) return false;
  await markBulkOperationsRunning(invocation);
  const id = await db.transaction((tx) => startBackfill(invocation, tx, consumer, position.position));
  if (id === null) return false;
  await markBulkOperationsRunning(invocation);
  log.info(
    { subscriber: consumer.subscriber, shard, job_id: id },
    "A new consumer: what is no longer on the stream is delivered from the record first.",
  );
  return true;
}

/** The last event that was trimmed; found from the end of the record, where only what the stream keeps stands before it. */
const lastTrimmedSql = sql`
  SELECT s.position::text AS position FROM stream_entries s JOIN relay_shards r ON r.shard = s.shard
  WHERE r.trimmed_ms > 0 AND ${sentId} <= (r.trimmed_ms, r.trimmed_seq)
  ORDER BY s.position DESC LIMIT 1`;
