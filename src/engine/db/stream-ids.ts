import { type SQL, sql } from "drizzle-orm";

/*
 * Stream ids in SQL, where text does not sort as ids do. Their parts are numeric: Redis counts with 64 unsigned bits, and
 * another program may bring a stream to any id.
 *
 * What an id says of time is never asked. Ids grow, but a writer whose clock is a month ahead, or that counts
 * microseconds, moves all ids behind its own there, ours too; so a time window around an id finds nothing of them. The
 * index `stream_entries_id_idx` finds what was sent under an id, or in a stretch of them, by the id.
 */

/** The id in a column as something that compares and sorts like an id. */
export function idIn(column: SQL): SQL {
  return sql`(${byId(column)})`;
}

/** An id as something to compare with. */
export function idValue(id: string): SQL {
  return sql`(${idParts(id)})`;
}

/** The time and the sequence of an id, decimals. */
export function splitId(id: string): readonly [ms: string, seq: string] {
  const [ms = "0", seq = "0"] = id.split("-");
  return [ms, seq];
}

/** The message id of a row, which may stand beside another one's (`core/beside-ids.ts`). */
export function messageIdIn(column: SQL): SQL {
  return sql`(split_part(${column}, '-', 1) || '-' || split_part(${column}, '-', 2))`;
}

/** The parts of an id, as two values. */
export function idParts(id: string): SQL {
  const [ms, seq] = splitId(id);
  return sql`${ms}::numeric, ${seq}::numeric`;
}

/** The parts of the id in a column, as two values: for ORDER BY too. */
export function byId(column: SQL): SQL {
  return sql`split_part(${column}, '-', 1)::numeric, split_part(${column}, '-', 2)::numeric`;
}

/*
 * An event stands in `events`, where it is on the stream in `stream_entries`, and what is not sent in `unsent_events`: see the
 * migration `append_only_events`. `events` itself says nothing of it. Everywhere `e` is the event and `s` its entry.
 */

const ownEntry = sql.raw("(SELECT * FROM stream_entries x WHERE x.position = e.position LIMIT 1) s");

/**
 * Behind `FROM events e`: the entry of each event, all null until it was sent. LATERAL and LIMIT force one index lookup per
 * row, so a page of events is read from the index that gives its order. With a plain join Postgres may read all entries of
 * a table that was never analyzed.
 */
export const withEntry: SQL = sql`LEFT JOIN LATERAL ${ownEntry} ON true`;

/** The same, of events that were sent alone. */
export const withSentEntry: SQL = sql`CROSS JOIN LATERAL ${ownEntry}`;

/** The id under which an event was sent, text; null until it was. */
export const entryId: SQL = sql.raw("(s.ms || '-' || s.seq)");

/** FROM clause: what was sent, with its events; for queries in the order of the stream, or by an id. */
export const sentEvents: SQL = sql.raw(
  "stream_entries s CROSS JOIN LATERAL (SELECT * FROM events x WHERE x.position = s.position LIMIT 1) e",
);

/** The parts of the id of an entry as one value, which compares and sorts like an id. */
export const sentId: SQL = sql.raw("(s.ms, s.seq)");

/** For ORDER BY: the stream's own order, as `stream_entries_id_idx` gives it behind a shard. */
export const inStreamOrder: SQL = sql.raw("s.ms, s.seq");

/**
 * Condition on entries: sent to `shard` under an id behind `behind` and up to `to`.
 *
 * EXPLAIN (PostgreSQL 18, 1,000,000 sent events, a stretch of 1,000): the index is read by shard and both comparisons of
 * rows, with and without ANALYZE.
 */
export function sentBetween(shard: number, behind: string, to: string): SQL {
  return sql`s.shard = ${shard} AND ${sentId} > ${idValue(behind)} AND ${sentId} <= ${idValue(to)}`;
}

/**
 * FROM clause: events `e` with their entries `s` that were sent to `shard` under one of the ids of a text array
 * (`given.id`), each found by the index.
 */
export function sentUnder(shard: number, ids: readonly string[]): SQL {
  return sql`unnest(${sql.param([...ids])}::text[]) AS given(id)
    CROSS JOIN LATERAL (
      SELECT * FROM stream_entries x WHERE x.shard = ${shard} AND (x.ms, x.seq) = ${idIn(sql.raw("given.id"))} LIMIT 1
    ) s
    CROSS JOIN LATERAL (SELECT * FROM events x WHERE x.position = s.position LIMIT 1) e`;
}

/**
 * Two parts of a WITH that make events unsent again, the second one `restored`: a row `position` for each.
 *
 * @param chosen name of a part before: `position`, and `ms` and `seq` of the entry that is lost. An event that was sent again
 *   meanwhile stands under another id, and stays
 */
export function unsendParts(chosen: string): SQL {
  return sql.raw(`unsent AS (
      DELETE FROM stream_entries s USING ${chosen} c
      WHERE s.position = c.position AND (s.ms, s.seq) = (c.ms, c.seq) RETURNING s.position
    ), restored AS (
      INSERT INTO unsent_events (position, slot, tenant_id, key)
      SELECT e.position, e.slot, e.tenant_id, e.key FROM unsent u JOIN events e ON e.position = u.position
      ON CONFLICT (position) DO NOTHING RETURNING position
    )`);
}
