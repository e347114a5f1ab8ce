import type { Catalog } from "@brain/schemas";
import { type SQL, sql } from "drizzle-orm";
import { isUnderOrBesideItsId } from "../db/of-event.ts";

/** Where dead letters come from. */
export interface LetterOrigin {
  readonly subscriber: string;
  readonly stream: string;
  readonly shard: number;
  /** The fencing token under which the drain works; a worker that was succeeded stores nothing. */
  readonly fencingToken: number;
  /** Says under which names a row may know a type. */
  readonly catalog: Catalog;
}

/** Subscriber of a letter whose entry nobody can read: there is one of it, whoever came first. */
export const everybody = "*";

export interface StoredLetters {
  /** Rows that were given under the fencing token; 0: another worker took over. */
  readonly given: number;
  /** Null: none. */
  readonly stored: readonly { readonly at: number; readonly id: string }[] | null;
}

/** True when a row may be of the type and the tenant of `d`. */
const isLike = (
  row: SQL,
) => sql`(${row}.event_type IS NULL OR d.names IS NULL OR d.names ? ${row}.event_type::text)
  AND (${row}.tenant_id IS NULL OR d.tenant_id IS NULL OR ${row}.tenant_id = d.tenant_id)`;

/**
 * True for a claim of the event of `d`, whose id may be unknown: what is lost without a trace is taken for the one that was
 * applied under its message id.
 */
const isApplied = (
  claims: SQL,
) => sql`(EXISTS (SELECT FROM ${claims} AND p.event_id = d.claimed AND ${isLike(sql`p`)})
  OR EXISTS (SELECT FROM ${claims} AND p.stream_message_id = d.message_id AND ${isLike(sql`p`)}
    AND (d.claimed IS NULL OR p.event_id IS NULL))
  OR EXISTS (SELECT FROM ${claims} AND p.stream_message_id = d.beside AND p.event_id IS NULL AND ${isLike(sql`p`)}))`;

const body = (row: SQL) => sql`nullif(${row}.raw_fields, 'null'::jsonb)`;

/** True for a letter of the same event as `d`; where one of them does not say it, their entries are compared. */
const isSameLetter = (l: SQL) => sql`(${l}.id = d.letter_id OR (${l}.event_id = d.event_id AND ${isLike(l)})
  OR ((${l}.event_id IS NULL OR d.event_id IS NULL)
    AND coalesce(${body(l)} = ${body(sql`d`)}, true)))`;

/** True for a letter that is done with, and that no forced replay has begun anew. */
const isClosed = (
  l: SQL,
) => sql`(${l}.status IN ('resolved', 'discarded') AND d.replay_epoch IN (0, ${l}.replay_epoch)
  AND ${l}.id IS DISTINCT FROM d.letter_id)`;

/** Where the same event has its letter already, because it came back under another id, as when Redis lost it; null: nowhere. */
const openElsewhere = sql`(SELECT l.stream_message_id FROM dead_letters l
  WHERE l.subscriber_name = d.subscriber AND l.event_id = d.event_id AND l.status = 'open'
    AND l.replay_epoch = d.replay_epoch AND d.letter_id IS NULL AND ${isLike(sql`l`)} ORDER BY l.id LIMIT 1)`;

/** Copies of one event that fail together have one letter, where the first of them has it. */
const placeOfCopies = sql`CASE WHEN event_id IS NULL OR letter_id IS NOT NULL THEN own_place
  ELSE first_value(own_place) OVER (PARTITION BY subscriber, event_id, event_type, tenant_id, replay_epoch, letter_id ORDER BY at) END`;

/**
 * The statement of `storeDeadLetters`. An entry of the stream takes along the row as which a worker deferred it that died
 * before it could let go of the entry.
 *
 * @param rows JSON
 */
