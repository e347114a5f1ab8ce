import { type SQL, sql } from "drizzle-orm";
import { idIn } from "../db/stream-ids.ts";
import { envelopeColumns } from "./record.ts";

/** Bounds of one batch: as many rows as fit below both. A single row is always taken. */
export interface BatchBounds {
  readonly maxCount: number;
  /** Bytes of payload and meta text. */
  readonly maxBytes: number;
}

/**
 * Sequence numbers of shard n start at n · 10^9, so that an id given on one shard is never given on another: a claim
 * is keyed by subscriber and stream message id alone.
 */
function firstSequence(shard: number): number {
  return shard * 1_000_000_000;
}

/**
 * Rows are always found through an index, and in its order. A table that is new, or grew since it was last analyzed,
 * makes the planner read all of it for each batch: measured 33 µs a row instead of 3 for `loadSql` on a table of 20,000,
 * and for `takeSql` a bitmap of all unsent rows, measured and sorted, instead of the first 1,000. Holds for the
 * transaction.
 */
export const byIndexSql: SQL = sql`
  SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
    set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
    set_config('jit', 'off', true)`;

/**
 * Takes the lease of a shard when it is free, over, or already ours; otherwise leaves the mark.
 * One row: `was_failing` (a failure of this relay was noted and no success since), `acquired`, `free_in_ms` (until the lease ends), `first_mark` (true for whoever set the mark), `shards` and
 * `target` of the layout.
 */
export function acquireSql(shard: number, token: string, leaseMs: number): SQL {
  return sql`
    WITH before AS (SELECT marked FROM relay_shards WHERE shard = ${shard})
    INSERT INTO relay_shards AS r (shard, lease_token, lease_until)
    VALUES (${shard}, ${token}::uuid, now() + ${leaseMs}::integer * interval '1 millisecond')
    ON CONFLICT (shard) DO UPDATE SET
      lease_token = CASE WHEN ${isFree(token)} THEN excluded.lease_token ELSE r.lease_token END,
      lease_until = CASE WHEN ${isFree(token)} THEN excluded.lease_until ELSE r.lease_until END,
      marked = NOT ${isFree(token)}
    RETURNING lease_token = ${token}::uuid AS acquired,
      ceil(extract(epoch FROM lease_until - now()) * 1000)::integer AS free_in_ms,
      NOT coalesce((SELECT marked FROM before), false) AS first_mark,
      (SELECT l.shards FROM relay_layout l) AS shards, (SELECT l.target FROM relay_layout l) AS target,
      EXISTS (SELECT FROM failing_work w WHERE w.work = ${`relay:${shard}`}) AS was_failing`;
}

function isFree(token: string): SQL {
  return sql`(r.lease_token IS NULL OR r.lease_until <= now() OR r.lease_token = ${token}::uuid)`;
}

/**
 * Chooses the next unsent rows of the shard and stores their stream ids with the shard, unless a batch is in flight.
 * Rows are chosen by state, never by "greater than the last": a row of a long transaction becomes visible late. Nothing
 * is chosen while the number of shards changes. Run it behind `holdLayoutSql` in the same transaction.
 *
 * With several shards the index lists the rows of all, and those of other shards are passed over: of 20,000 unsent rows
 * the first 1,000 take 4 ms on one shard and 8 ms on one of four. An index that begins with the shard would have to be
 * built anew when their number changes.
 */
export function takeSql(shard: number, token: string, bounds: BatchBounds): SQL {
  return sql`
    WITH mine AS (
      SELECT r.shard, r.last_ms, r.last_seq, l.shards,
        greatest(r.last_ms, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) AS next_ms
      FROM relay_shards r JOIN relay_layout l ON l.id = 1
      WHERE r.shard = ${shard} AND r.lease_token = ${token}::uuid AND r.batch_positions IS NULL
        AND l.target IS NULL AND r.shard < l.shards
    ), candidates AS (
      SELECT e.position, octet_length(e.payload::text) + octet_length(e.meta::text) AS bytes
      FROM events e
      WHERE e.sent_at IS NULL AND e.slot % (SELECT shards FROM mine) = ${shard} AND EXISTS (SELECT FROM mine)
      ORDER BY e.position LIMIT ${bounds.maxCount}
    ), bounded AS (
      SELECT position, sum(bytes) OVER (ORDER BY position) - bytes AS bytes_before FROM candidates
    ), chosen AS (
      SELECT array_agg(position ORDER BY position) AS positions FROM bounded WHERE bytes_before < ${bounds.maxBytes}
    )
    UPDATE relay_shards r SET batch_positions = chosen.positions, batch_ms = mine.next_ms,
      batch_seq = CASE WHEN mine.next_ms > mine.last_ms THEN ${firstSequence(shard)}::bigint ELSE mine.last_seq + 1 END
    FROM mine, chosen
    WHERE r.shard = mine.shard AND chosen.positions IS NOT NULL`;
}

/** The batch in flight, in stream order, with the id of each entry; no rows when there is none or the lease is lost. */
export function loadSql(shard: number, token: string): SQL {
  return sql`
    SELECT r.batch_ms::text AS batch_ms, r.batch_seq::text AS batch_seq, ${knownLast} AS known_last,
      ${knownThere} AS known_there,
      ${envelopeColumns}
    FROM relay_shards r
    CROSS JOIN LATERAL unnest(r.batch_positions) WITH ORDINALITY AS b(position, place)
    JOIN events e ON e.position = b.position
    WHERE r.shard = ${shard} AND r.lease_token = ${token}::uuid
    ORDER BY b.place`;
}

