-- What publishing asks of Postgres, as a function: planned once in a session, as what the relay asks is (`relay_functions`).
-- A lone event takes 0.44 ms then, and took 0.79 as a statement that came by itself (medians, measured in turn on a busy
-- machine); a thousand take as long as before. A session in which tenants and others take turns plans it anew with each
-- change, as policies make Postgres do, and so takes as long as before at the worst.
--
-- Records events in their order; an id that is recorded already is left as it is. `p_rows` is a list of `p_count` events as
-- `toRow` in `publish/record.ts` makes them. Null when all of them were new, else the ids that were.
--
-- `p_keys` is a list of the keys that are locked until the transaction ends, null for none; `p_turn` the number of the turn
-- that is waited for when none is free, null when there are so few keys that they need none. Both come before the first
-- row has its position, as statements of their own, and in one order for all: see `publish/record.ts`. A statement that did
-- it all had the snapshot of before it waited, which none of it looks at: what is recorded meanwhile under the same id is
-- found by ON CONFLICT all the same. Here the rows are inserted with a snapshot of when the locks were granted, where the
-- transaction is READ COMMITTED, as ours are.
--
-- Whoever calls it inserts as himself: a tenant's policies hold in it.
CREATE FUNCTION record_events(p_rows json, p_count integer, p_keys json, p_turn integer) RETURNS text[]
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  fresh text[];
BEGIN
  IF p_turn IS NOT NULL THEN
    PERFORM CASE WHEN pg_try_advisory_xact_lock(1918985580, 2) THEN true
      WHEN pg_try_advisory_xact_lock(1918985580, 3) THEN true
      WHEN pg_try_advisory_xact_lock(1918985580, 4) THEN true
      ELSE pg_advisory_xact_lock(1918985580, p_turn)::text IS NOT NULL END;
  END IF;
  IF p_keys IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(hash) FROM (
      SELECT DISTINCT hashtextextended(key, 0) AS hash FROM json_array_elements_text(p_keys) AS k(key) ORDER BY hash
    ) sorted;
  END IF;
  WITH inserted AS (
    INSERT INTO events (id, type, source, target, tenant_id, actor_id, correlation_id, causation_id, mission_id,
      task_id, severity, schema_version, producer, source_module, meta, payload, occurred_at, key, origin)
    SELECT e.id, e.type, e.source, e.target, e.tenant_id, e.actor_id, e.correlation_id, e.meta ->> 'causation_id',
      e.mission_id, e.task_id, e.severity, (e.meta ->> 'schema_version')::integer, e.meta ->> 'producer',
      e.meta ->> 'source_module', e.meta, e.payload, e.timestamp, e.key, e.origin
    FROM ROWS FROM (json_to_recordset(p_rows) AS (id uuid, type text, source text, target text,
      tenant_id text, actor_id text, correlation_id text, mission_id text, task_id text, severity text,
      meta jsonb, payload jsonb, timestamp timestamptz, key text, origin jsonb))
      WITH ORDINALITY AS e(id, type, source, target, tenant_id, actor_id, correlation_id, mission_id, task_id,
      severity, meta, payload, timestamp, key, origin, place)
    ORDER BY e.place
    ON CONFLICT (id) DO NOTHING
    RETURNING id
  )
  SELECT CASE WHEN count(*) < p_count THEN coalesce(array_agg(id::text), '{}') END INTO fresh FROM inserted;
  RETURN fresh;
END $$;
