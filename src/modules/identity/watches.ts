import type { AlertWatch } from "@brain/engine";
import { sql } from "drizzle-orm";

/**
 * Keys that end soon and are in use. One that lives no longer than twice the notice is meant to be short, and nobody is
 * told.
 *
 * @param days the notice
 */
export function endingKeys(days: number): AlertWatch {
  const notice = sql`${days}::integer * interval '1 day'`;
  return {
    kinds: ["key_ends"],
    seen: sql`
      SELECT 'key_ends', id, CASE WHEN expires_at < now() + ${notice} / 7 THEN 'high' ELSE 'warning' END,
        format('The key %s (%s) ends at %s. Make another one for whoever uses it, or let it end: charter keys show %s',
          id, name, to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), id),
        tenant_id, '{}'::text[]
      FROM identity_keys
      WHERE revoked_at IS NULL AND expires_at > now() AND expires_at < now() + ${notice}
        AND expires_at - created_at > 2 * ${notice} AND last_used_at IS NOT NULL
      ORDER BY expires_at LIMIT 100`,
  };
}
