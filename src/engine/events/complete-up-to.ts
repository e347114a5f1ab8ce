import { sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";

/*
 * Positions are given when a row is inserted, and rows are seen when their transaction commits: whoever reads up to the
 * newest position may pass over one that comes in below it. Who may still bring one is known to Postgres: it holds a lock
 * on the table until its end. So the position that was given last is read first, then who holds a lock; once all of these
 * have come to their end, nothing is missing up to there. They last milliseconds, because events are inserted by the last
 * statement of a transaction.
 */

/** Looks at who is left, and the pause between them, ms. */
const looks = 10;
const pauseMs = 20;
/** No handler may take longer, so no transaction that publishes does: see `defineConsumer`. */
const longestTransaction = sql.raw("interval '15 minutes'");

const holdersSql = sql`
  SELECT l.virtualtransaction AS id FROM pg_locks l
  WHERE l.locktype = 'relation' AND l.granted AND l.mode = 'RowExclusiveLock'
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.relation IN ('events'::regclass, 'archived_entries'::regclass)`;

/**
 * A position up to which the record and the entries of other programs are complete: whatever will be seen later stands
 * behind it. While a transaction lasts that has published and does not end, that is what was there before it began.
 *
 * @param db of all tenants
 */
export async function completeUpTo(db: Pick<Database, "rows" | "batch">): Promise<string> {
  const [last, first] = await db.batch([
    sql`SELECT coalesce(pg_sequence_last_value('events_position_seq'::regclass), 0)::text AS position`,
    holdersSql,
  ]);
  const position = (last?.[0] as { position: string } | undefined)?.position ?? "0";
  const ids = ((first ?? []) as { id: string }[]).map(({ id }) => id);
  for (let look = 0; ids.length > 0; look += 1) {
    if (look === looks) return beforeThem(db, ids);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const present = new Set((await db.rows<{ id: string }>(holdersSql)).map(({ id }) => id));
    ids.splice(0, ids.length, ...ids.filter((id) => present.has(id)));
  }
  return position;
}

/** The newest position that was surely given before these transactions began. */
async function beforeThem(db: Pick<Database, "rows">, ids: readonly string[]): Promise<string> {
  const began = sql`(SELECT coalesce(min(a.xact_start), now()) - ${longestTransaction} FROM pg_locks l
    LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.virtualtransaction = ANY(${sql.param([...ids])}::text[]))`;
  const [row] = await db.rows<{ position: string }>(sql`
    SELECT greatest(
      coalesce((SELECT e.position FROM events e WHERE e.stored_at < ${began} ORDER BY e.stored_at DESC LIMIT 1), 0),
      coalesce((SELECT a.position FROM archived_entries a WHERE a.archived_at < ${began}
        ORDER BY a.archived_at DESC LIMIT 1), 0))::text AS position`);
  return row?.position ?? "0";
}