/** Notes on the rows of the batch `(ms, seq)` that they were sent. Does nothing when that batch is no longer in flight. */
export function markSentSql(shard: number, ms: string, seq: string): SQL {
  return sql`
    UPDATE events e
    SET sent_at = now(), shard = ${shard}, stream_message_id = b.batch_ms || '-' || (b.batch_seq + b.place - 1)
    FROM (
      SELECT r.batch_ms, r.batch_seq, u.position, u.place
      FROM relay_shards r CROSS JOIN LATERAL unnest(r.batch_positions) WITH ORDINALITY AS u(position, place)
      WHERE ${isBatch(shard, ms, seq)}
    ) b
    WHERE e.position = b.position`;
}

/** Ends the batch `(ms, seq)`: its last id becomes the shard's. */
export function endBatchSql(shard: number, ms: string, seq: string): SQL {
  return sql`
    UPDATE relay_shards r
    SET last_ms = batch_ms, last_seq = batch_seq + cardinality(batch_positions) - 1,
      known_ms = batch_ms, known_seq = batch_seq + cardinality(batch_positions) - 1,
      batch_positions = NULL, batch_ms = NULL, batch_seq = NULL
    WHERE ${isBatch(shard, ms, seq)}`;
}

/** Gives the batch `(ms, seq)` ids above `(floorMs, floorSeq)`, because another writer was faster. */
export function renumberBatchSql(
  shard: number,
  token: string,
  ms: string,
  seq: string,
  floorMs: string,
  floorSeq: string,
): SQL {
  return sql`
    UPDATE relay_shards r
    SET batch_ms = n.next_ms,
      batch_seq = CASE WHEN n.next_ms > ${floorMs}::numeric THEN ${firstSequence(shard)}::bigint
        ELSE greatest(${floorSeq}::numeric + 1, ${firstSequence(shard)}::bigint) END
    FROM (SELECT greatest(${floorMs}::numeric, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) AS next_ms) n
    WHERE ${isBatch(shard, ms, seq)} AND r.lease_token = ${token}::uuid`;
}

function isBatch(shard: number, ms: string, seq: string): SQL {
  return sql`r.shard = ${shard} AND r.batch_ms = ${ms}::numeric AND r.batch_seq = ${seq}::numeric`;
}

const knownLast = sql`r.known_ms || '-' || r.known_seq`;
/** False when the janitor trimmed that entry: then nobody can tell by it whether the stream is whole. */
const knownThere = sql`(r.known_ms, r.known_seq) > (r.trimmed_ms, r.trimmed_seq)`;

/** The last id known to be in the stream of a shard, `{ms}-{seq}`; no row when nothing was ever sent. */
export function knownLastSql(shard: number): SQL {
  return sql`SELECT ${knownLast} AS known_last, ${knownThere} AS known_there FROM relay_shards r WHERE r.shard = ${shard}`;
}

/**
 * Makes what the stream lost unsent again: everything behind `(lastMs, lastSeq)`, the last id it still has, apart from
 * what the janitor trimmed after every group had handled it. A batch in flight is given up; its rows are unsent anyway
 * and come after the lost ones. One row for each event; nothing happens without the lease, because its new holder may be
 * sending the same events.
 *
 * @param days how far back the claims reach that keep effects from repeating
 */
export function requeueLostSql(
  shard: number,
  token: string,
  lastMs: string,
  lastSeq: string,
  days: number,
): SQL {
  return sql`
    WITH given_up AS (
      UPDATE relay_shards SET batch_positions = NULL, batch_ms = NULL, batch_seq = NULL,
        last_ms = greatest(last_ms, coalesce(batch_ms, 0)),
        last_seq = CASE WHEN batch_ms IS NULL THEN last_seq ELSE batch_seq + cardinality(batch_positions) - 1 END,
        known_ms = ${lastMs}::numeric, known_seq = ${lastSeq}::numeric
      WHERE shard = ${shard} AND lease_token = ${token}::uuid
      RETURNING trimmed_ms, trimmed_seq
    )
    UPDATE events SET sent_at = NULL, stream_message_id = NULL, shard = NULL
    WHERE shard = ${shard} AND sent_at IS NOT NULL AND stored_at > now() - ${days}::integer * interval '1 day'
      AND stream_message_id IS NOT NULL AND ${idIn(sql`stream_message_id`)} > (${lastMs}::numeric, ${lastSeq}::numeric)
      AND ${idIn(sql`stream_message_id`)} > (SELECT trimmed_ms, trimmed_seq FROM given_up)
    RETURNING position`;
}

/** Keeps the lease for another round. */
export function renewSql(shard: number, token: string, leaseMs: number): SQL {
  return sql`
    UPDATE relay_shards SET lease_until = now() + ${leaseMs}::integer * interval '1 millisecond'
    WHERE shard = ${shard} AND lease_token = ${token}::uuid`;
}

/** Lets go when there is nothing in flight and nobody left a mark; one row when it did. */
export function releaseIfIdleSql(shard: number, token: string): SQL {
  return sql`
    UPDATE relay_shards SET lease_token = NULL, lease_until = NULL
    WHERE shard = ${shard} AND lease_token = ${token}::uuid AND batch_positions IS NULL AND NOT marked
    RETURNING shard`;
}

/** Lets go whatever is in flight: after a failure, or when time is up. The batch stays for the next holder. */
export function releaseSql(shard: number, token: string): SQL {
  return sql`
    UPDATE relay_shards SET lease_token = NULL, lease_until = NULL, marked = false
    WHERE shard = ${shard} AND lease_token = ${token}::uuid`;
}
