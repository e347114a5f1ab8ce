-- What the relay asks of Postgres, as functions. Postgres plans a statement that comes by itself anew each time, which
-- took longer than to run it: for a lone event 2.1 and 1.8 ms of processor time for the two requests of a pass, against
-- 0.5 and 0.3. The statements of a function are planned once in a session, behind any pooler and over HTTP.
--
-- A release that changes one gives it another name: the release before still calls this one.
--
-- Rows are always found through an index, and in its order. A table that is new, or grew since it was last analyzed,
-- makes the planner read all of it for each batch: measured 33 µs a row instead of 3 for `relay_load` on a table of
-- 20,000, and for `relay_take` a bitmap of all unsent rows, measured and sorted, instead of the first 1,000. And a plan
-- that is kept must not be one for the table as it was.

-- The batch in flight, in stream order; the first row has what the relay must know of it as JSON text in "head", for the
-- others it is null. No rows when there is none or the lease is lost.
CREATE FUNCTION relay_load(p_shard integer, p_token uuid)
RETURNS TABLE (head text, id text, type text, source text, target text, payload text, "timestamp" text, meta text,
  mission_id text, task_id text, correlation_id text, tenant_id text, actor_id text, severity text)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT CASE WHEN b.place = 1 THEN json_build_object(
      -- A release that gave ids ahead gave no numbers: its batch, told by its ids, has the next one.
      'number', r.batch_number + CASE WHEN r.batch_ms IS NULL THEN 0 ELSE 1 END, 'after', r.sent_number,
      'known_last', r.known_ms || '-' || r.known_seq,
      -- False when the janitor trimmed that entry: then nobody can tell by it whether the stream is whole.
      'known_there', (r.known_ms, r.known_seq) > (r.trimmed_ms, r.trimmed_seq),
      -- The event that was sent under that id; null when the record no longer has it.
      'known_event', (SELECT s.id FROM events s WHERE s.shard = r.shard AND s.stream_message_id IS NOT NULL
        AND (split_part(s.stream_message_id, '-', 1)::numeric, split_part(s.stream_message_id, '-', 2)::numeric)
          = (r.known_ms, r.known_seq) LIMIT 1),
      'now_ms', floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint::text,
      'floor', CASE WHEN (r.last_ms, r.last_seq) > (r.trimmed_ms, r.trimmed_seq)
        THEN r.last_ms || '-' || r.last_seq ELSE r.trimmed_ms || '-' || r.trimmed_seq END,
      'lane', r.id_lane, 'earlier', r.batch_ms || '-' || r.batch_seq)::text END,
    e.id::text, e.type::text, e.source::text, e.target::text, e.payload::text,
    to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    (e.meta || jsonb_build_object('position', e.position))::text,
    e.mission_id::text, e.task_id::text, e.correlation_id::text, e.tenant_id::text, e.actor_id::text, e.severity::text
  FROM relay_shards r
  CROSS JOIN LATERAL unnest(r.batch_positions) WITH ORDINALITY AS b(position, place)
  JOIN events e ON e.position = b.position
  WHERE r.shard = p_shard AND r.lease_token = p_token
  ORDER BY b.place;
END $$;--> statement-breakpoint

