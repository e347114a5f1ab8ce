import { type SQL, sql } from "drizzle-orm";
import { hashSlotOf } from "../db/hash-slots.ts";
import { keepSql } from "../db/kept-sql.ts";
import { numberedLock } from "../db/locks.ts";
import { recordedNumber } from "./shard-databases.ts";

/** How many shards the relay sends to. */
export interface Layout {
  readonly shards: number;
  /** The number to come; while it is not null nothing is sent. */
  readonly target: number | null;
}

/**
 * Whoever chooses rows for a shard holds the layout shared until the end of its transaction: the functions `relay_begin`
 * and `relay_next` take this lock. An advisory lock and not one on the row: it writes nothing, and a waiting change has its
 * turn however many relays come after it.
 *
 * @see https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
 */
const layoutLock = numberedLock("publishing", 1);

/** Waits until nobody is choosing rows, and keeps others from it until the end of the transaction. */
export const lockLayoutSql: SQL = sql`SELECT pg_advisory_xact_lock(${layoutLock})`;

/**
 * Makes the row of the layout when there is none. A new system begins with the configured number of shards; one that
 * has been sending goes on with what it had, and gets more by `reshard` only.
 */
export const ensureLayoutSql = keepSql<[configured: number]>(
  (configured) => sql`
    INSERT INTO relay_layout (id, shards)
    SELECT 1, coalesce((SELECT max(shard) + 1 FROM relay_shards), ${configured}::integer)
    WHERE NOT EXISTS (SELECT FROM relay_layout)
    ON CONFLICT (id) DO NOTHING`,
);

/** The layout, and how far the relay came on each shard in use. */
export interface LayoutState extends Layout {
  /** Another one after each change of the row. */
  readonly version: string;
  /** Since the last change of the row, ms. */
  readonly age_ms: number;
  readonly sent: readonly {
    readonly shard: number;
    readonly in_flight: boolean;
    /** The last id known to be in the stream; `0-0` when nothing was sent. */
    readonly known_last: string;
    /** Of its Redis database; null while nothing was sent. */
    readonly number: number | null;
  }[];
}

/** One row, a `LayoutState`. */
export const layoutStateSql: SQL = sql`
  SELECT l.shards, l.target, l.changed_at::text AS version,
    floor(extract(epoch FROM clock_timestamp() - l.changed_at) * 1000)::float8 AS age_ms,
    (SELECT coalesce(json_agg(json_build_object('shard', r.shard, 'in_flight', r.batch_positions IS NOT NULL,
        'known_last', r.known_ms || '-' || r.known_seq, 'number', ${recordedNumber}) ORDER BY r.shard), '[]')
      FROM relay_shards r WHERE r.shard < l.shards) AS sent
  FROM relay_layout l WHERE l.id = 1`;

/** Grows with each change, also when the clock stands still or goes back. */
const nextVersion = sql`greatest(clock_timestamp(), changed_at + interval '1 millisecond')`;

/** Stops the relay for a change to more shards, or lets it go on when the number in use is the configured one again. */
export function aimSql(configured: number): SQL {
  return sql`
    UPDATE relay_layout SET target = nullif(${configured}::integer, shards), changed_at = ${nextVersion}
    WHERE shards <= ${configured}::integer AND target IS DISTINCT FROM nullif(${configured}::integer, shards)`;
}

/**
 * Hands what is deferred for a key to the drain that will get the key's next events: the one of `slot % shards`. Does
 * nothing when the layout is another one by now; behind `lockLayoutSql`.
 *
 * @param target of the layout; null: the one without
 */
export function moveDeferredSql(shards: number, target: number | null): SQL {
  const shard = sql`${hashSlotOf(sql`key`)} % ${shards}::integer`;
  return sql`
    UPDATE deliveries SET shard = ${shard}
    WHERE key IS NOT NULL AND shard <> ${shard}
      AND EXISTS (SELECT FROM relay_layout WHERE target IS NOT DISTINCT FROM ${target}::integer)`;
}

/** Completes the change, if nothing was changed since `version` and nothing is in flight; one row when it did. */
export function switchSql(configured: number, version: string): SQL {
  return sql`
    UPDATE relay_layout SET shards = target, target = NULL, changed_at = ${nextVersion}
    WHERE target = ${configured}::integer AND changed_at = ${version}::timestamptz
      AND NOT EXISTS (SELECT FROM relay_shards WHERE batch_positions IS NOT NULL)
    RETURNING shards`;
}
