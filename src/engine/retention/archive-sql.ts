import { type SQL, sql } from "drizzle-orm";
import { isoText } from "../db/iso-text.ts";
import { entryId, withEntry } from "../db/stream-ids.ts";
import { type ForeignRow, foreignColumns } from "../events/foreign-details.ts";
import { envelopeColumns } from "../publish/record.ts";

/*
 * Statements of the archive. Rows of a day are found by the block range index on `stored_at` once; from then on by their
 * positions. Positions are given at the insert and `stored_at` at the begin of the transaction, so around midnight the
 * positions of two days are mixed: the time always decides, the positions only narrow.
 */

/** Reads through indexes: a table that holds nothing of a day must not be read whole to find that out. */
export const throughIndexSql: SQL = sql`SELECT set_config('enable_seqscan', 'off', true)`;

const startOf = (day: string): SQL => sql`(${day}::date::timestamp AT TIME ZONE 'UTC')`;
const endOf = (day: string): SQL => sql`((${day}::date + 1)::timestamp AT TIME ZONE 'UTC')`;
const within = (column: SQL, day: string): SQL =>
  sql`${column} >= ${startOf(day)} AND ${column} < ${endOf(day)}`;
/** A row of `archive_days`. Positions are texts, as in `seal-sql.ts`. */
export interface DayRow {
  readonly day: string;
  readonly cursor: string;
  readonly state: unknown;
  readonly rows: number;
  /** Text, as Postgres gives a bigint. */
  readonly bytes: string;
}

const dayColumns = sql`day::text AS day, cursor_position::text AS cursor, state, rows, bytes::text AS bytes`;

/** The day that is being written; no row when there is none. */
export const unfinishedDaySql: SQL = sql`
  SELECT ${dayColumns} FROM archive_days WHERE archived_at IS NULL ORDER BY day LIMIT 1`;

/** Days whose file is complete and whose rows are still there. */
export const undeletedDaysSql: SQL = sql`
  SELECT ${dayColumns} FROM archive_days WHERE archived_at IS NOT NULL AND deleted_at IS NULL ORDER BY day`;

/**
 * The first day that is due and not in the archive, `day` null when there is none. The oldest rows by position tell
 * where to begin: cheap when nothing is due, which is most of the time. Run it behind `throughIndexSql`.
 */
export function nextDaySql(eventsDays: number): SQL {
  return sql`
    WITH oldest AS (
      SELECT least(
        (SELECT min(stored_at) FROM (SELECT stored_at FROM events ORDER BY position LIMIT 1000) e),
        (SELECT min(archived_at) FROM archived_entries)) AS instant
    ), bounds AS (
      SELECT greatest((instant AT TIME ZONE 'UTC')::date, (SELECT max(day) + 1 FROM archive_days)) AS first,
        (now() AT TIME ZONE 'UTC')::date - ${eventsDays}::integer - 1 AS last
      FROM oldest WHERE instant IS NOT NULL
    )
    SELECT min(d.day)::text AS day FROM bounds
    CROSS JOIN LATERAL (
      SELECT s.day::date AS day
      FROM generate_series(bounds.first::timestamp, bounds.last::timestamp, interval '1 day')
        WITH ORDINALITY AS s(day, place)
      WHERE EXISTS (SELECT FROM events e WHERE e.stored_at >= s.day AT TIME ZONE 'UTC'
          AND e.stored_at < (s.day + interval '1 day') AT TIME ZONE 'UTC')
        OR EXISTS (SELECT FROM archived_entries a WHERE a.archived_at >= s.day AT TIME ZONE 'UTC'
          AND a.archived_at < (s.day + interval '1 day') AT TIME ZONE 'UTC')
      ORDER BY s.place LIMIT 1
    ) d`;
}

export interface DayBounds {
  /** Of events and entries of other programs; null when the day has neither. */
  readonly first: string | null;
  readonly last: string | null;
  readonly unsent: number;
}