-- Chooses the next unsent rows of the shard and stores them with the next number as the batch in flight, unless there is
-- one. As many rows as fit below both bounds; a single row is always taken. Rows are chosen by state, never by "greater
-- than the last": a row of a long transaction becomes visible late. Nothing is chosen while the number of shards changes.
-- Whoever calls it holds the lock of the layout, taken by a statement before, so that this one sees what was committed
-- when the lock was granted.
--
-- With several shards the index lists the rows of all, and those of other shards are passed over: of 20,000 unsent rows
-- the first 1,000 take 4 ms on one shard and 8 ms on one of four. An index that begins with the shard would have to be
-- built anew when their number changes.
CREATE FUNCTION relay_take(p_shard integer, p_token uuid, p_max_count integer, p_max_bytes integer) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  WITH mine AS (
    SELECT r.shard, l.shards
    FROM relay_shards r JOIN relay_layout l ON l.id = 1
    WHERE r.shard = p_shard AND r.lease_token = p_token AND r.batch_positions IS NULL
      AND l.target IS NULL AND r.shard < l.shards
  ), candidates AS (
    SELECT e.position, octet_length(e.payload::text) + octet_length(e.meta::text) AS bytes
    FROM events e
    WHERE e.sent_at IS NULL AND e.slot % (SELECT shards FROM mine) = p_shard AND EXISTS (SELECT FROM mine)
    ORDER BY e.position LIMIT p_max_count
  ), bounded AS (
    SELECT position, sum(bytes) OVER (ORDER BY position) - bytes AS bytes_before FROM candidates
  ), chosen AS (
    SELECT array_agg(position ORDER BY position) AS positions FROM bounded WHERE bytes_before < p_max_bytes
  )
  UPDATE relay_shards r SET batch_positions = chosen.positions, batch_number = batch_number + 1
  FROM mine, chosen
  WHERE r.shard = mine.shard AND chosen.positions IS NOT NULL;
END $$;--> statement-breakpoint

-- Notes on the rows of a batch that they were sent, the first one under the id `p_ms`-`p_seq`, and ends it: its last id
-- becomes the shard's. Does nothing when that batch is no longer in flight.
CREATE FUNCTION relay_end(p_shard integer, p_number bigint, p_ms numeric, p_seq numeric) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  UPDATE events e
  SET sent_at = now(), shard = p_shard, stream_message_id = p_ms::text || '-' || (p_seq + b.place - 1)
  FROM (
    SELECT u.position, u.place
    FROM relay_shards r CROSS JOIN LATERAL unnest(r.batch_positions) WITH ORDINALITY AS u(position, place)
    WHERE r.shard = p_shard AND r.batch_positions IS NOT NULL
      AND r.batch_number + CASE WHEN r.batch_ms IS NULL THEN 0 ELSE 1 END = p_number
  ) b
  WHERE e.position = b.position;
  UPDATE relay_shards r
  SET last_ms = p_ms, last_seq = p_seq + cardinality(batch_positions) - 1,
    known_ms = p_ms, known_seq = p_seq + cardinality(batch_positions) - 1,
    batch_number = p_number, sent_number = p_number, batch_positions = NULL, batch_ms = NULL, batch_seq = NULL
  WHERE r.shard = p_shard AND r.batch_positions IS NOT NULL
    AND r.batch_number + CASE WHEN r.batch_ms IS NULL THEN 0 ELSE 1 END = p_number;
END $$;--> statement-breakpoint

-- Takes the lease of a shard when it is free, over, or already ours; otherwise leaves the mark. A batch that is in flight
-- then may have been appended by whoever was last, so it gets another lane of ids. With the lease comes the next batch,
-- the rows of `relay_load`; when there is none, the lease is let go at once unless it is kept. Makes the row of the
-- layout when there is none: a new system begins with `p_shards`, one that has been sending goes on with what it had.
--
-- The last row has JSON text in "head": "acquired", "held" (the lease is still ours), "free_in_ms" (until the lease
-- ends), "first_mark" (true for whoever set the mark), "shards" and "target" of the layout, "was_failing" (a failure of
-- this relay was noted and no success since).
CREATE FUNCTION relay_begin(p_shard integer, p_token uuid, p_lease_ms integer, p_shards integer, p_max_count integer,
  p_max_bytes integer, p_keep boolean)
RETURNS TABLE (head text, id text, type text, source text, target text, payload text, "timestamp" text, meta text,
  mission_id text, task_id text, correlation_id text, tenant_id text, actor_id text, severity text)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  lease record;
  holds boolean;
