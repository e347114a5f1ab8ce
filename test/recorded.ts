/** For FROM: the record with where each event is on the stream, which stands in a table of its own; all null until it was sent. */
export const recorded = `(SELECT e.position, e.id, e.type, e.source, e.tenant_id, e.key, e.correlation_id, e.causation_id,
  e.payload, e.occurred_at, e.stored_at, s.shard, s.ms || '-' || s.seq AS stream_message_id, s.sent_at
  FROM events e LEFT JOIN stream_entries s ON s.position = e.position) AS events`;

/** Makes events unsent, as who finds that the stream lost them does. @param which a condition on `events e` */
export const unsend = (which = "true") => `
  WITH lost AS (
    DELETE FROM stream_entries WHERE position IN (SELECT e.position FROM events e WHERE ${which}) RETURNING position
  )
  INSERT INTO unsent_events (position, slot, tenant_id, key)
  SELECT e.position, e.slot, e.tenant_id, e.key FROM events e JOIN lost ON lost.position = e.position`;

/** Notes of the event with the id $1 that it stands on shard 0 under the stream id $2. */
export const noteSent = `
  WITH taken AS (
    DELETE FROM unsent_events WHERE position = (SELECT position FROM events WHERE id = $1::uuid) RETURNING position
  )
  INSERT INTO stream_entries (position, shard, ms, seq, sent_at)
  SELECT position, 0, split_part($2::text, '-', 1)::numeric, split_part($2::text, '-', 2)::numeric, now() FROM taken`;
