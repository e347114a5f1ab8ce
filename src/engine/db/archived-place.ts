import { type SQL, sql } from "drizzle-orm";

/**
 * The id under which an entry `g` of another program is kept: its message id, or `beside` when another entry is kept there.
 * The same entry is told by its event's id, or by all that it holds.
 *
 * @param stream its name
 */
export function archivedPlace(stream: SQL): SQL {
  return sql`CASE WHEN EXISTS (SELECT FROM archived_entries o
      WHERE o.stream_name = ${stream} AND o.stream_message_id = g.stream_message_id
        AND o.event_id IS DISTINCT FROM g.event_id AND o.raw_fields <> g.raw_fields)
    THEN g.beside ELSE g.stream_message_id END`;
}
