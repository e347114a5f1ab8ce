/**
 * The tables of `@brain/engine`, as its migrations make them; a test compares. A tree that is checked may have the engine as
 * a package, whose migrations are not there to be read.
 */
export const engineTables: ReadonlySet<string> = new Set([
  "alert_actions",
  "alerts",
  "archive_days",
  "archived_entries",
  "audit_blocks",
  "audit_seals",
  "consumer_pauses",
  "consumer_shards",
  "dead_letters",
  "deliveries",
  "events",
  "failing_work",
  "idempotency_keys",
  "jobs",
  "operator_actions",
  "processed_events",
  "relay_layout",
  "relay_shards",
  "replay_claims",
  "stream_entries",
  "subject_keys",
  "tenant_limits",
  "unsent_events",
]);
