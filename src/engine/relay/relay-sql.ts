import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { keepSql } from "../db/kept-sql.ts";
import { idIn, idParts, idValue, splitId } from "../db/stream-ids.ts";
import { outgoingColumns } from "../publish/record.ts";

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
export function firstSequence(shard: number): number {
  return shard * 1_000_000_000;
}

/**
 * Rows are always found through an index, and in its order. A table that is new, or grew since it was last analyzed,
 * makes the planner read all of it for each batch: measured 33 µs a row instead of 3 for `loadSql` on a table of 20,000,
 * and for `takeSql` a bitmap of all unsent rows, measured and sorted, instead of the first 1,000. Holds for the
 * transaction.
 */
export const byIndex: SQL = sql`
  SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
    set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
    set_config('jit', 'off', true)`;

/** `byIndex` as a statement of its own. */
export const byIndexSql: SQL = keepSql(() => byIndex)();

/**
 * Takes the lease of a shard when it is free, over, or already ours; otherwise leaves the mark. A batch that is in flight
 * then may have been appended by whoever was last, so it gets another lane.
 * One row: `was_failing` (a failure of this relay was noted and no success since), `acquired`, `free_in_ms` (until the lease ends), `first_mark` (true for whoever set the mark), `shards` and
 * `target` of the layout.
 */
export const acquireSql = keepSql<[shard: number, token: string, leaseMs: number]>(
  (shard, token, leaseMs) => sql`
    WITH before AS (SELECT marked FROM relay_shards WHERE shard = ${shard})
    INSERT INTO relay_shards AS r (shard, lease_token, lease_until)
    VALUES (${shard}, ${token}::uuid, now() + ${leaseMs}::integer * interval '1 millisecond')
    ON CONFLICT (shard) DO UPDATE SET
      lease_token = CASE WHEN ${isFree(token)} THEN excluded.lease_token ELSE r.lease_token END,
      lease_until = CASE WHEN ${isFree(token)} THEN excluded.lease_until ELSE r.lease_until END,
      marked = NOT ${isFree(token)},
      id_lane = CASE WHEN ${isFree(token)} AND r.batch_positions IS NOT NULL THEN ${nextLane} ELSE r.id_lane END
    RETURNING lease_token = ${token}::uuid AS acquired,
      ceil(extract(epoch FROM lease_until - now()) * 1000)::integer AS free_in_ms,
      NOT coalesce((SELECT marked FROM before), false) AS first_mark,
      (SELECT l.shards FROM relay_layout l) AS shards, (SELECT l.target FROM relay_layout l) AS target,
      EXISTS (SELECT FROM failing_work w WHERE w.work = 'relay:' || ${shard}::integer) AS was_failing`,
);

/** A thousand lanes: see `appendScript`. */
const nextLane = sql`(r.id_lane + 1) % 1000`;

function isFree(token: SQLWrapper): SQL {
  return sql`(r.lease_token IS NULL OR r.lease_until <= now() OR r.lease_token = ${token}::uuid)`;
}

/**
 * Chooses the next unsent rows of the shard and stores them with the next number as the batch in flight, unless there is
 * one. Rows are chosen by state, never by "greater than the last": a row of a long transaction becomes visible late.
 * Nothing is chosen while the number of shards changes. Run it behind `holdLayoutSql` in the same transaction. One row
 * when it chose any.
 *
 * With several shards the index lists the rows of all, and those of other shards are passed over: of 20,000 unsent rows
 * the first 1,000 take 4 ms on one shard and 8 ms on one of four. An index that begins with the shard would have to be
 * built anew when their number changes.
 */
export function takeSql(shard: number, token: string, { maxCount, maxBytes }: BatchBounds): SQL {
  return takeWithin(shard, token, maxCount, maxBytes);
}

const takeWithin = keepSql<[shard: number, token: string, maxCount: number, maxBytes: number]>(
  (shard, token, maxCount, maxBytes) => sql`
    WITH mine AS (
      SELECT r.shard, l.shards
      FROM relay_shards r JOIN relay_layout l ON l.id = 1
      WHERE r.shard = ${shard} AND r.lease_token = ${token}::uuid AND r.batch_positions IS NULL
        AND l.target IS NULL AND r.shard < l.shards
    ), candidates AS (
      SELECT e.position, octet_length(e.payload::text) + octet_length(e.meta::text) AS bytes
      FROM events e
      WHERE e.sent_at IS NULL AND e.slot % (SELECT shards FROM mine) = ${shard} AND EXISTS (SELECT FROM mine)
      ORDER BY e.position LIMIT ${maxCount}
    ), bounded AS (
      SELECT position, sum(bytes) OVER (ORDER BY position) - bytes AS bytes_before FROM candidates
    ), chosen AS (
      SELECT array_agg(position ORDER BY position) AS positions FROM bounded WHERE bytes_before < ${maxBytes}
    )
    UPDATE relay_shards r SET batch_positions = chosen.positions, batch_number = batch_number + 1
    FROM mine, chosen
    WHERE r.shard = mine.shard AND chosen.positions IS NOT NULL
    RETURNING r.shard`,
);

