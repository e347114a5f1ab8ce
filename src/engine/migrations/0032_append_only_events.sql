-- `events` is only appended to. That a row was sent, and under which id, is no longer noted in it: each such UPDATE wrote
-- a wide row again and an entry in all of its indexes. What is not sent stands in `unsent_events`, what was sent in
-- `stream_entries`.
--
-- 100,000 events that are published and relayed in batches of 1,000 (PostgreSQL 18) make the log of Postgres grow by 211 MB
-- instead of 355, and `events` with its indexes by 105 MB instead of 212; the two tables are 18 MB then. To note a batch as
-- sent takes 6.3 ms instead of 38. To insert, choose and load one takes as long as before.
--
-- For 1,000,000 rows it takes 6 s on a busy machine of two cores, in which nobody can publish or read events.
--
-- The release before, beside this one or after going back, calls the same functions for each pass, which have new bodies,
-- and inserts into `events`, where a trigger puts its rows into `unsent_events`. So it publishes, relays and drains as
-- ever. What it says itself about the columns `sent_at`, `shard` and `stream_message_id` of `events`:
--
-- - All that it inserts has a time in `sent_at` by default, and what was unsent gets one here. So it sees nothing as
--   unsent: neither a false alarm nor a true one of a backlog. It would otherwise take every event for unsent.
-- - Rows that were sent before keep what they have there, with the two indexes, so it finds these as quickly as ever. Rows
--   sent since have no stream id there. Its comparison of record and stream, of claims, and what it restores when Redis
--   lost data pass them over; this release's comparison looks at the whole stream once more and sends again what is missing.
--   What somebody acked in a group of ours, or trimmed unread, and the release before has looked at meanwhile is not looked
--   at again: a consumer that missed events by it gets them by a replay.
-- - What it makes unsent, or notes as sent, by itself is carried over by a trigger: `requeueLostSql` for rows that were sent
--   before, and the pass of a worker that had begun when this migration came.
-- - It archives and deletes what is old by `sent_at`; rows of its age were sent, or the relay has stood still for 90 days.
-- - Its audit log takes entries of ours for foreign ones and keeps copies of them, undecided, so its search shows these events
--   twice; the janitor of this release removes them. A replay that it runs over rows sent since fails at the stream id that is
--   null, and can be continued by this release.
-- - Its webhooks and its export wait: they go by the stream ids in `events`. Their cursors stay where they are, so this
--   release goes on from there, and nothing is left out.
--
-- The record loses nothing by it, and what is sent twice has one effect. A later migration drops the columns, their indexes and the
-- trigger `events_noted`.

-- No relay is in the middle of a pass, and none begins one; and nobody else writes or reads until the end. Both tables are
-- locked here, or neither: a later migration alters "relay_shards" in the same transaction, and who reads that table together
-- with "events", as the job of webhooks does, would wait for us with the one while we wait for the other, until Postgres ends
-- one of us. Whoever is in the way of the second lock gets both back before Postgres looks for a deadlock (after 1 s), and we
-- ask again. After a minute we wait in line.
DO $$
DECLARE
  patience text := current_setting('lock_timeout');
BEGIN
  FOR try IN 1..200 LOOP
    BEGIN
      PERFORM set_config('lock_timeout', CASE WHEN try < 200 THEN '250ms' ELSE patience END, true);
      PERFORM pg_advisory_xact_lock(1918985580, 1);
      LOCK TABLE "relay_shards", "events" IN ACCESS EXCLUSIVE MODE;
      EXIT;
    EXCEPTION WHEN lock_not_available THEN
      IF try = 200 THEN
        RAISE;
      END IF;
      PERFORM pg_sleep(0.05);
    END;
  END LOOP;
  PERFORM set_config('lock_timeout', patience, true);
