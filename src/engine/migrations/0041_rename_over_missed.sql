-- `rename_subscriber` means what it meant. Its new body also sees to what a release before may do beside it:
--
-- The hourly comparison of the release that still has the old name found no claim, letter or deferred delivery under it, and
-- delivered all that had moved once more, to a name that stands still. So the old name begins nowhere from here on, which is
-- what that comparison asks. What it left before is no delivery: what it was made from came along under the other name. It kept
-- the names from being exchanged again.
CREATE OR REPLACE FUNCTION rename_subscriber(p_old text, p_new text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  renamer CONSTANT text := 'rename_subscriber';
BEGIN
  DELETE FROM consumer_pauses WHERE subscriber_name = p_new AND event_type = '' AND actor_id = renamer;
  IF NOT FOUND AND EXISTS (SELECT FROM consumer_shards WHERE subscriber_name = p_new AND start_id IS NOT NULL) THEN
    RAISE EXCEPTION 'Subscriber "%" has begun already, so it cannot go on in the place of "%".', p_new, p_old
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Rename before the first drain under the new name. What was handled under both names had its effects twice.';
  END IF;
  -- Whoever is about to commit holds these rows, so the claims are complete behind this.
  UPDATE consumer_shards SET epoch = epoch + 1 WHERE subscriber_name = p_old;
  IF NOT FOUND THEN
    RETURN; -- A new database, in which nobody ever had that name.
  END IF;
  INSERT INTO consumer_shards AS c (subscriber_name, shard, start_id, claims_id, claims_since, ahead)
  SELECT p_new, shard, start_id, claims_id, claims_since, ahead FROM consumer_shards WHERE subscriber_name = p_old
  ON CONFLICT (subscriber_name, shard) DO UPDATE SET epoch = c.epoch + 1, start_id = excluded.start_id,
    claims_id = excluded.claims_id, claims_since = excluded.claims_since, ahead = excluded.ahead;
  UPDATE consumer_shards SET start_id = NULL WHERE subscriber_name = p_old;
  DELETE FROM consumer_pauses p USING consumer_pauses o
  WHERE p.subscriber_name = p_new AND o.subscriber_name = p_old AND p.event_type = o.event_type;
  UPDATE consumer_pauses SET subscriber_name = p_new WHERE subscriber_name = p_old;
  INSERT INTO consumer_pauses (subscriber_name, reason, actor_id) VALUES (p_old, format('It is called %s now.', p_new), renamer);
  INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id, event_type, processed_at, tenant_id, metadata)
  SELECT p_new, stream_name, stream_message_id, event_id, event_type, processed_at, tenant_id, metadata
  FROM processed_events WHERE subscriber_name = p_old ON CONFLICT DO NOTHING;
  UPDATE replay_claims SET subscriber_name = p_new WHERE subscriber_name = p_old;
  UPDATE dead_letters SET subscriber_name = p_new WHERE subscriber_name = p_old;
  DELETE FROM deliveries WHERE subscriber_name = p_new AND cause = 'missed';
  DELETE FROM deliveries d USING deliveries o
  WHERE d.subscriber_name = p_new AND o.subscriber_name = p_old
    AND d.stream_message_id = o.stream_message_id AND d.replay_epoch = o.replay_epoch;
  UPDATE deliveries SET subscriber_name = p_new WHERE subscriber_name = p_old;
  UPDATE jobs SET subscriber_name = p_new WHERE subscriber_name = p_old;
END
$$;
