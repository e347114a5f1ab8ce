import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { isoText } from "../db/iso-text.ts";
import { withEntry } from "../db/stream-ids.ts";
import {
  type ForeignDetails,
  type ForeignRow,
  foreignColumns,
  toForeignDetails,
} from "../events/foreign-details.ts";
import { type DetailsRow, detailColumns, type RecordedDetails, toDetails } from "../events/history.ts";

/*
 * Statements of the hash chain. Positions are texts here, as Postgres gives a bigint. They count what was recorded from one
 * on and stay far below 2^53, so `Number` tells them exactly.
 */

/** A row of `audit_seals`. */
export interface Seal {
  readonly day: string;
  readonly from: string;
  readonly to: string;
  readonly cursor: string;
  readonly rows: number;
  readonly blocks: number;
  readonly previous: string;
  readonly root: string;
  readonly sealed_at: string | null;
  readonly announced_at: string | null;
}

const sealColumns = sql`day::text AS day, from_position::text AS "from", to_position::text AS "to",
  cursor_position::text AS cursor, rows::float8 AS rows, blocks, previous, root, ${isoText(sql`sealed_at`)} AS sealed_at,
  ${isoText(sql`announced_at`)} AS announced_at`;

/** Seals, the newest first. @param before a day; null: from the newest on */
export function sealsSql(before: string | null, limit: number): SQL {
  return sql`SELECT ${sealColumns} FROM audit_seals
    WHERE ${before === null ? sql`true` : sql`day < ${before}::date`} ORDER BY day DESC LIMIT ${limit}`;
}

export function toAnnounceSql(limit: number): SQL {
  return sql`SELECT ${sealColumns} FROM audit_seals
    WHERE sealed_at IS NOT NULL AND announced_at IS NULL ORDER BY day LIMIT ${limit}`;
}

export function noteAnnouncedSql(day: string): SQL {
  return sql`UPDATE audit_seals SET announced_at = now() WHERE day = ${day}::date AND announced_at IS NULL`;
}

/** The seal of a day, behind the one before it; that one alone when the day has none. */
export function sealOfSql(day: string): SQL {
  return sql`SELECT ${sealColumns} FROM audit_seals WHERE day <= ${day}::date ORDER BY day DESC LIMIT 2`;
}

export interface NextDay {
  readonly day: string;
  /** Of the first row that no seal has. */
  readonly first: string;
  /** The last position of the day. */
  readonly last: string;
  /** The first undecided entry; null: there is none. */
  readonly undecided: string | null;
}

/**
 * The next day to be sealed, when it ended an hour ago: that of the first row behind the last seal. No row when there is
 * none. Run it behind `throughIndexSql`.
 */
export function nextDaySealedSql(after: Pick<Seal, "day" | "to"> | null): SQL {
  const behind = after?.to ?? "0";
  const earliest = after === null ? sql`NULL::date` : sql`${after.day}::date + 1`;
  const lastOf = (table: SQL, column: SQL) => sql`(SELECT max(position) FROM (SELECT position FROM ${table}
    WHERE ${column} < (d.day + 1)::timestamp AT TIME ZONE 'UTC' ORDER BY ${column} DESC LIMIT 1000) l)`;
  return sql`
    WITH first AS (
      SELECT position, stored_at FROM (
        (SELECT position, stored_at FROM events WHERE position > ${behind}::bigint ORDER BY position LIMIT 1)
        UNION ALL
        (SELECT position, archived_at FROM archived_entries WHERE position > ${behind}::bigint ORDER BY position LIMIT 1)
      ) f ORDER BY position LIMIT 1
    ), d AS (
      SELECT position AS first, greatest((stored_at AT TIME ZONE 'UTC')::date, ${earliest}) AS day FROM first
    )
    SELECT d.day::text AS day, d.first::text AS first,
      greatest(d.first, ${lastOf(sql`events`, sql`stored_at`)}, ${lastOf(sql`archived_entries`, sql`archived_at`)})::text AS last,
      (SELECT min(position) FROM archived_entries WHERE undecided)::text AS undecided
    FROM d WHERE now() >= (d.day + 1)::timestamp AT TIME ZONE 'UTC' + interval '1 hour'`;
}

/** One row; none when another janitor has begun the day. */
export function beginSealSql(seal: Pick<Seal, "day" | "from" | "to" | "previous">): SQL {
  return sql`
    INSERT INTO audit_seals (day, from_position, to_position, cursor_position, previous, root)
    VALUES (${seal.day}::date, ${seal.from}::bigint, ${seal.to}::bigint, ${seal.from}::bigint, ${seal.previous},
      ${seal.previous})
    ON CONFLICT (day) DO NOTHING RETURNING ${sealColumns}`;
}

