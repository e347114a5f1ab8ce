/* Answers about operations, jobs and the audit log, as the command line and the console read them. Only what is shown is named. */

export interface Stats {
  readonly stream_running: boolean;
  readonly stream_length: number;
  readonly outbox_backlog: number;
  readonly outbox_oldest_ms: number | null;
  readonly dead_letters: number;
}

export interface Action {
  readonly id: string;
  readonly at: string;
  readonly action: string;
  readonly actor_id: string | null;
  readonly subscriber: string | null;
  readonly filter: unknown;
  readonly affected: number | null;
  readonly job_id: string | null;
  readonly request_id: string | null;
  readonly reason: string | null;
}

export interface Actions {
  readonly operator_actions: readonly Action[];
  readonly next_cursor: string | null;
}

/** A redrive, a replay or a backfill. */
export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly subscriber: string | null;
  readonly name: string;
  readonly status: "running" | "paused" | "stopped" | "completed" | "cancelled";
  readonly status_reason: string | null;
  readonly mode: string | null;
  readonly total: number;
  readonly queued: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly in_flight: number;
  readonly progress: number;
  readonly step: number;
  readonly rate_per_second: number | null;
  readonly reason: string | null;
  readonly actor_id: string | null;
  readonly created_at: string;
  readonly finished_at: string | null;
}

export interface AuditDay {
  readonly day: string;
  readonly rows: number;
  readonly root: string;
  readonly sealed_at: string | null;
  readonly announced_at: string | null;
}

export interface AuditDays {
  readonly days: readonly AuditDay[];
  readonly next_cursor: string | null;
}

export interface Verification {
  readonly day: string;
  readonly root: string;
  readonly rows: number;
  readonly fault: {
    readonly kind: string;
    readonly position: number | null;
    readonly message: string;
  } | null;
  readonly next_block: number | null;
}
