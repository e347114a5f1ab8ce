import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { MisplacedShardError } from "../core/errors.ts";
import type { Database } from "../db/database.ts";
import type { RedisDatabases } from "../stream/databases.ts";

/*
 * Which Redis database has the events of a shard: the record remembers it, because the settings may say something else.
 * A relay that believed the settings alone would find an empty stream there, take it for lost, and send all of it again;
 * and two programs with different settings would do so in turns, for ever. So:
 *
 * - before a relay sends to a database other than the first, the shard is noted to be there;
 * - what a stream lacks counts as lost only if the shard is noted to be on the database that was asked;
 * - a drain does not begin, and a comparison is not made, on another database than the noted one.
 *
 * With one database nothing of this costs a call: a shard is on the first one when something was sent and nothing is
 * noted.
 */

/** Number of the database that has a shard; null while nothing was sent. Of a row `r` of `relay_shards`. */
export const recordedNumber = sql.raw(
  "CASE WHEN r.redis_database IS NOT NULL THEN r.redis_database " +
    "WHEN r.sent_number > 0 OR (r.known_ms, r.known_seq) > (0, 0) THEN 1 END",
);

/** True when the record has the shard on another database than `number`. */
export function isElsewhere(shard: SQLWrapper | number, number: number): SQL {
  return sql`EXISTS (SELECT FROM relay_shards r
    WHERE r.shard = ${shard}::integer AND ${recordedNumber} <> ${number}::integer)`;
}

export interface ShardDatabase {
  readonly shard: number;
  /** Null while nothing was sent. */
  readonly number: number | null;
}

/** Rows of `ShardDatabase`. */
export const shardDatabasesSql: SQL = sql`
  SELECT r.shard, ${recordedNumber} AS number FROM relay_shards r ORDER BY r.shard`;

/**
 * What is wrong with the databases of the shards, and what to set, in one line; null when nothing is.
 *
 * @param shards how many are configured
 */
export function describeMisplaced(
  recorded: readonly ShardDatabase[],
  databases: RedisDatabases,
  shards: number,
): string | null {
  const known = new Map(recorded.map(({ shard, number }) => [shard, number]));
  const wanted = Array.from({ length: shards }, (_, shard) => known.get(shard) ?? databases.numberOf(shard));
  const misplaced = [...wanted.keys()].filter((shard) => wanted[shard] !== databases.numberOf(shard));
  if (misplaced.length === 0) return null;
  const numbers = [...new Set(misplaced.map((shard) => wanted[shard] ?? 1))];
  const list = (all: readonly number[]) => all.map(String).join(", ");
  const missing = numbers.filter((number) => number > databases.all.length);
  const advice =
    missing.length > 0
      ? `Put database ${list(missing)} into BRAIN_MORE_REDIS again`
      : `Set BRAIN_SHARD_DATABASES=${wanted.join(",")}, and more shards to use a further database`;
  return `The settings put shard ${list(misplaced)} on another Redis database than the one with the events, which is database ${list(numbers)}: a shard does not move, and its events wait. Nothing is lost. ${advice}.`;
}

interface PlaceDeps {
  readonly db: Database;
  /** Left out: 1. */
  readonly redisNumber?: number;
}

/**
 * @param recorded as `recordedNumber` tells
 * @throws {MisplacedShardError} that is another database than the settings say
 */
export function requireNumber(shard: number, recorded: number | null, number: number): void {
  if (recorded !== null && recorded !== number) throw misplaced(shard, number);
}

/** @throws {MisplacedShardError} the record has the shard on another database than the settings */
export async function requireRecorded({ db, redisNumber = 1 }: PlaceDeps, shard: number): Promise<void> {
  const rows = await db.rows<{ found: boolean }>(sql`SELECT ${isElsewhere(shard, redisNumber)} AS found`);
  if (rows[0]?.found === true) throw misplaced(shard, redisNumber);
}

export function misplaced(shard: number, number: number): MisplacedShardError {
  return new MisplacedShardError(
    `The settings put shard ${shard} on Redis database ${number}, and its events are on another one. Nothing is lost: they wait. Health says what to set.`,
  );
}