END $$;--> statement-breakpoint
CREATE TABLE "stream_entries" (
	"position" bigint NOT NULL,
	"shard" integer NOT NULL,
	"ms" numeric(20, 0) NOT NULL,
	"seq" numeric(20, 0) NOT NULL,
	"sent_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "unsent_events" (
	"position" bigint NOT NULL,
	"slot" integer NOT NULL,
	"tenant_id" varchar(100),
	"key" varchar(255)
) WITH (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);
--> statement-breakpoint
INSERT INTO "unsent_events" ("position", "slot", "tenant_id", "key")
SELECT "position", "slot", "tenant_id", "key" FROM "events" WHERE sent_at IS NULL ORDER BY "position";--> statement-breakpoint
INSERT INTO "stream_entries" ("position", "shard", "ms", "seq", "sent_at")
SELECT "position", coalesce("shard", 0), split_part("stream_message_id", '-', 1)::numeric, split_part("stream_message_id", '-', 2)::numeric, "sent_at"
FROM "events" WHERE sent_at IS NOT NULL AND stream_message_id IS NOT NULL ORDER BY "position";--> statement-breakpoint
UPDATE "events" SET "sent_at" = now() WHERE sent_at IS NULL;--> statement-breakpoint
ALTER TABLE "unsent_events" ADD PRIMARY KEY ("position");--> statement-breakpoint
ALTER TABLE "stream_entries" ADD PRIMARY KEY ("position");--> statement-breakpoint
CREATE INDEX "stream_entries_id_idx" ON "stream_entries" USING btree ("shard","ms","seq");--> statement-breakpoint
ALTER TABLE "events" ALTER COLUMN "sent_at" SET DEFAULT now();--> statement-breakpoint
ALTER TABLE "stream_entries" ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE "unsent_events" ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY "all_rows" ON "stream_entries" AS PERMISSIVE FOR ALL TO public USING (true);
--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "stream_entries" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "events" owner WHERE owner."position" = "stream_entries"."position")) WITH CHECK (EXISTS (SELECT FROM "events" owner WHERE owner."position" = "stream_entries"."position"));
--> statement-breakpoint
CREATE POLICY "all_rows" ON "unsent_events" AS PERMISSIVE FOR ALL TO public USING (true);
--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "unsent_events" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));
--> statement-breakpoint
GRANT SELECT, INSERT ON "unsent_events" TO "brain_tenant";--> statement-breakpoint
GRANT SELECT ON "stream_entries" TO "brain_tenant";--> statement-breakpoint

-- Queues what is inserted, whoever inserts it, also what the release before does. A row that comes with the stream id of the
-- release before, out of a backup, was sent. For a lone event and for a thousand it costs less than what an insert takes
-- longer from one time to the next (0.72 ms, 52 ms, on a busy machine); so the statements that insert need not do it.
CREATE FUNCTION queue_events() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  INSERT INTO unsent_events (position, slot, tenant_id, key)
  SELECT a.position, a.slot, a.tenant_id, a.key FROM added a WHERE a.stream_message_id IS NULL;
  IF EXISTS (SELECT FROM added a WHERE a.stream_message_id IS NOT NULL) THEN
    INSERT INTO stream_entries (position, shard, ms, seq, sent_at)
    SELECT a.position, coalesce(a.shard, 0), split_part(a.stream_message_id, '-', 1)::numeric,
      split_part(a.stream_message_id, '-', 2)::numeric, coalesce(a.sent_at, now())
    FROM added a WHERE a.stream_message_id IS NOT NULL;
  END IF;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "events_queued" AFTER INSERT ON "events" REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION queue_events();--> statement-breakpoint

-- What is said of an event goes with it.
CREATE FUNCTION forget_events() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  DELETE FROM stream_entries s USING gone g WHERE s.position = g.position;
  DELETE FROM unsent_events u USING gone g WHERE u.position = g.position;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "events_forgotten" AFTER DELETE ON "events" REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION forget_events();--> statement-breakpoint
CREATE FUNCTION forget_all_events() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  -- Not TRUNCATE, which may have been asked of them by the same statement.
  DELETE FROM stream_entries;
  DELETE FROM unsent_events;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "events_all_forgotten" AFTER TRUNCATE ON "events"