export function storeLettersSql(
  { subscriber, stream, shard, fencingToken }: LetterOrigin,
  rows: string,
): SQL {
  return sql`
    WITH given AS (
      SELECT * FROM json_to_recordset(${rows}::json) AS d(at integer, subscriber text, message_id text, beside text,
        claimed text, names jsonb, event_id text, event_type text, tenant_id text, correlation_id text,
        raw_fields jsonb, reason text, error_class text, error_message text, error_stack text, attempts integer,
        first_failed_at timestamptz, last_failed_at timestamptz, key text, fingerprint text, replay_epoch integer,
        letter_id bigint, place bigint)
      WHERE EXISTS (SELECT FROM consumer_shards
        WHERE subscriber_name = ${subscriber} AND shard = ${shard} AND epoch = ${fencingToken}::bigint FOR SHARE)
    ), judged AS MATERIALIZED (
      SELECT d.*, CASE WHEN taken.id IS NOT NULL AND ${isSameLetter(sql`taken`)} THEN d.message_id
          ELSE coalesce(${openElsewhere}, CASE WHEN taken.id IS NULL THEN d.message_id ELSE d.beside END) END AS own_place,
        CASE WHEN d.replay_epoch = 0 THEN ${isApplied(sql`processed_events p WHERE p.subscriber_name = ${subscriber}`)}
          ELSE ${isApplied(sql`replay_claims p WHERE p.subscriber_name = ${subscriber} AND p.replay_epoch = d.replay_epoch`)} END
        OR EXISTS (SELECT FROM dead_letters l WHERE l.subscriber_name = d.subscriber
          AND l.stream_message_id IN (d.message_id, d.beside) AND ${isSameLetter(sql`l`)} AND ${isClosed(sql`l`)})
        OR EXISTS (SELECT FROM dead_letters l WHERE l.subscriber_name = d.subscriber
          AND l.event_id = d.event_id AND ${isLike(sql`l`)} AND ${isClosed(sql`l`)}) AS is_done
      FROM given d LEFT JOIN dead_letters taken
        ON taken.subscriber_name = d.subscriber AND taken.stream_message_id = d.message_id
    ), failed AS (
      SELECT *, ${placeOfCopies} AS under FROM judged WHERE NOT is_done
    ), gone AS (
      DELETE FROM deliveries q USING failed d WHERE q.place = d.place RETURNING q.place, q.job_id
    ), half_moved AS (
      DELETE FROM deliveries q USING failed d
      WHERE d.place IS NULL AND q.subscriber_name = ${subscriber} AND q.replay_epoch = 0 AND q.cause IN ('waiting', 'paused')
        AND ${isUnderOrBesideItsId(sql`q`, { id: sql`d.event_id`, messageId: sql`d.message_id` })}
    ), counted AS (
      UPDATE jobs j SET failed = j.failed + c.n, updated_at = now()
      FROM (SELECT job_id, count(*)::integer AS n FROM gone WHERE job_id IS NOT NULL GROUP BY job_id) c
      WHERE j.id = c.job_id
    ), stored AS (
      INSERT INTO dead_letters AS l (subscriber_name, stream_name, stream_message_id, event_id, event_type, tenant_id,
        correlation_id, raw_fields, reason, error_class, error_message, error_stack, attempts, first_failed_at,
        last_failed_at, shard, key, fingerprint, replay_epoch, job_id)
      SELECT DISTINCT ON (d.subscriber, d.under) d.subscriber, ${stream}, d.under, d.event_id, d.event_type, d.tenant_id, d.correlation_id,
        d.raw_fields, d.reason, d.error_class, d.error_message, d.error_stack,
        d.attempts + coalesce(before.attempts, 0), coalesce(before.first_failed_at, d.first_failed_at),
        d.last_failed_at, ${shard}, d.key, d.fingerprint, d.replay_epoch, gone.job_id
      FROM failed d LEFT JOIN dead_letters before ON before.id = d.letter_id LEFT JOIN gone ON gone.place = d.place
      ORDER BY d.subscriber, d.under, d.at DESC
      ON CONFLICT (subscriber_name, stream_message_id) DO UPDATE SET
        reason = excluded.reason, error_class = excluded.error_class, error_message = excluded.error_message,
        error_stack = excluded.error_stack, correlation_id = coalesce(excluded.correlation_id, l.correlation_id),
        attempts = excluded.attempts, last_failed_at = excluded.last_failed_at, status = 'open', key = excluded.key,
        fingerprint = excluded.fingerprint, replay_epoch = excluded.replay_epoch,
        job_id = coalesce(excluded.job_id, l.job_id), resolution = NULL, resolved_at = NULL
      WHERE l.subscriber_name <> ${everybody}
      RETURNING l.id, l.subscriber_name, l.stream_message_id
    )
    SELECT (SELECT count(*) FROM given)::integer AS given,
      (SELECT json_agg(json_build_object('at', d.at, 'id', s.id::text)) FROM stored s
        JOIN failed d ON d.subscriber = s.subscriber_name AND d.under = s.stream_message_id) AS stored`;
}
