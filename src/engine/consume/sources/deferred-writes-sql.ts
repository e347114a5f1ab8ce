import type { MessageId } from "@brain/schemas";
import { type SQL, sql } from "drizzle-orm";
import { besideId } from "../../core/beside-ids.ts";
import { inHalves } from "../../core/promises/in-parts.ts";
import type { Database } from "../../db/database.ts";
import { keepSql } from "../../db/kept-sql.ts";
import { isUnderOrBesideItsId } from "../../db/of-event.ts";

/* What is written of deferred deliveries: that they are tried, done, put back, or come here. */

/** Removes what is applied, and tells its dead letter and its job. */
export const finishSql = keepSql<[ids: readonly string[]]>(
  (ids) => sql`
    WITH gone AS (
      DELETE FROM deliveries WHERE place = ANY(${ids}::bigint[]) RETURNING job_id, dead_letter_id
    ), resolved AS (
      UPDATE dead_letters l SET status = 'resolved', resolved_at = now(), resolution = 'applied'
      FROM gone WHERE l.id = gone.dead_letter_id
    )
    UPDATE jobs j SET succeeded = j.succeeded + c.n, updated_at = now()
    FROM (SELECT job_id, count(*)::integer AS n FROM gone WHERE job_id IS NOT NULL GROUP BY job_id) c
    WHERE j.id = c.job_id`,
);

/** Removes what nobody here handles. It was not applied: its dead letter is open again, and its job counts it as failed. */
export const passOverSql = keepSql<[ids: readonly string[]]>(
  (ids) => sql`
    WITH gone AS (
      DELETE FROM deliveries WHERE place = ANY(${ids}::bigint[]) RETURNING job_id, dead_letter_id
    ), opened AS (
      UPDATE dead_letters l SET status = 'open', job_id = NULL FROM gone WHERE l.id = gone.dead_letter_id
    )
    UPDATE jobs j SET failed = j.failed + c.n, updated_at = now()
    FROM (SELECT job_id, count(*)::integer AS n FROM gone WHERE job_id IS NOT NULL GROUP BY job_id) c
    WHERE j.id = c.job_id`,
);

/** Marks a try of each as begun just before it. */
export async function beginDeferred(db: Database, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db.rows(beginSql(ids));
}

const beginSql = keepSql<[ids: readonly string[]]>(
  (ids) => sql`UPDATE deliveries SET begun = begun + 1 WHERE place = ANY(${ids}::bigint[])`,
);

/** Rows that go back without having been tried; `begun` as it was before. */
export async function putBackDeferred(
  db: Database,
  rows: readonly { readonly id: string; readonly begun: number }[],
): Promise<void> {
  if (rows.length === 0) return;
  await db.rows(sql`
    UPDATE deliveries d SET begun = r.begun
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS r(id bigint, begun integer)
    WHERE d.place = r.id`);
}

/** A row that failed for now. */
export interface RetriedRow {
  readonly id: string;
  /** Tries that count so far. */
  readonly attempts: number;
  /** ISO 8601. */
  readonly due_at: string;
  /** Until then, ms. */
  readonly wait_ms: number;
  /** ISO 8601. */
  readonly failed_at: string;
  readonly error: string;
  readonly overtakable: boolean;
}

/** What an operator unblocked during the try stays so. */
export async function retryDeferred(db: Database, rows: readonly RetriedRow[]): Promise<void> {
  if (rows.length === 0) return;
  await db.rows(sql`
    UPDATE deliveries d SET attempts = r.attempts, begun = r.attempts, due_at = r.due_at, wait_ms = r.wait_ms,
      last_failed_at = now(), last_error = r.error, overtakable = d.overtakable OR r.overtakable, first_failed_at = coalesce(d.first_failed_at, r.failed_at)
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS r(id bigint, attempts integer, due_at timestamptz,
      wait_ms bigint, failed_at timestamptz, error text, overtakable boolean)
    WHERE d.place = r.id`);
}

/** What an operator decided about an entry of the stream while it was being deferred. */
export interface DecidedRow {
  readonly message_id: MessageId;
  readonly event_id: string | null;
  /** Later ones of its key pass. */
  readonly overtakable: boolean;
  /** Not null: it is given up. */
  readonly skip_reason: string | null;
}