BEGIN
  -- Shared until the end of the transaction by whoever chooses rows; a change of the layout waits for it alone.
  PERFORM pg_advisory_xact_lock_shared(1918985580, 1);
  INSERT INTO relay_layout (id, shards)
  SELECT 1, coalesce((SELECT max(shard) + 1 FROM relay_shards), p_shards)
  WHERE NOT EXISTS (SELECT FROM relay_layout)
  ON CONFLICT (id) DO NOTHING;
  WITH before AS (SELECT marked FROM relay_shards WHERE shard = p_shard)
  INSERT INTO relay_shards AS r (shard, lease_token, lease_until)
  VALUES (p_shard, p_token, now() + p_lease_ms * interval '1 millisecond')
  ON CONFLICT (shard) DO UPDATE SET
    lease_token = CASE WHEN r.lease_token IS NULL OR r.lease_until <= now() OR r.lease_token = p_token
      THEN excluded.lease_token ELSE r.lease_token END,
    lease_until = CASE WHEN r.lease_token IS NULL OR r.lease_until <= now() OR r.lease_token = p_token
      THEN excluded.lease_until ELSE r.lease_until END,
    marked = NOT (r.lease_token IS NULL OR r.lease_until <= now() OR r.lease_token = p_token),
    id_lane = CASE WHEN (r.lease_token IS NULL OR r.lease_until <= now() OR r.lease_token = p_token)
      AND r.batch_positions IS NOT NULL THEN (r.id_lane + 1) % 1000 ELSE r.id_lane END
  RETURNING lease_token = p_token AS acquired,
    ceil(extract(epoch FROM lease_until - now()) * 1000)::integer AS free_in_ms,
    NOT coalesce((SELECT marked FROM before), false) AS first_mark,
    (SELECT l.shards FROM relay_layout l) AS shards, (SELECT l.target FROM relay_layout l) AS target,
    EXISTS (SELECT FROM failing_work w WHERE w.work = 'relay:' || p_shard) AS was_failing
  INTO lease;
  holds := lease.acquired;
  IF holds THEN
    PERFORM relay_take(p_shard, p_token, p_max_count, p_max_bytes);
    RETURN QUERY SELECT * FROM relay_load(p_shard, p_token);
    IF NOT FOUND AND NOT p_keep THEN
      UPDATE relay_shards SET lease_token = NULL, lease_until = NULL
      WHERE shard = p_shard AND lease_token = p_token AND batch_positions IS NULL AND NOT marked;
      holds := NOT FOUND;
    END IF;
  END IF;
  head := json_build_object('acquired', lease.acquired, 'held', holds, 'free_in_ms', lease.free_in_ms,
    'first_mark', lease.first_mark, 'shards', lease.shards, 'target', lease.target, 'was_failing', lease.was_failing);
  RETURN NEXT;
END $$;--> statement-breakpoint

-- `relay_end` for the batch `p_number`, unless that is null; then the lease for another round and the next batch, the
-- rows of `relay_load`. When there is none and nobody left a mark, the lease is let go. The last row has JSON text in
-- "head": "held", whether it is not.
CREATE FUNCTION relay_next(p_shard integer, p_token uuid, p_number bigint, p_ms numeric, p_seq numeric,
  p_lease_ms integer, p_max_count integer, p_max_bytes integer)
RETURNS TABLE (head text, id text, type text, source text, target text, payload text, "timestamp" text, meta text,
  mission_id text, task_id text, correlation_id text, tenant_id text, actor_id text, severity text)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
  PERFORM pg_advisory_xact_lock_shared(1918985580, 1);
  IF p_number IS NOT NULL THEN
    PERFORM relay_end(p_shard, p_number, p_ms, p_seq);
  END IF;
  UPDATE relay_shards SET lease_until = now() + p_lease_ms * interval '1 millisecond'
  WHERE shard = p_shard AND lease_token = p_token;
  PERFORM relay_take(p_shard, p_token, p_max_count, p_max_bytes);
  RETURN QUERY SELECT * FROM relay_load(p_shard, p_token);
  UPDATE relay_shards SET lease_token = NULL, lease_until = NULL
  WHERE shard = p_shard AND lease_token = p_token AND batch_positions IS NULL AND NOT marked;
  head := json_build_object('held', NOT FOUND);
  RETURN NEXT;
END $$;
