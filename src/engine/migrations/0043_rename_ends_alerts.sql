-- `rename_subscriber` means what it meant. Its new body also ends the alerts of the old name, under which nothing happens any
-- more that could end them, such as an event that closes a circuit breaker. What holds on is told under the new name.
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
  UPDATE alerts SET resolved_at = now()
  WHERE resolved_at IS NULL AND regexp_replace(subject, ':[0-9]+$', '') IN (p_old, 'edge_' || p_old)
    AND kind IN ('brake_open', 'claims_missing', 'foreign_reader', 'trim_held_back', 'dead_letters', 'dead_letter_critical',
      'lag_age', 'critical_time');
END
$$;
