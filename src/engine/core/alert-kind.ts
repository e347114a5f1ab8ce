/** What may need somebody: kinds and what each is about (its subject). */
export type AlertKind =
  /** A group keeps a stream long. Subject: `{group}:{shard}`. */
  | "trim_held_back"
  /** Days are due for the archive and there is none. Subject: `archive`. */
  | "archive_missing"
  /** A day cannot be archived or deleted yet. Subject: the day. */
  | "archive_held"
  /** A consumer was stopped because what it needs is down. Subject: `{group}:{shard}`. */
  | "brake_open"
  /** The cron has not come for long. Subject: `cron`. */
  | "missing_tick"
  /** A group passed events that nobody has handled. Subject: `{subscriber}:{shard}`. */
  | "claims_missing"
  /** Somebody else reads in a group of ours. Subject: `{group}:{shard}`. */
  | "foreign_reader"
  /** Something fails at every try. Subject: the work, see `failing-work.ts`. */
  | "work_failing"
  /** The number of shards waits for consumers that have not handled what was sent before. Subject: `shards`. */
  | "reshard_waits"
  /** Postgres was set back to a backup, and Redis was not. Subject: `shard {n}`. */
  | "record_set_back"
  /** An outgoing webhook was switched off, because its receiver failed for days. Subject: the endpoint. */
  | "webhook_disabled"
  /** A payment was received for what cannot be delivered. Subject: the payment. */
  | "refund_due"
  /** Many events of a consumer became dead letters within a while. Subject: the subscriber. */
  | "dead_letters"
  /** An event with severity CRITICAL is a dead letter. Subject: the subscriber. */
  | "dead_letter_critical"
  /** What a consumer has not handled is old. Subject: `{group}:{shard}`. */
  | "lag_age"
  /** Many events came late to their effect. Subject: the subscriber. */
  | "critical_time"
  /** What is recorded and not sent is old. Subject: `relay`. */
  | "relay_backlog"
  /** A redrive or replay was stopped by its stop rule. Subject: its id. */
  | "job_stopped"
  /** Cron has used up the calls that the host allows it. Subject: `cron`. */
  | "call_budget"
  /** A key ends soon. Subject: the key. */
  | "key_ends"
  /** More generations fail than should. Subject: `course_generation`. */
  | "generation_failures"
  /** An execution graph differs from its IR. Subject: `{tenant}:{request}`. */
  | "dag_diff_failed"
  /** A tenant tried to use an approval of another one. Subject: `{tenant}:{who}`. */
  | "approval_tenant_mismatch"
  /** Approvals are refused often. Subject: `tenant:{id}` or `actor:{id}`. */
  | "approvals_refused"
  /** Plans are rejected often. Subject: `tenant:{id}`. */
  | "plans_rejected"
  /** Plans are escalated often. Subject: `tenant:{id}`. */
  | "plans_escalated"
  /** Approvals are used too late often. Subject: `tenant:{id}`. */
  | "approvals_expired";
