-- What transactions ask that publish events: as `record_events`, but that an id which is recorded already must be that of the
-- same event. Another one (of another tenant or type, or with another payload) would be recorded by nobody, and its
-- publisher told that it is: so the transaction fails, with SQLSTATE ZE001 and the id as DETAIL. It is looked at only when
-- not all were new, and then for all of them, because two of one transaction may have one id.
--
-- A row with `again` may have another payload: a forced replay has its handler say once more what it said, and what it said
-- first stands.
--
-- What the caller may not see is another tenant's. A subquery as a value is looked up by the key for each row; a join could
-- be planned to read the whole record.
CREATE FUNCTION publish_events(p_rows json, p_count integer, p_keys json, p_turn integer) RETURNS text[]
LANGUAGE plpgsql
AS $$
DECLARE
  fresh text[] := record_events(p_rows, p_count, p_keys, p_turn);
  other uuid;
BEGIN
  IF fresh IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT r.id INTO other
  FROM json_to_recordset(p_rows) AS r(id uuid, type text, tenant_id text, payload jsonb, again boolean)
  WHERE (SELECT e.type = r.type AND e.tenant_id IS NOT DISTINCT FROM r.tenant_id
      AND (r.again IS TRUE OR e.payload = r.payload)
    FROM events e WHERE e.id = r.id) IS NOT TRUE
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'The id of an event belongs to another event.' USING ERRCODE = 'ZE001', DETAIL = other;
  END IF;
  RETURN fresh;
END
$$;
--> statement-breakpoint
-- What is asked for events of other programs whose id is made of what they are called there: as `record_events`, but an
-- event that an earlier release recorded for the same tenant under the id that it made (`former_id`) is not recorded again.
-- It is missing among the fresh ones then, as any other that is there already.
CREATE FUNCTION record_events_formerly(p_rows json, p_count integer, p_keys json, p_turn integer) RETURNS text[]
LANGUAGE plpgsql
AS $$
DECLARE
  unknown json;
BEGIN
  SELECT coalesce(json_agg(r.value ORDER BY r.place), '[]') INTO unknown
  FROM json_array_elements(p_rows) WITH ORDINALITY AS r(value, place)
  WHERE r.value ->> 'former_id' IS NULL
    OR (SELECT e.tenant_id IS NOT DISTINCT FROM r.value ->> 'tenant_id'
      FROM events e WHERE e.id = (r.value ->> 'former_id')::uuid) IS NOT TRUE;
  RETURN record_events(unknown, p_count, p_keys, p_turn);
END
$$;
