import { sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { ensureLayoutSql } from "./layout-sql.ts";
import { misplaced, recordedNumber } from "./shard-databases.ts";

/** Shards that are noted to be where the settings of this isolate have them, by system. They do not move. */
const isolateNoted = new Set<string>();

/**
 * Notes that a shard is on its database, before anything is sent there; once in an isolate, and never for the first
 * database.
 *
 * @throws {MisplacedShardError} the record has it on another one
 */
export async function noteShardDatabase(
  {
    db,
    scope,
    publish,
  }: { readonly db: Database; readonly scope: string; readonly publish: { readonly shards: number } },
  shard: number,
  number: number,
): Promise<void> {
  const place = `${scope}/${shard}/${number}`;
  if (number === 1 || isolateNoted.has(place)) return;
  const [, rows] = await db.batch([
    // Before the row: a new layout is made of what rows there are.
    ensureLayoutSql(publish.shards),
    sql`
      INSERT INTO relay_shards AS r (shard, redis_database) VALUES (${shard}::integer, ${number}::integer)
      ON CONFLICT (shard) DO UPDATE SET redis_database = ${number}::integer
      WHERE coalesce(${recordedNumber}, ${number}::integer) = ${number}::integer
      RETURNING r.shard`,
  ]);
  if ((rows ?? []).length === 0) throw misplaced(shard, number);
  isolateNoted.add(place);
}