/** As if it had been decided of the row: it is due. */
export async function decideDeferred(
  db: Database,
  subscriber: string,
  rows: readonly DecidedRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const event = { id: sql`r.event_id`, messageId: sql`r.message_id` };
  await db.rows(sql`
    UPDATE deliveries d SET due_at = now(), last_failed_at = now(), wait_ms = 0,
      overtakable = d.overtakable OR r.overtakable, skip_reason = coalesce(d.skip_reason, r.skip_reason)
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS r(message_id text, event_id text, overtakable boolean,
      skip_reason text)
    WHERE d.subscriber_name = ${subscriber} AND ${isOnceOnStream} AND ${isUnderOrBesideItsId(sql`d`, event)}`);
}

/** True of a row `d` that an entry of the stream was deferred as. */
const isOnceOnStream = sql`(d.replay_epoch = 0 AND d.cause IN ('waiting', 'paused'))`;

/** An entry of the stream that is deferred. */
export interface NewDeferredRow {
  readonly message_id: MessageId;
  readonly event_id: string | null;
  readonly event_type: string | null;
  readonly tenant_id: string | null;
  readonly key: string | null;
  readonly raw_fields: Readonly<Record<string, string>>;
  readonly cause: "waiting" | "paused";
  readonly begun: number;
  readonly attempts: number;
  /** ISO 8601; null: now. */
  readonly due_at: string | null;
  /** Until then, ms; null: it did not fail. */
  readonly wait_ms: number | null;
  /** ISO 8601; null when it never failed. */
  readonly first_failed_at: string | null;
  readonly last_error: string | null;
  readonly overtakable: boolean;
}

/**
 * Stores entries of the stream; only then may they be acked. Storing one twice stores it once; another event under the
 * message id of one that waits stands beside it. One that somebody has unblocked since it was stored, because whoever did
 * died before the ack, is unblocked here, too.
 */
export async function storeDeferred(
  db: Database,
  consumerShard: ConsumerShard,
  entries: readonly NewDeferredRow[],
): Promise<void> {
  await inHalves(entries, (part) => db.rows(storeSql(consumerShard, part)));
}

interface ConsumerShard {
  readonly subscriber: string;
  readonly stream: string;
  readonly shard: number;
}

function storeSql(consumerShard: ConsumerShard, entries: readonly NewDeferredRow[]): SQL {
  return sql`
    INSERT INTO deliveries AS d (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, tenant_id,
      key, raw_fields, cause, begun, attempts, due_at, wait_ms, last_failed_at, first_failed_at, last_error, overtakable)
    SELECT ${consumerShard.subscriber}, ${consumerShard.shard}, ${consumerShard.stream},
      CASE WHEN EXISTS (SELECT FROM deliveries o WHERE o.subscriber_name = ${consumerShard.subscriber}
          AND o.stream_message_id = p.message_id AND o.replay_epoch = 0 AND o.event_id <> p.event_id)
        THEN p.beside ELSE p.message_id END, p.event_id, p.event_type, p.tenant_id, p.key, p.raw_fields, p.cause, p.begun, p.attempts, coalesce(p.due_at, now()), p.wait_ms,
      CASE WHEN p.wait_ms IS NOT NULL THEN now() END, p.first_failed_at, p.last_error, p.overtakable
    FROM json_to_recordset(${JSON.stringify(entries.map(withBeside))}::json) AS p(message_id text, beside text, event_id text, event_type text,
      tenant_id text, key text, raw_fields jsonb, cause text, begun integer, attempts integer, due_at timestamptz,
      wait_ms bigint, first_failed_at timestamptz, last_error text, overtakable boolean)
    ON CONFLICT (subscriber_name, stream_message_id, replay_epoch) DO UPDATE SET overtakable = true,
      due_at = excluded.due_at, wait_ms = excluded.wait_ms, last_failed_at = excluded.last_failed_at
    WHERE excluded.overtakable AND NOT d.overtakable`;
}

function withBeside(row: NewDeferredRow) {
  return { ...row, beside: besideId(row.message_id, row.event_id ?? "") };
}
