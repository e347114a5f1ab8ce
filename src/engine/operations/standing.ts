import { type SQL, sql } from "drizzle-orm";
import { isOfTenant } from "../db/tenant-rows.ts";

/* What waits for somebody or something now, of one tenant or of all: each statement reads through an index of just that. */

/** Row: how many events are not on the stream yet, and for how long the oldest one, ms. @param tenantId null: of all */
export const backlogSql = (tenantId: string | null): SQL => sql`SELECT count(*)::integer AS count,
  floor(extract(epoch FROM now() - (SELECT stored_at FROM events WHERE position = min(u.position))) * 1000)::float8 AS oldest_ms
  FROM unsent_events u WHERE ${isOfTenant(sql`u.tenant_id`, tenantId)}`;

/** Row of `backlogSql`; `oldest_ms` null: nothing waits. */
export interface Backlog {
  readonly count: number;
  readonly oldest_ms: number | null;
}

/** Row: how many dead letters are open. @param tenantId null: of all */
export const openLettersSql = (
  tenantId: string | null,
): SQL => sql`SELECT count(*)::integer AS count FROM dead_letters
  WHERE status = 'open' AND ${isOfTenant(sql`tenant_id`, tenantId)}`;

/** New dead letters are counted up to this; more are as many. */
const countedNewLetters = 10_000;

/** Row: how many of the open ones came within the last `lastMs`. @param tenantId null: of all */
export const newLettersSql = (
  tenantId: string | null,
  lastMs: number,
): SQL => sql`SELECT count(*)::integer AS count FROM (
    SELECT FROM dead_letters WHERE status = 'open' AND last_failed_at > now() - ${lastMs}::float8 * interval '1 millisecond'
      AND ${isOfTenant(sql`tenant_id`, tenantId)}
    LIMIT ${countedNewLetters}::integer) AS newest`;