FOR EACH STATEMENT EXECUTE FUNCTION forget_all_events();--> statement-breakpoint

-- Carries over what the release before notes in `events` by itself. An id that is not the one under which the event was sent
-- last says nothing. Before the row is written, so that no row stays without a time there: nobody would give it one when it is
-- sent, and the release before would take it for unsent from then on. (What Postgres generates, as the slot, is not in NEW yet.)
CREATE FUNCTION note_of_release_before() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF NEW.stream_message_id IS NULL THEN
    DELETE FROM stream_entries s WHERE s.position = NEW.position AND s.ms || '-' || s.seq = OLD.stream_message_id;
    IF FOUND THEN
      INSERT INTO unsent_events (position, slot, tenant_id, key)
      VALUES (OLD.position, OLD.slot, OLD.tenant_id, OLD.key) ON CONFLICT (position) DO NOTHING;
    END IF;
  ELSE
    DELETE FROM unsent_events u WHERE u.position = NEW.position;
    IF FOUND THEN
      INSERT INTO stream_entries (position, shard, ms, seq, sent_at)
      VALUES (NEW.position, NEW.shard, split_part(NEW.stream_message_id, '-', 1)::numeric,
        split_part(NEW.stream_message_id, '-', 2)::numeric, coalesce(NEW.sent_at, now()))
      ON CONFLICT (position) DO NOTHING;
    END IF;
  END IF;
  NEW.sent_at := coalesce(NEW.sent_at, now());
  RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER "events_noted" BEFORE UPDATE OF stream_message_id ON "events" FOR EACH ROW
WHEN (NEW.stream_message_id IS DISTINCT FROM OLD.stream_message_id)
EXECUTE FUNCTION note_of_release_before();--> statement-breakpoint

-- The functions of `0021_relay_functions` and `0023_fair_tenants`, which say what they do, on the two tables. They keep
-- their names, because they mean the same to who calls them. LATERAL with a LIMIT says in which order tables are read: a
-- plan that is kept is made for tables as they were, and when both are small Postgres reads `events` from its beginning.
CREATE OR REPLACE FUNCTION relay_load(p_shard integer, p_token uuid)
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
      'known_event', (SELECT k.id FROM stream_entries s
        CROSS JOIN LATERAL (SELECT e.id FROM events e WHERE e.position = s.position LIMIT 1) k
        WHERE s.shard = r.shard AND (s.ms, s.seq) = (r.known_ms, r.known_seq) LIMIT 1),
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

CREATE OR REPLACE FUNCTION relay_take(p_shard integer, p_token uuid, p_max_count integer, p_max_bytes integer) RETURNS void
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
    SELECT u.position, size.bytes
    FROM unsent_events u CROSS JOIN LATERAL (
      SELECT octet_length(e.payload::text) + octet_length(e.meta::text) AS bytes
      FROM events e WHERE e.position = u.position LIMIT 1
    ) size
    WHERE u.slot % (SELECT shards FROM mine) = p_shard AND EXISTS (SELECT FROM mine)
    ORDER BY u.position LIMIT p_max_count
  ), bounded AS (
    SELECT position, sum(bytes) OVER (ORDER BY position) - bytes AS bytes_before FROM candidates
  ), chosen AS (
    SELECT array_agg(position ORDER BY position) AS positions FROM bounded WHERE bytes_before < p_max_bytes
  )
  UPDATE relay_shards r SET batch_positions = chosen.positions, batch_number = batch_number + 1
  FROM mine, chosen
  WHERE r.shard = mine.shard AND chosen.positions IS NOT NULL;
END $$;--> statement-breakpoint