export interface Block {
  readonly number: number;
  readonly from: string;
  readonly to: string;
  readonly rows: number;
  /** Base64. */
  readonly listing: string;
  readonly hash: string;
}

/** Adds a block and notes how far the seal is; no row when another janitor has gone on with it. */
export function addBlockSql(seal: Seal, block: Block): SQL {
  return sql`
    WITH moved AS (
      UPDATE audit_seals SET cursor_position = ${block.to}::bigint, rows = rows + ${block.rows}::integer,
        blocks = ${block.number}::integer, root = ${block.hash},
        sealed_at = CASE WHEN to_position = ${block.to}::bigint THEN now() END
      WHERE day = ${seal.day}::date AND cursor_position = ${seal.cursor}::bigint AND sealed_at IS NULL
      RETURNING *
    ), added AS (
      INSERT INTO audit_blocks (day, number, from_position, to_position, rows, listing, hash)
      SELECT day, ${block.number}::integer, ${block.from}::bigint, ${block.to}::bigint, ${block.rows}::integer,
        ${block.listing}, ${block.hash} FROM moved
    )
    SELECT ${sealColumns} FROM moved`;
}

export function blocksSql(day: string, after: number, limit: number): SQL {
  return sql`
    SELECT number, from_position::text AS "from", to_position::text AS "to", rows, listing, hash
    FROM audit_blocks WHERE day = ${day}::date AND number > ${after}::integer ORDER BY number LIMIT ${limit}`;
}

/** Rows of one look: few calls for small events, little memory for large ones. */
const pageRows = 1_000;
const pageBytes = 4 * 1_048_576;

type Sized<Row> = Row & { readonly bytes_through: number };

/** What is read of a table. */
interface PageSource {
  readonly table: SQL;
  /** Of `e`, a row of the table. */
  readonly columns: SQL;
  /** How much of a page a row takes, bytes. */
  readonly size: SQL;
  /** What is joined to `e` for its columns; left out: nothing. */
  readonly joined?: SQL;
}

/** The rows behind `from`, up to `to`, as many as are read at once. */
function pageSql({ table, columns, size, joined = sql`` }: PageSource, from: string, to: string): SQL {
  return sql`
    SELECT ${columns}, p.bytes_through::float8 AS bytes_through FROM (
      SELECT c.position, c.bytes, sum(c.bytes) OVER (ORDER BY c.position) AS bytes_through FROM (
        SELECT e.position, ${size} AS bytes FROM ${table} e
        WHERE e.position > ${from}::bigint AND e.position <= ${to}::bigint ORDER BY e.position LIMIT ${pageRows}) c
    ) p JOIN ${table} e ON e.position = p.position ${joined}
    WHERE p.bytes_through - p.bytes < ${pageBytes} ORDER BY e.position`;
}

export type StoredRow = RecordedDetails | ForeignDetails;

/**
 * The rows behind a position, in order, both kinds; up to `to`, or as many as are read at once. `reached`: the position up
 * to which they are all.
 */
export async function readRows(
  db: Pick<Database, "batch">,
  from: string,
  to: string,
): Promise<{ readonly rows: readonly StoredRow[]; readonly reached: string }> {
  const [own, foreign] = (await db.batch([
    pageSql(
      {
        table: sql`events`,
        columns: detailColumns,
        size: sql`octet_length(e.payload::text) + octet_length(e.meta::text)`,
        joined: withEntry,
      },
      from,
      to,
    ),
    pageSql(
      {
        table: sql`archived_entries`,
        columns: foreignColumns,
        size: sql`2 * octet_length(e.raw_fields::text)`,
      },
      from,
      to,
    ),
  ])) as [Sized<DetailsRow>[], Sized<ForeignRow>[]];
  const ends = [own, foreign].flatMap((list) => {
    const last = list.at(-1);
    const isCut = last !== undefined && (list.length >= pageRows || last.bytes_through >= pageBytes);
    return isCut ? [Number(last.position)] : [];
  });
  const reached = Math.min(Number(to), ...ends);
  const rows = [...own.map(toDetails), ...foreign.map(toForeignDetails)]
    .filter(({ position }) => position <= reached)
    .sort((a, b) => a.position - b.position);
  return { rows, reached: String(reached) };
}
