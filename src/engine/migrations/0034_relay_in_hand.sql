-- What the relay asks with each pass, for who has in hand what it has recorded just now. An isolate that publishes a
-- thousand events and relays them has them in its memory; to make texts of them again, carry these over and read them took
-- longer than to store them. So it names the transactions whose events it has, and gets of those the id and the position.
--
-- With `p_rides` it is the transaction that records that asks, behind its insert: events are recorded, chosen and handed to
-- the relay by one request, and they are among what is in hand. It never waits for another relay then, and leaves no mark:
-- what it does not get at once is left to the run that is started behind its commit.

-- As before, but for events of the transactions that `brain.in_hand` names (the low 32 bits of their numbers, as in `xmin`,
-- with commas between them; set for a transaction): of those "payload" is null, and "meta" is the position alone.
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
    e.id::text, e.type::text, e.source::text, e.target::text, CASE WHEN h.here THEN NULL ELSE e.payload::text END,
    to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    CASE WHEN h.here THEN e.position::text ELSE (e.meta || jsonb_build_object('position', e.position))::text END,
    e.mission_id::text, e.task_id::text, e.correlation_id::text, e.tenant_id::text, e.actor_id::text, e.severity::text
  FROM relay_shards r
  CROSS JOIN LATERAL unnest(r.batch_positions) WITH ORDINALITY AS b(position, place)
  JOIN events e ON e.position = b.position
  CROSS JOIN LATERAL (SELECT in_hand IS NOT NULL AND e.xmin::text::bigint = ANY(in_hand) AS here) h
  WHERE r.shard = p_shard AND r.lease_token = p_token
  ORDER BY b.place;
END $$;--> statement-breakpoint

-- Makes known what is in hand, and of a transaction that records its own events, too. False when that would have to wait for
-- the lease, or does not have it: `p_token` null asks for one that is free.
CREATE FUNCTION relay_hold(p_shard integer, p_token uuid, p_in_hand text, p_rides boolean) RETURNS boolean
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  IF p_rides THEN
    IF NOT pg_try_advisory_xact_lock_shared(1918985580, 1) THEN
      RETURN false;
    END IF;
    PERFORM FROM relay_shards r WHERE r.shard = p_shard
      AND CASE WHEN p_token IS NULL THEN r.lease_token IS NULL OR r.lease_until <= now() ELSE r.lease_token = p_token END
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
      RETURN false;
    END IF;
    p_in_hand := concat_ws(',', nullif(p_in_hand, ''), pg_current_xact_id()::xid::text);
  END IF;
  PERFORM set_config('brain.in_hand', p_in_hand, true);
  RETURN true;
END $$;--> statement-breakpoint

-- `relay_begin`; no rows at all when `relay_hold` says no.
CREATE FUNCTION relay_begin_in_hand(p_shard integer, p_token uuid, p_lease_ms integer, p_shards integer,
  p_max_count integer, p_max_bytes integer, p_keep boolean, p_in_hand text, p_rides boolean)
RETURNS TABLE (head text, id text, type text, source text, target text, payload text, "timestamp" text, meta text,
  mission_id text, task_id text, correlation_id text, tenant_id text, actor_id text, severity text)
LANGUAGE plpgsql
AS $$
BEGIN
  IF relay_hold(p_shard, NULL, p_in_hand, p_rides) THEN
    RETURN QUERY SELECT * FROM relay_begin(p_shard, p_token, p_lease_ms, p_shards, p_max_count, p_max_bytes, p_keep);
  END IF;
END $$;--> statement-breakpoint

-- `relay_go_on`; no rows at all when `relay_hold` says no.
CREATE FUNCTION relay_go_on_in_hand(p_shard integer, p_token uuid, p_number bigint, p_ms numeric, p_seq numeric,
  p_foreign_ms numeric, p_foreign_seq numeric, p_lease_ms integer, p_max_count integer, p_max_bytes integer,
  p_fairly boolean, p_in_hand text, p_rides boolean)
RETURNS TABLE (head text, id text, type text, source text, target text, payload text, "timestamp" text, meta text,
  mission_id text, task_id text, correlation_id text, tenant_id text, actor_id text, severity text)
LANGUAGE plpgsql
AS $$
BEGIN
  IF relay_hold(p_shard, p_token, p_in_hand, p_rides) THEN
    RETURN QUERY SELECT * FROM relay_go_on(p_shard, p_token, p_number, p_ms, p_seq, p_foreign_ms, p_foreign_seq,
      p_lease_ms, p_max_count, p_max_bytes, p_fairly);
  END IF;
END $$;
