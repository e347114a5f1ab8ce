import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { keepSql } from "../db/kept-sql.ts";
import { idParts, idValue, sentEvents, sentId, unsendParts } from "../db/stream-ids.ts";

/*
 * What the record notes when the stream is not as it left it: entries are lost, another relay went on, or nobody knows
 * what became of a batch. The statements of each batch stand in `relay-sql.ts`.
 */

/** A thousand lanes: see `appendScript`. */
const nextLane = sql`(r.id_lane + 1) % 1000`;

/**
 * Number of the batch in flight. A release that gave ids ahead gave no numbers: its batch, told by its ids, has the next
 * one.
 */
const number = sql`r.batch_number + CASE WHEN r.batch_ms IS NULL THEN 0 ELSE 1 END`;
const knownLast = sql`r.known_ms || '-' || r.known_seq`;
/** False when the janitor trimmed that entry: then nobody can tell by it whether the stream is whole. */
const knownThere = sql`(r.known_ms, r.known_seq) > (r.trimmed_ms, r.trimmed_seq)`;

/** The event that was sent under that id; null when the record no longer has it. */
const knownEvent = sql`(SELECT e.id FROM ${sentEvents}
  WHERE s.shard = r.shard AND ${sentId} = (r.known_ms, r.known_seq) LIMIT 1)`;

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
  return sql`
    WITH whole AS MATERIALIZED (
      SELECT ms, seq FROM (VALUES (${idParts(last)}), (0, 0)) AS ids(ms, seq)
      WHERE (ms, seq) = (0, 0) OR EXISTS (SELECT FROM stream_entries s
        WHERE s.shard = ${shard} AND ${sentId} = ${idValue(last)})
      ORDER BY ms DESC, seq DESC LIMIT 1
    ), given_up AS (
      UPDATE relay_shards r SET batch_positions = NULL, batch_ms = NULL, batch_seq = NULL,
        batch_number = ${number}, sent_number = ${foundNumber}::bigint,
        last_ms = greatest(last_ms, coalesce(batch_ms, 0)),
        last_seq = CASE WHEN batch_ms IS NULL THEN last_seq ELSE batch_seq + cardinality(batch_positions) END,
        known_ms = whole.ms, known_seq = whole.seq
      FROM whole WHERE r.shard = ${shard} AND r.lease_token = ${token}::uuid
      RETURNING r.known_ms, r.known_seq, r.trimmed_ms, r.trimmed_seq
    ), lost AS (
      SELECT s.position, s.ms, s.seq FROM given_up g CROSS JOIN ${sentEvents}
      WHERE s.shard = ${shard} AND e.stored_at > now() - ${days}::integer * interval '1 day'
        AND ${sentId} > (g.known_ms, g.known_seq) AND ${sentId} > (g.trimmed_ms, g.trimmed_seq)
    ), ${unsendParts("lost")}
    SELECT position FROM restored`;
}

function isBatch(shard: SQLWrapper, batchNumber: SQLWrapper): SQL {
  return sql`r.shard = ${shard} AND r.batch_positions IS NOT NULL AND ${number} = ${batchNumber}::bigint`;
}

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

function renewed(leaseMs: SQLWrapper): SQL {
  return sql`lease_until = now() + ${leaseMs}::integer * interval '1 millisecond'`;
}
