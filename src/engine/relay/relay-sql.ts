import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { keepSql } from "../db/kept-sql.ts";
import { idParts, idValue, sentEvents, sentId, splitId, unsendParts } from "../db/stream-ids.ts";
import type { EnvelopeRow } from "../publish/record.ts";

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

/*
 * What runs with each pass stands in functions of the database, planned once in a session: `relay_begin` and `relay_load`,
 * see the migration `relay_functions`, `relay_go_on` and `relay_note_end`, see `fair_tenants`. The statements here are for
 * the seldom cases.
 */

/** What `beginSql` tells in the `head` of its last row. */
export interface Begun {
  readonly acquired: boolean;
  /** The lease is ours still: a batch is in flight, or it was to be kept. */
  readonly held: boolean;
  /** Until the lease ends. */
  readonly free_in_ms: number;
  /** True for whoever set the mark. */
  readonly first_mark: boolean;
  /** Of the layout. */
  readonly shards: number;
  readonly target: number | null;
  /** A failure of this relay was noted, and no success since. */
  readonly was_failing: boolean;
}

/**
 * Takes the lease of a shard when it is free, over, or already ours, and the next batch with it; otherwise leaves the
 * mark. Rows as `loadSql` gives them, and behind them one with a `Begun` as JSON text in `head`.
 *
 * @param bounds.configured number of shards with which a new system begins
 * @param bounds.keeps true: the lease is kept also when there is nothing to send
 */
export function beginSql(
  shard: number,
  token: string,
  {
    leaseMs,
    configured,
    maxCount,
    maxBytes,
    keeps,
  }: BatchBounds & {
    readonly leaseMs: number;
    readonly configured: number;
    readonly keeps: boolean;
  },
  { inHand, rides }: Asking,
): SQL {
  return begin(shard, token, leaseMs, configured, maxCount, maxBytes, keeps, inHand.join(), rides);
}

/** Who asks for a batch. */
export interface Asking {
  /** Transactions whose events are in hand: of those come the bare rows. */
  readonly inHand: readonly string[];
  /**
   * Behind a statement that records, in its transaction, whose events are in hand, too. Nothing is waited for, and no
   * rows come when the lease cannot be had at once.
   */
  readonly rides: boolean;
}

/**
 * A transaction of another isolation level would fail where somebody has changed the relay's row since it began. Postgres
 * looks at this condition first, and does not call the function when it does not hold.
 *
 * @see https://www.postgresql.org/docs/current/transaction-iso.html
 */
function mayRide(rides: SQLWrapper): SQL {
  return sql`WHERE NOT ${rides}::boolean OR current_setting('transaction_isolation') = 'read committed'`;
}

const begin = keepSql<
  [
    shard: number,
    token: string,
    leaseMs: number,
    configured: number,
    maxCount: number,
    maxBytes: number,
    keeps: boolean,
    inHand: string,
    rides: boolean,
  ]
>((...values) => sql`SELECT * FROM relay_begin_in_hand(${sql.join(values, sql`, `)}) ${mayRide(values[8])}`);

/** A batch that is in the stream: its number, and the id of its first entry. */
export interface SentBatch {
  readonly number: number;
  readonly first: string;
  /** The last entry of another program that came behind the batch before; null: none did. */
  readonly foreign: string | null;
}

/**
 * Notes that a batch was sent, keeps the lease and takes the next one; lets the lease go when there is none and nobody
 * left a mark. Rows as `loadSql` gives them, and behind them one with JSON text in `head`: `held`, false when it was let
 * go.
 *
 * @param sent null: nothing is noted, and the batch that is in flight is the next one
 * @param bounds.fairly more is unsent than one batch holds: tenants take turns in the next one
 */
export function nextSql(
  shard: number,
  token: string,
  sent: SentBatch | null,
  {
    leaseMs,
    maxCount,
    maxBytes,
    fairly,
  }: BatchBounds & { readonly leaseMs: number; readonly fairly: boolean },
  { inHand, rides }: Asking,
): SQL {
  const noted = [sent?.number ?? null, ...idsOf(sent)] as const;
  return next(shard, token, ...noted, leaseMs, maxCount, maxBytes, fairly, inHand.join(), rides);
}

/** The first id of a batch and that of another program, in parts. */
function idsOf(
  sent: SentBatch | null,
): readonly [ms: string | null, seq: string | null, foreignMs: string | null, foreignSeq: string | null] {
  const [ms, seq] = sent === null ? [null, null] : splitId(sent.first);
  const foreign = sent?.foreign ?? null;
  const [foreignMs, foreignSeq] = foreign === null ? [null, null] : splitId(foreign);
  return [ms, seq, foreignMs, foreignSeq];
}

const next = keepSql<
  [
    shard: number,
    token: string,
    number: number | null,
    ms: string | null,
    seq: string | null,
    foreignMs: string | null,
    foreignSeq: string | null,
    leaseMs: number,
    maxCount: number,
    maxBytes: number,
    fairly: boolean,
    inHand: string,
    rides: boolean,
  ]
>((...values) => sql`SELECT * FROM relay_go_on_in_hand(${sql.join(values, sql`, `)}) ${mayRide(values[12])}`);

/** Notes that a batch was sent. Does nothing when that batch is no longer in flight. */
export function endSql(shard: number, sent: SentBatch): SQL {
  return end(shard, sent.number, ...idsOf(sent));
}

const end = keepSql<
  [
    shard: number,
    batchNumber: number,
    ms: string | null,
    seq: string | null,
    foreignMs: string | null,
    foreignSeq: string | null,
  ]
>((...values) => sql`SELECT relay_note_end(${sql.join(values, sql`, `)})`);

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

/** A row as `loadSql` gives it. */
export type LoadedRow = EnvelopeRow & { readonly head: string | null };

/** The same of an event that is in hand: its `meta` is the position alone, see `in-hand.ts`. */
export type BareRow = { readonly [Column in keyof LoadedRow]: Column extends "id" ? string : string | null };

/**
 * The batch in flight, in stream order; the first row has a `BatchHead` as JSON text in `head`, for the others it is
 * null. No rows when there is none or the lease is lost.
 */
export const loadSql = keepSql<[shard: number, token: string]>(
  (shard, token) => sql`SELECT * FROM relay_load(${shard}, ${token}::uuid)`,
);

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

function renewed(leaseMs: SQLWrapper): SQL {
  return sql`lease_until = now() + ${leaseMs}::integer * interval '1 millisecond'`;
}

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
