import { sql } from "drizzle-orm";
import type { Database } from "./database.ts";

/** The table in which consumers claim events, as a database has it, whatever a journal of migrations says. */
export interface ClaimTable {
  /** There is a table `processed_events`. */
  readonly exists: boolean;
  /**
   * A unique index over `subscriber_name` and `stream_message_id`, of all rows; null: none, and a message could be
   * applied twice.
   */
  readonly unique: string | null;
  /** The migrations that make both. */
  readonly madeBy: typeof claimTableMigrations;
}

/** The migration of the first BRAiN that made this table and its index, and those of the engine that do so here. */
export const claimTableMigrations = {
  original: "002_event_dedup_stream_message_id",
  engine: ["0000_init", "0004_claims_and_dead_letters"],
} as const;

/**
 * One round trip.
 *
 * @throws {TransientError} Postgres is not reachable
 */
export async function readClaimTable(db: Database): Promise<ClaimTable> {
  const [row] = await db.rows<Pick<ClaimTable, "exists" | "unique">>(sql`
    SELECT to_regclass('processed_events') IS NOT NULL AS "exists",
      (SELECT c.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
       WHERE i.indrelid = to_regclass('processed_events') AND i.indisunique AND i.indisvalid
         AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnkeyatts = 2
         AND ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                   WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:1]) ORDER BY a.attname::text COLLATE "C")
           = ARRAY['stream_message_id', 'subscriber_name']
       ORDER BY c.relname LIMIT 1) AS "unique"`);
  return { exists: row?.exists === true, unique: row?.unique ?? null, madeBy: claimTableMigrations };
}
