import { sql } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import { byId } from "../../db/stream-ids.ts";

/** Result of handing over the next events of an operation. */
export interface HandedOver {
  /** Rows inserted. */
  readonly inserted: number;
  /** Passed over, because they are not needed any more or are deferred already. */
  readonly passed: number;
  /** The last position or id looked at; null when there was nothing left to look at. */
  readonly cursor: string | null;
}

/**
 * Defers the next letters of a redrive, in the order of the stream, so that the order of each key is kept. Call it when
 * no delivery of the operation is under way: a letter that is `requeued` is then one that was not deferred yet. A
 * letter whose entry is deferred for another reason is open again.
 */
export async function deferLetters(tx: Tx, operationId: string, limit: number): Promise<HandedOver> {
  const { rows } = await tx.execute<{ inserted: number; passed: number; cursor: string | null }>(sql`
    WITH chosen AS (
      SELECT l.* FROM dead_letters l WHERE l.job_id = ${operationId}::bigint AND l.status = 'requeued'
      ORDER BY ${byId(sql`l.stream_message_id`)}, l.id
      LIMIT ${limit}
    ), inserted AS (
      INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, tenant_id,
        key, raw_fields, cause, job_id, dead_letter_id, replay_epoch)
      SELECT c.subscriber_name, c.shard, c.stream_name, c.stream_message_id, coalesce(c.edited_event_id, c.event_id),
        c.event_type, c.tenant_id, c.key, coalesce(c.edited_fields, nullif(c.raw_fields, 'null'::jsonb)), 'redrive', ${operationId}::bigint, c.id,
        c.replay_epoch
      FROM chosen c
      ORDER BY ${byId(sql`c.stream_message_id`)}, c.id
      ON CONFLICT (subscriber_name, stream_message_id, replay_epoch) DO NOTHING
      RETURNING dead_letter_id
    ), moved AS (
      UPDATE dead_letters l SET
        status = CASE WHEN i.dead_letter_id IS NULL THEN 'open' ELSE 'requeued' END,
        job_id = CASE WHEN i.dead_letter_id IS NULL THEN NULL ELSE l.job_id END,
        redrives = l.redrives + CASE WHEN i.dead_letter_id IS NULL THEN 0 ELSE 1 END
      FROM chosen c LEFT JOIN inserted i ON i.dead_letter_id = c.id
      WHERE l.id = c.id
    )
    SELECT (SELECT count(*) FROM inserted)::integer AS inserted,
      (SELECT count(*) FROM chosen)::integer - (SELECT count(*) FROM inserted)::integer AS passed,
      (SELECT max(id)::text FROM chosen) AS cursor`);
  return rows[0] ?? { inserted: 0, passed: 0, cursor: null };
}

/** Letters that an operation took and has not deferred are open again. */
export async function releaseLetters(tx: Tx, operationId: string): Promise<void> {
  await tx.execute(sql`
    UPDATE dead_letters l SET status = 'open', job_id = NULL
    WHERE l.job_id = ${operationId}::bigint AND l.status = 'requeued'
      AND NOT EXISTS (SELECT FROM deliveries d WHERE d.job_id = ${operationId}::bigint AND d.dead_letter_id = l.id)`);
}
