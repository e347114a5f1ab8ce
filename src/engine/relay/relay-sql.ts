import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { keepNamedSql, keepSql } from "../db/kept-sql.ts";
import { splitId } from "../db/stream-ids.ts";
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
 * see the migration `relay_functions`, `relay_go_on` and `relay_note_end`, see `fair_tenants`. What is seldom needed, when
 * the stream is not as it was left, stands in `lost-sql.ts`.
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
  return begin({
    shard,
    token,
    leaseMs,
    configured,
    maxCount,
    maxBytes,
    keeps,
    inHand: inHand.join(),
    rides,
  });
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

interface BeginValues extends BatchBounds {
  readonly shard: number;
  readonly token: string;
  readonly leaseMs: number;
  readonly configured: number;
  readonly keeps: boolean;
  readonly inHand: string;
  readonly rides: boolean;
}

const begin = keepNamedSql<BeginValues>(
  (of) => sql`
    SELECT * FROM relay_begin_in_hand(p_shard => ${of.shard}, p_token => ${of.token}, p_lease_ms => ${of.leaseMs},
      p_shards => ${of.configured}, p_max_count => ${of.maxCount}, p_max_bytes => ${of.maxBytes}, p_keep => ${of.keeps},
      p_in_hand => ${of.inHand}, p_rides => ${of.rides}) ${mayRide(of.rides)}`,
);

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
  return next({
    shard,
    token,
    number: sent?.number ?? null,
    ...idsOf(sent),
    leaseMs,
    maxCount,
    maxBytes,
    fairly,
    inHand: inHand.join(),
    rides,
  });
}

/** The first id of a batch and that of another program, in parts. */
interface SentIds {
  readonly ms: string | null;
  readonly seq: string | null;
  readonly foreignMs: string | null;
  readonly foreignSeq: string | null;
}

/** Always with all of its names: the text of a statement is made of those that it gets first. */
function idsOf(sent: SentBatch | null): SentIds {
  const [ms, seq] = sent === null ? [null, null] : splitId(sent.first);
  const foreign = sent?.foreign ?? null;
  const [foreignMs, foreignSeq] = foreign === null ? [null, null] : splitId(foreign);
  return { ms, seq, foreignMs, foreignSeq };
}

interface NextValues extends BatchBounds, SentIds {
  readonly shard: number;
  readonly token: string;
  readonly number: number | null;
  readonly leaseMs: number;
  readonly fairly: boolean;
  readonly inHand: string;
  readonly rides: boolean;
}

const next = keepNamedSql<NextValues>(
  (of) => sql`
    SELECT * FROM relay_go_on_in_hand(p_shard => ${of.shard}, p_token => ${of.token}, p_number => ${of.number},
      p_ms => ${of.ms}, p_seq => ${of.seq}, p_foreign_ms => ${of.foreignMs}, p_foreign_seq => ${of.foreignSeq},
      p_lease_ms => ${of.leaseMs}, p_max_count => ${of.maxCount}, p_max_bytes => ${of.maxBytes}, p_fairly => ${of.fairly},
      p_in_hand => ${of.inHand}, p_rides => ${of.rides}) ${mayRide(of.rides)}`,
);

/** Notes that a batch was sent. Does nothing when that batch is no longer in flight. */
export function endSql(shard: number, sent: SentBatch): SQL {
  return end({ shard, number: sent.number, ...idsOf(sent) });
}

interface EndValues extends SentIds {
  readonly shard: number;
  readonly number: number;
}

const end = keepNamedSql<EndValues>(
  (of) => sql`
    SELECT relay_note_end(p_shard => ${of.shard}, p_number => ${of.number}, p_ms => ${of.ms}, p_seq => ${of.seq},
      p_foreign_ms => ${of.foreignMs}, p_foreign_seq => ${of.foreignSeq})`,
);

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