CREATE OR REPLACE FUNCTION relay_take_fairly(p_shard integer, p_token uuid, p_max_count integer, p_max_bytes integer) RETURNS void
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
  ), near AS MATERIALIZED (
    SELECT u.position, coalesce(u.tenant_id, '') COLLATE "C" AS tenant, u.key COLLATE "C" AS key
    FROM unsent_events u
    WHERE u.slot % (SELECT shards FROM mine) = p_shard AND EXISTS (SELECT FROM mine)
    ORDER BY u.position LIMIT 20000
  ), weights AS MATERIALIZED (
    SELECT coalesce(jsonb_object_agg(tenant_id, weight), '{}') AS of FROM tenant_limits WHERE weight <> 1
  ), several AS MATERIALIZED (
    SELECT coalesce(min(tenant) <> max(tenant), false) AS are FROM near
  ), turns AS (
    SELECT position, (row_number() OVER (PARTITION BY tenant ORDER BY position) - 1)
        / coalesce(((SELECT of FROM weights) ->> tenant)::float8, 1) AS turn,
      key IS NULL OR min(tenant) OVER same_key = max(tenant) OVER same_key AS may_go
    FROM near WHERE (SELECT are FROM several)
    WINDOW same_key AS (PARTITION BY key ORDER BY position ROWS UNBOUNDED PRECEDING)
  ), candidates AS (
    SELECT position, turn FROM turns WHERE may_go
    UNION ALL SELECT position, 0 FROM near WHERE NOT (SELECT are FROM several)
    ORDER BY turn, position LIMIT p_max_count
  ), bounded AS (
    SELECT c.position, sum(size.bytes) OVER (ORDER BY c.turn, c.position) - size.bytes AS bytes_before
    FROM candidates c CROSS JOIN LATERAL (
      SELECT octet_length(e.payload::text) + octet_length(e.meta::text) AS bytes
      FROM events e WHERE e.position = c.position LIMIT 1
    ) size
  ), chosen AS (
    SELECT array_agg(position ORDER BY position) AS positions FROM bounded WHERE bytes_before < p_max_bytes
  )
  UPDATE relay_shards r SET batch_positions = chosen.positions, batch_number = batch_number + 1
  FROM mine, chosen
  WHERE r.shard = mine.shard AND chosen.positions IS NOT NULL;
END $$;--> statement-breakpoint

CREATE OR REPLACE FUNCTION relay_end(p_shard integer, p_number bigint, p_ms numeric, p_seq numeric) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  positions bigint[];
BEGIN
  -- Locked, so that of two relays that end one batch the second one finds it ended.
  SELECT r.batch_positions INTO positions FROM relay_shards r
  WHERE r.shard = p_shard AND r.batch_positions IS NOT NULL
    AND r.batch_number + CASE WHEN r.batch_ms IS NULL THEN 0 ELSE 1 END = p_number
  FOR UPDATE;
  IF positions IS NULL THEN
    RETURN;
  END IF;
  INSERT INTO stream_entries (position, shard, ms, seq, sent_at)
  SELECT u.position, p_shard, p_ms, p_seq + b.place - 1, now()
  FROM unnest(positions) WITH ORDINALITY AS b(position, place)
    CROSS JOIN LATERAL (SELECT q.position FROM unsent_events q WHERE q.position = b.position LIMIT 1) u
  ON CONFLICT (position) DO UPDATE
  SET shard = excluded.shard, ms = excluded.ms, seq = excluded.seq, sent_at = excluded.sent_at;
  DELETE FROM unsent_events u WHERE u.position = ANY(positions);
  UPDATE relay_shards r
  SET last_ms = p_ms, last_seq = p_seq + cardinality(batch_positions) - 1,
    known_ms = p_ms, known_seq = p_seq + cardinality(batch_positions) - 1,
    batch_number = p_number, sent_number = p_number, batch_positions = NULL, batch_ms = NULL, batch_seq = NULL
  WHERE r.shard = p_shard AND r.batch_positions IS NOT NULL
    AND r.batch_number + CASE WHEN r.batch_ms IS NULL THEN 0 ELSE 1 END = p_number;
END $$;