/**
 * Number of the batch in flight. A release that gave ids ahead gave no numbers: its batch, told by its ids, has the next
 * one.
 */
const number = sql`r.batch_number + CASE WHEN r.batch_ms IS NULL THEN 0 ELSE 1 END`;
const knownLast = sql`r.known_ms || '-' || r.known_seq`;
/** False when the janitor trimmed that entry: then nobody can tell by it whether the stream is whole. */
const knownThere = sql`(r.known_ms, r.known_seq) > (r.trimmed_ms, r.trimmed_seq)`;

/** The event that was sent under that id; null when the record no longer has it. */
const knownEvent = sql`(SELECT s.id FROM events s WHERE s.shard = r.shard AND s.stream_message_id IS NOT NULL
  AND ${idIn(sql.raw("s.stream_message_id"))} = (r.known_ms, r.known_seq) LIMIT 1)`;

/** What `loadSql` tells of a batch. */
export interface BatchHead {
  readonly number: number;
  /** Number of the last batch known to be in the stream. */
  readonly after: number;
  readonly known_last: string;
  readonly known_there: boolean;
  readonly known_event: string | null;
  /** Unix ms. */
  readonly now_ms: string;
  /** No id up to this one is given again, nor one of which the janitor noted that it was let go. */
  readonly floor: string;
  /** Of its ids, 0–999. */
  readonly lane: number;
  /** The first id that a release gave which gave them ahead; else null. */
  readonly earlier: string | null;
}

/**
 * The batch in flight, in stream order; the first row has a `BatchHead` as JSON text in `head`, for the others it is
 * null. No rows when there is none or the lease is lost.
 */
export const loadSql = keepSql<[shard: number, token: string]>(
  (shard, token) => sql`
    SELECT CASE WHEN b.place = 1 THEN json_build_object('number', ${number}, 'after', r.sent_number,
        'known_last', ${knownLast}, 'known_there', ${knownThere}, 'known_event', ${knownEvent},
        'now_ms', floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint::text,
        'floor', CASE WHEN (r.last_ms, r.last_seq) > (r.trimmed_ms, r.trimmed_seq)
          THEN r.last_ms || '-' || r.last_seq ELSE r.trimmed_ms || '-' || r.trimmed_seq END,
        'lane', r.id_lane, 'earlier', r.batch_ms || '-' || r.batch_seq)::text END AS head,
      ${outgoingColumns}
    FROM relay_shards r
    CROSS JOIN LATERAL unnest(r.batch_positions) WITH ORDINALITY AS b(position, place)
    JOIN events e ON e.position = b.position
    WHERE r.shard = ${shard} AND r.lease_token = ${token}::uuid
    ORDER BY b.place`,
);

function isBatch(shard: SQLWrapper, batchNumber: SQLWrapper): SQL {
  return sql`r.shard = ${shard} AND r.batch_positions IS NOT NULL AND ${number} = ${batchNumber}::bigint`;
}

/**
 * Notes on the rows of a batch that they were sent, the first one under the id `first`. Does nothing when that batch is no
 * longer in flight.
 */
export function markSentSql(shard: number, batchNumber: number, first: string): SQL {
  const [ms, seq] = splitId(first);
  return markSent(shard, batchNumber, ms, seq);
}

const markSent = keepSql<[shard: number, batchNumber: number, ms: string, seq: string]>(
  (shard, batchNumber, ms, seq) => sql`
    UPDATE events e
    SET sent_at = now(), shard = ${shard}, stream_message_id = ${ms}::text || '-' || (${seq}::numeric + b.place - 1)
    FROM (
      SELECT u.position, u.place
      FROM relay_shards r CROSS JOIN LATERAL unnest(r.batch_positions) WITH ORDINALITY AS u(position, place)
      WHERE ${isBatch(shard, batchNumber)}
    ) b
    WHERE e.position = b.position`,
);

/** Ends a batch of which the first entry stands under the id `first`: its last id becomes the shard's. */
export function endBatchSql(shard: number, batchNumber: number, first: string): SQL {
  const [ms, seq] = splitId(first);
  return endBatch(shard, batchNumber, ms, seq);
}

const endBatch = keepSql<[shard: number, batchNumber: number, ms: string, seq: string]>(
  (shard, batchNumber, ms, seq) => {
    const lastSeq = sql`${seq}::numeric + cardinality(batch_positions) - 1`;
    return sql`
    UPDATE relay_shards r
    SET last_ms = ${ms}::numeric, last_seq = ${lastSeq}, known_ms = ${ms}::numeric, known_seq = ${lastSeq},
      batch_number = ${batchNumber}::bigint, sent_number = ${batchNumber}::bigint,
      batch_positions = NULL, batch_ms = NULL, batch_seq = NULL
    WHERE ${isBatch(shard, batchNumber)}`;
  },
);

/**
 * Gives the batch in flight a number behind `found`, the last one that Redis has, and renews the lease. Does nothing when
 * the batch is no longer in flight or the lease is lost: then another relay went on.
 */
