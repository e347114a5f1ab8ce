import { type SQL, sql } from "drizzle-orm";

/**
 * The hash slot of a key, 0 to 65,535, from a column or an expression: events with one key have one, and a shard has the
 * hash slots that are its number modulo the number of shards. Stored in rows, so it never changes.
 */
export function hashSlotOf(key: SQL): SQL {
  return sql`('x' || left(md5(${key}), 4))::bit(16)::integer`;
}
