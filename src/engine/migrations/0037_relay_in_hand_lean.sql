-- `relay_load` of `relay_in_hand`, which of events in hand says the id and the position alone: "payload" is null and "meta"
-- the position, as before, and what else stood in their rows was made text, carried over and read by nobody.
CREATE OR REPLACE FUNCTION relay_load(p_shard integer, p_token uuid)
RETURNS TABLE (head text, id text, type text, source text, target text, payload text, "timestamp" text, meta text,
  mission_id text, task_id text, correlation_id text, tenant_id text, actor_id text, severity text)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  in_hand bigint[] := string_to_array(nullif(current_setting('brain.in_hand', true), ''), ',')::bigint[];
BEGIN
  RETURN QUERY
  SELECT CASE WHEN b.place = 1 THEN json_build_object(
      -- A release that gave ids ahead gave no numbers: its batch, told by its ids, has the next one.
      'number', r.batch_number + CASE WHEN r.batch_ms IS NULL THEN 0 ELSE 1 END, 'after', r.sent_number,
      'known_last', r.known_ms || '-' || r.known_seq,
      -- False when the janitor trimmed that entry: then nobody can tell by it whether the stream is whole.
      'known_there', (r.known_ms, r.known_seq) > (r.trimmed_ms, r.trimmed_seq),
      -- The event that was sent under that id; null when the record no longer has it.
      'known_event', (SELECT k.id FROM stream_entries s
        CROSS JOIN LATERAL (SELECT e.id FROM events e WHERE e.position = s.position LIMIT 1) k
        WHERE s.shard = r.shard AND (s.ms, s.seq) = (r.known_ms, r.known_seq) LIMIT 1),
      'now_ms', floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint::text,
      'floor', CASE WHEN (r.last_ms, r.last_seq) > (r.trimmed_ms, r.trimmed_seq)
        THEN r.last_ms || '-' || r.last_seq ELSE r.trimmed_ms || '-' || r.trimmed_seq END,
      'lane', r.id_lane, 'earlier', r.batch_ms || '-' || r.batch_seq)::text END,
    e.id::text, l.type::text, l.source::text, l.target::text, l.payload::text,
    to_char(l.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    CASE WHEN l.position IS NULL THEN e.position::text
      ELSE (l.meta || jsonb_build_object('position', e.position))::text END,
    l.mission_id::text, l.task_id::text, l.correlation_id::text, l.tenant_id::text, l.actor_id::text, l.severity::text
  FROM relay_shards r
  CROSS JOIN LATERAL unnest(r.batch_positions) WITH ORDINALITY AS b(position, place)
  JOIN events e ON e.position = b.position
  -- What is not in hand: else nulls.
  LEFT JOIN LATERAL (SELECT e.*) l ON in_hand IS NULL OR e.xmin::text::bigint <> ALL(in_hand)
  WHERE r.shard = p_shard AND r.lease_token = p_token
  ORDER BY b.place;
END $$;