/** The positions between which the rows of a day lie, and how many of them are not sent. Behind `throughIndexSql`. */
export function boundsSql(day: string): SQL {
  return sql`
    SELECT d.first::text AS first, d.last::text AS last, (
      SELECT count(*) FROM unsent_events u
        CROSS JOIN LATERAL (SELECT stored_at FROM events x WHERE x.position = u.position LIMIT 1) e
      WHERE u.position BETWEEN d.first AND d.last AND ${within(sql`e.stored_at`, day)})::integer AS unsent
    FROM (
      SELECT least(min(e.position), min(a.first)) AS first, greatest(max(e.position), max(a.last)) AS last
      FROM (SELECT min(position) AS first, max(position) AS last FROM archived_entries a
        WHERE ${within(sql`a.archived_at`, day)}) a LEFT JOIN events e ON ${within(sql`e.stored_at`, day)}
    ) d`;
}

/** One row; none when another janitor has begun the day. */
export function beginDaySql(day: string, state: object): SQL {
  return sql`
    INSERT INTO archive_days (day, state) VALUES (${day}::date, ${JSON.stringify(state)}::jsonb)
    ON CONFLICT (day) DO NOTHING RETURNING day::text AS day`;
}

/** Bounds of one page: few calls for small events, little memory for large ones. */
export interface PageBounds {
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** The next events of a day behind `cursor`, in order of position; the last one may go beyond `maxBytes`. */
export function eventsOfDaySql(day: string, cursor: string, last: string, bounds: PageBounds): SQL {
  return sql`
    SELECT p.position::text AS position, ${envelopeColumns}, s.shard, e.key, ${entryId} AS stream_message_id,
      ${isoText(sql`e.stored_at`)} AS stored_at, ${isoText(sql`s.sent_at`)} AS sent_at
    FROM (
      SELECT c.position, sum(c.bytes) OVER (ORDER BY c.position) - c.bytes AS bytes_before FROM (
        SELECT e.position, octet_length(e.payload::text) + octet_length(e.meta::text) AS bytes FROM events e
        WHERE e.position > ${cursor}::bigint AND e.position <= ${last}::bigint AND ${within(sql`e.stored_at`, day)}
        ORDER BY e.position LIMIT ${bounds.maxRows}) c
    ) p JOIN events e ON e.position = p.position ${withEntry}
    WHERE p.bytes_before < ${bounds.maxBytes} ORDER BY p.position`;
}

export interface EntryRow extends ForeignRow {
  /** Its id among them. */
  readonly entry: string;
}

/** The next entries of other programs that were trimmed on that day. */
export function entriesOfDaySql(day: string, cursor: string, bounds: PageBounds): SQL {
  return sql`
    SELECT p.id::text AS entry, ${foreignColumns}
    FROM (
      SELECT c.id, sum(c.bytes) OVER (ORDER BY c.id) - c.bytes AS bytes_before FROM (
        SELECT a.id, octet_length(a.raw_fields::text) + coalesce(octet_length(a.payload::text), 0) AS bytes FROM archived_entries a
        WHERE a.id > ${cursor}::bigint AND ${within(sql`a.archived_at`, day)}
        ORDER BY a.id LIMIT ${bounds.maxRows}) c
    ) p JOIN archived_entries e ON e.id = p.id
    WHERE p.bytes_before < ${bounds.maxBytes} ORDER BY p.id`;
}

export interface Progress {
  readonly cursor: string;
  readonly rows: number;
  readonly bytes: number;
  readonly state: object | null;
}

/** Notes how far a file has come; one row, none when another janitor has gone on with it. */
export function saveProgressSql(day: string, before: Progress, now: Progress, done: boolean): SQL {
  return sql`
    UPDATE archive_days SET cursor_position = ${now.cursor}::bigint, rows = ${now.rows}, bytes = ${now.bytes}::bigint,
      state = ${now.state === null ? null : JSON.stringify(now.state)}::jsonb,
      archived_at = CASE WHEN ${done}::boolean THEN now() END
    WHERE day = ${day}::date AND archived_at IS NULL AND bytes = ${before.bytes}::bigint
      AND cursor_position = ${before.cursor}::bigint
    RETURNING day::text AS day`;
}

/** Positions between which the rows of an archived day lie. */
export interface Positions {
  readonly first: string;
  readonly last: string;
}

/** Why rows of the day are still needed, as a CASE; null when they are not. */
function heldBy(day: string, { first, last }: Positions): SQL {
  const isRow = sql`e.position BETWEEN ${first}::bigint AND ${last}::bigint AND ${within(sql`e.stored_at`, day)}`;
  const eventId = (column: SQL) =>
    sql`CASE WHEN ${column} ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN ${column}::uuid END`;
  return sql`CASE
    WHEN EXISTS (SELECT FROM unsent_events u
      CROSS JOIN LATERAL (SELECT * FROM events x WHERE x.position = u.position LIMIT 1) e
      WHERE u.position BETWEEN ${first}::bigint AND ${last}::bigint AND ${isRow}) THEN 'unsent'
    WHEN EXISTS (SELECT FROM deliveries d JOIN events e ON e.id = ${eventId(sql`d.event_id`)}
      WHERE d.raw_fields IS NULL AND ${isRow}) THEN 'deliveries'
    WHEN EXISTS (SELECT FROM dead_letters l JOIN events e ON e.id = ${eventId(sql`l.event_id`)}
      WHERE l.raw_fields IS NULL AND l.status IN ('open', 'requeued') AND ${isRow}) THEN 'dead_letters'
    WHEN EXISTS (SELECT FROM jobs j WHERE j.kind IN ('replay', 'backfill')
      AND j.status IN ('running', 'paused', 'stopped')
      AND j.until_position >= ${first}::bigint AND j.cursor_position < ${last}::bigint) THEN 'jobs'
    WHEN EXISTS (SELECT FROM audit_seals) AND NOT EXISTS (SELECT FROM audit_seals s
      WHERE s.sealed_at IS NOT NULL AND s.to_position >= ${last}::bigint) THEN 'seal'
    END`;
}

export interface Deleted {
  readonly count: number;
  /** Why nothing was deleted: `unsent`, `deliveries`, `dead_letters`, `jobs`, `seal`; null when nothing holds the rows. */
  readonly held: string | null;
}

/** Deletes rows of an archived day, unless something still needs the day. One row, a `Deleted`. */
export function deleteEventsSql(day: string, positions: Positions, limit: number): SQL {
  const { first, last } = positions;
  return sql`
    WITH held AS MATERIALIZED (SELECT ${heldBy(day, positions)} AS reason), deleted AS (
      DELETE FROM events WHERE position IN (
        SELECT e.position FROM events e
        WHERE e.position BETWEEN ${first}::bigint AND ${last}::bigint AND ${within(sql`e.stored_at`, day)}
          AND (SELECT reason FROM held) IS NULL
        ORDER BY e.position LIMIT ${limit})
        AND NOT EXISTS (SELECT FROM unsent_events u WHERE u.position = events.position)
      RETURNING 1)
    SELECT (SELECT count(*) FROM deleted)::integer AS count, (SELECT reason FROM held) AS held`;
}

/** Deletes entries of other programs of an archived day. One row, a `Deleted`. */
export function deleteEntriesSql(day: string, limit: number): SQL {
  return sql`
    WITH deleted AS (
      DELETE FROM archived_entries WHERE id IN (
        SELECT a.id FROM archived_entries a WHERE ${within(sql`a.archived_at`, day)} ORDER BY a.id LIMIT ${limit})
      RETURNING 1)
    SELECT count(*)::integer AS count, NULL AS held FROM deleted`;
}

export function endDaySql(day: string): SQL {
  return sql`UPDATE archive_days SET deleted_at = now() WHERE day = ${day}::date AND archived_at IS NOT NULL`;
}