export const followSql = keepSql<
  [shard: number, token: string, batchNumber: number, found: number, leaseMs: number]
>(
  (shard, token, batchNumber, found, leaseMs) => sql`
    UPDATE relay_shards r
    SET sent_number = ${found}::bigint, ${renewed(leaseMs)},
      batch_number = ${found}::bigint + CASE WHEN r.batch_ms IS NULL THEN 1 ELSE 0 END
    WHERE ${isBatch(shard, batchNumber)} AND r.lease_token = ${token}::uuid`,
);

/** What is known of the stream of a shard; no row when nothing was ever sent. */
export const knownSql = keepSql<[shard: number]>(
  (shard) => sql`
    SELECT r.sent_number::float8 AS number, ${knownLast} AS last, ${knownThere} AS "isThere", ${knownEvent} AS event
    FROM relay_shards r WHERE r.shard = ${shard}`,
);

/**
 * Makes what the stream lost unsent again: everything behind `last`, the last id it still has, apart from what the
 * janitor trimmed after every group had handled it. When the record does not know that id, the stream may have been begun
 * anew by another program, so everything counts as lost. A batch in flight is given up; its rows are unsent anyway and
 * come after the lost ones; ids that it may have had are of a lane that is left. One row for each event; nothing happens without the lease, because its new holder may be
 * sending the same events.
 *
 * @param foundNumber number of the last batch that Redis has
 * @param days how far back the claims reach that keep effects from repeating
 */
export function requeueLostSql(
  shard: number,
  token: string,
  last: string,
  foundNumber: number,
  days: number,
): SQL {
  const id = idIn(sql`e.stream_message_id`);
  return sql`
    WITH whole AS MATERIALIZED (
      SELECT ms, seq FROM (VALUES (${idParts(last)}), (0, 0)) AS ids(ms, seq)
      WHERE (ms, seq) = (0, 0) OR EXISTS (SELECT FROM events e
        WHERE e.shard = ${shard} AND e.stream_message_id IS NOT NULL AND ${id} = ${idValue(last)})
      ORDER BY ms DESC, seq DESC LIMIT 1
    ), given_up AS (
      UPDATE relay_shards r SET batch_positions = NULL, batch_ms = NULL, batch_seq = NULL,
        batch_number = ${number}, sent_number = ${foundNumber}::bigint,
        last_ms = greatest(last_ms, coalesce(batch_ms, 0)),
        last_seq = CASE WHEN batch_ms IS NULL THEN last_seq ELSE batch_seq + cardinality(batch_positions) END,
        known_ms = whole.ms, known_seq = whole.seq
      FROM whole WHERE r.shard = ${shard} AND r.lease_token = ${token}::uuid
      RETURNING r.known_ms, r.known_seq, r.trimmed_ms, r.trimmed_seq
    )
    UPDATE events e SET sent_at = NULL, stream_message_id = NULL, shard = NULL
    FROM given_up g
    WHERE e.shard = ${shard} AND e.sent_at IS NOT NULL AND e.stored_at > now() - ${days}::integer * interval '1 day'
      AND e.stream_message_id IS NOT NULL AND ${id} > (g.known_ms, g.known_seq) AND ${id} > (g.trimmed_ms, g.trimmed_seq)
    RETURNING e.position`;
}

function renewed(leaseMs: SQLWrapper): SQL {
  return sql`lease_until = now() + ${leaseMs}::integer * interval '1 millisecond'`;
}

/** Keeps the lease for another round; one row when it is still ours. */
export const renewSql = keepSql<[shard: number, token: string, leaseMs: number]>(
  (shard, token, leaseMs) => sql`
    UPDATE relay_shards SET ${renewed(leaseMs)} WHERE shard = ${shard} AND lease_token = ${token}::uuid
    RETURNING shard`,
);

/**
 * Keeps the lease for another try of the batch in flight, of which nobody knows what became of the one before, and leaves
 * the lane of its ids. One row `lane`, the next one, when the lease is still ours.
 */
export const leaveLaneSql = keepSql<[shard: number, token: string, leaseMs: number]>(
  (shard, token, leaseMs) => sql`
    UPDATE relay_shards r SET ${renewed(leaseMs)}, id_lane = ${nextLane}
    WHERE r.shard = ${shard} AND r.lease_token = ${token}::uuid
    RETURNING r.id_lane AS lane`,
);

/** Lets go when there is nothing in flight and nobody left a mark; one row when it did. */
export const releaseIfIdleSql = keepSql<[shard: number, token: string]>(
  (shard, token) => sql`
    UPDATE relay_shards SET lease_token = NULL, lease_until = NULL
    WHERE shard = ${shard} AND lease_token = ${token}::uuid AND batch_positions IS NULL AND NOT marked
    RETURNING shard`,
);

/** Lets go whatever is in flight: after a failure, or when time is up. The batch stays for the next holder. */
export const releaseSql = keepSql<[shard: number, token: string]>(
  (shard, token) => sql`
    UPDATE relay_shards SET lease_token = NULL, lease_until = NULL, marked = false
    WHERE shard = ${shard} AND lease_token = ${token}::uuid`,
);
