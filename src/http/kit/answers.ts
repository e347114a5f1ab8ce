/** Answers of the API as the command line and the console read them. Only what is shown is named. */

export interface Pause {
  readonly event_type: string | null;
  readonly reason: string;
  readonly actor_id: string | null;
  readonly expires_at: string | null;
}

export interface ConsumerState {
  readonly subscriber: string;
  readonly shard: number;
  readonly group: string;
  readonly handles: readonly string[];
  readonly catches_all: boolean;
  readonly lag: number | null;
  readonly oldest_unread_age_ms: number | null;
  readonly pending: number | null;
  readonly oldest_pending_age_ms: number | null;
  /** Who else reads in the group; missing in answers of older servers. */
  readonly foreign_readers?: readonly string[];
  readonly queued: number;
  readonly oldest_queued_age_ms: number | null;
  readonly dead_letters: number;
  readonly paused: readonly Pause[];
  readonly brake: { readonly open_since: string; readonly error: string | null } | null;
  readonly jobs: readonly { readonly kind: string; readonly name: string; readonly status: string }[];
  readonly last_tick: { readonly at?: string; readonly stopped?: string | null } | null;
}

export interface Consumers {
  readonly consumers: readonly ConsumerState[];
  readonly shards: number;
  readonly last_cron_tick_at: string | null;
  readonly last_janitor_at: string | null;
  /** When the program that fires cron began; null where none has to run for it; missing in answers of older servers. */
  readonly host_started_at?: string | null;
  /** `events_days`: 0 is for ever; missing in answers of older servers. */
  readonly retention: { readonly stream_keep: number; readonly events_days?: number };
}

export interface BlockedKeys {
  readonly blocked_keys: readonly {
    readonly key: string;
    readonly shard: number;
    readonly event_id: string | null;
    readonly event_type: string | null;
    readonly attempts: number;
    readonly next_try_at: string | null;
    readonly error: string | null;
    readonly waiting: number;
    readonly where: string;
    readonly cause: string;
  }[];
  readonly next_cursor: string | null;
}

export interface RecordedEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly tenant_id: string | null;
  readonly correlation_id: string | null;
  readonly key: string | null;
  readonly payload: unknown;
  readonly stored_at: string;
  readonly sent_at: string | null;
  readonly target: string | null;
  readonly timestamp: string;
  readonly actor_id: string | null;
  readonly mission_id: string | null;
  readonly task_id: string | null;
  readonly severity: string | null;
  readonly meta: {
    readonly schema_version: number;
    readonly source_module: string;
    readonly causation_id?: string;
    readonly traceparent?: string;
  };
  readonly position: number;
  readonly stream_message_id: string | null;
  /** Null until sent, as the stream message id. */
  readonly shard: number | null;
}

/** An event as it comes over the stream: what the record alone knows of it is not there. */
export type LiveEvent = Omit<RecordedEvent, RecordOnly> & Partial<Pick<RecordedEvent, RecordOnly>>;
type RecordOnly = "stored_at" | "sent_at" | "stream_message_id" | "shard" | "key";

export interface History {
  readonly events: readonly RecordedEvent[];
  readonly next_cursor: string | null;
}

export interface ExportPage {
  readonly events: readonly RecordedEvent[];
  /** Null: nothing was ever sent. */
  readonly cursor: string | null;
  readonly more: boolean;
}

/** The flat view of a story: an event stands before what it caused, with its depth. */
export interface Story {
  readonly correlation_id: string;
  readonly count: number;
  readonly truncated: boolean;
  readonly first_at: string;
  readonly last_at: string;
  readonly events: readonly (StoryEvent | StoryOrigin)[];
}

/** What began a part of the story, in front of what it published. */
export type StoryOrigin = { readonly id: string; readonly timestamp: string; readonly depth: number } & (
  | {
      readonly type: "request";
      readonly request_id: string;
      readonly method: string;
      readonly path: string;
      readonly actor_id: string | null;
      readonly status: number | null;
    }
  | { readonly type: "job"; readonly name: string }
);

export interface StoryEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  /** Null, or missing in answers of older servers: not known. */
  readonly module?: string | null;
  readonly severity: string | null;
  readonly timestamp: string;
  readonly payload: unknown;
  readonly causation_id: string | null;
  /** The request or job that published it. */
  readonly origin_id?: string;
  readonly sent_at: string | null;
  readonly handled_by: readonly {
    readonly subscriber: string;
    readonly processed_at: string;
    readonly replay_epoch?: number;
  }[];
  readonly dead_letters: readonly {
    readonly subscriber: string;
    readonly id: string;
    readonly reason: string;
    readonly status: string;
    /** These missing in answers of older servers. */
    readonly attempts?: number;
    readonly first_failed_at?: string;
    readonly last_failed_at?: string;
  }[];
  readonly depth: number;
}

export interface Stats {
  readonly stream_running: boolean;
  readonly stream_length: number;
  readonly outbox_backlog: number;
  readonly outbox_oldest_ms: number | null;
  readonly dead_letters: number;
}

export interface MoveState {
  readonly stream_running: boolean;
  readonly stream: string;
  readonly looked_at: { readonly entries: number; readonly of: number };
  readonly foreign_types: readonly {
    readonly type: string;
    readonly module: string | null;
    readonly catalogued: boolean;
    readonly count: number;
    readonly last_id: string;
    readonly last_at: string | null;
  }[];
  readonly foreign_groups: readonly {
    readonly group: string;
    readonly lag: number | null;
    readonly pending: number;
    readonly last_delivered_id: string;
    readonly consumers: readonly string[];
  }[];
  readonly own_subscribers: readonly string[];
}

/** What `doctor` needs of the open ones. */
export interface Alerts {
  readonly alerts: readonly Pick<Alert, "kind" | "subject" | "severity" | "message" | "first_seen_at">[];
}

export interface Alert {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly tenant_id: string | null;
  readonly severity: string;
  readonly state: string;
  readonly message: string;
  readonly count: number;
  readonly first_seen_at: string;
  readonly last_seen_at: string;
  readonly resolved_at: string | null;
  readonly event_ids: readonly string[];
  readonly reopens: string | null;
}

export interface AlertDetails extends Alert {
  readonly actions: readonly {
    readonly at: string;
    readonly action: string;
    readonly actor_id: string | null;
    readonly note: string | null;
  }[];
}

export interface AlertList {
  readonly alerts: readonly Alert[];
  readonly next_cursor: string | null;
}

export interface Action {
  readonly id: string;
  readonly at: string;
  readonly action: string;
  readonly actor_id: string | null;
  readonly subscriber: string | null;
  readonly affected: number | null;
  readonly job_id: string | null;
  readonly request_id: string | null;
  readonly reason: string | null;
}

export interface Actions {
  readonly operator_actions: readonly Action[];
  readonly next_cursor: string | null;
}

export interface DeadLetter {
  readonly id: string;
  readonly subscriber: string;
  readonly event_id: string | null;
  readonly event_type: string | null;
  readonly tenant_id: string | null;
  readonly correlation_id: string | null;
  readonly key: string | null;
  readonly reason: string;
  readonly error_class: string;
  readonly error_message: string;
  readonly fingerprint: string;
  readonly attempts: number;
  readonly redrives: number;
  readonly status: string;
  readonly first_failed_at: string;
  readonly last_failed_at: string;
  readonly resolution: string | null;
  readonly edited_event_id: string | null;
}

export interface DeadLetterDetails extends DeadLetter {
  readonly error_stack: string | null;
  readonly raw_fields: Readonly<Record<string, string>> | null;
  readonly edited_fields: Readonly<Record<string, string>> | null;
  readonly has_body: boolean;
  /** Why its handler cannot be tried; null: it can. */
  readonly not_tried: string | null;
  readonly actions: readonly Action[];
}

export interface LetterGroup {
  readonly fingerprint: string;
  readonly subscriber: string;
  readonly event_type: string | null;
  readonly error_class: string;
  readonly error_message: string;
  readonly count: number;
  readonly open: number;
  readonly sample_id: string;
  readonly first_failed_at: string;
  readonly last_failed_at: string;
  /** In each of the last 24 hours, the oldest first. */
  readonly trend: readonly number[];
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

export interface FoundEvent {
  readonly position: number;
  readonly stored_at: string;
  readonly type: string | null;
  readonly id: string | null;
  readonly source: string | null;
  readonly target: string | null;
  readonly tenant_id: string | null;
  readonly actor_id: string | null;
  readonly mission_id: string | null;
  readonly task_id: string | null;
  readonly correlation_id: string | null;
  readonly key: string | null;
  readonly severity: string | null;
  readonly timestamp: string | null;
  readonly payload: unknown;
  readonly meta: unknown;
  readonly sent_at: string | null;
  readonly stream_message_id: string | null;
  readonly shard: number | null;
  readonly foreign?: true;
  /** Of entries of other programs only, as the following: why nobody can read it. */
  readonly unread?: string | null;
  readonly stream_name?: string;
  readonly raw_fields?: unknown;
  readonly decode_notes?: unknown;
}

export interface FoundPage {
  readonly events: readonly FoundEvent[];
  readonly next_cursor: string | null;
  readonly count?: { readonly count: number; readonly more: boolean } | null;
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

export interface TryOffers {
  readonly event_type: string;
  readonly consumers: readonly {
    readonly subscriber: string;
    readonly handler: string;
    readonly not_tried: string | null;
  }[];
}

/** What a handler would do, nothing of which was kept. */
export interface Tried {
  readonly event_id: string;
  readonly handler: string;
  readonly read_from: string;
  readonly event_type: string;
  readonly subscriber: string;
  readonly outcome: "applied" | "retried" | "dead_letter" | "unknown";
  readonly stopped_by: "outside" | "lock" | "time" | null;
  readonly already: { readonly at: string; readonly instead: string } | null;
  readonly error: {
    readonly class: string;
    readonly message: string;
    readonly stack: string | null;
    readonly dead_letter: string | null;
    readonly retry_in_ms: number | null;
    readonly max_attempts: number;
  } | null;
  readonly ms: number;
  readonly changes: readonly {
    readonly table: string;
    readonly inserted: number;
    readonly updated: number;
    readonly deleted: number;
  }[];
  readonly statements: readonly {
    readonly kind: string;
    readonly rows: number;
    readonly ms: number;
    readonly sql: string;
    readonly values: readonly TriedValue[];
  }[];
  readonly events: readonly {
    readonly type: string;
    readonly key: string | null;
    readonly payload: unknown;
    readonly is_recorded: boolean;
  }[];
  readonly log: readonly { readonly level: string; readonly message: string; readonly fields: unknown }[];
  readonly calls: readonly { readonly method: string; readonly origin: string }[];
  readonly omitted: Readonly<Record<string, number>>;
}

export interface TriedValue {
  readonly kind: string;
  readonly length: number | null;
  /** Null: not shown. */
  readonly value: string | null;
  readonly from: string | null;
}

/** The windows in which counts over time are looked at. */
export type TimeWindow = "15m" | "1h" | "24h" | "7d";

export interface CriticalTime {
  readonly count: number;
  /** Null: none was counted, or it lies above `highest_ms`. */
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
  readonly highest_ms: number;
}

export interface Tries<Of> {
  readonly applied: Of;
  readonly retried: Of;
  readonly dead_lettered: Of;
}

export interface TriesOverTime extends Tries<readonly number[]> {
  readonly from: string;
  readonly bucket_ms: number;
  readonly totals: Tries<number>;
}

export interface ConsumerLine {
  readonly subscriber: string;
  readonly lag: number | null;
  readonly pending: number | null;
  readonly queued: number;
  readonly oldest_age_ms: number | null;
  readonly dead_letters: number;
  readonly paused: boolean;
  readonly paused_types: readonly string[];
  readonly open_brakes: number;
  readonly last_tick_at: string | null;
  readonly in_window: Tries<number> | null;
  readonly critical_time: CriticalTime | null;
}

/** Null is what is not known, or not for a credential of one tenant. */
export interface Overview {
  readonly at: string;
  readonly window: TimeWindow;
  readonly health: {
    readonly status: "healthy" | "degraded" | "unhealthy";
    readonly event_stream: boolean;
    readonly database: boolean;
    readonly reasons: readonly string[];
  };
  readonly traffic:
    | (TriesOverTime & {
        readonly published: readonly number[];
        readonly totals: Tries<number> & { readonly published: number };
        readonly per_second: { readonly published: number; readonly applied: number };
      })
    | null;
  readonly critical_time: CriticalTime | null;
  readonly consumers: readonly ConsumerLine[] | null;
  readonly cron: {
    readonly last_tick_at: string | null;
    readonly last_janitor_at: string | null;
    readonly missed_ticks: number;
  } | null;
  readonly alerts: Readonly<Record<"warning" | "high" | "critical", number>> | null;
  readonly dead_letters: { readonly open: number; readonly new_in_window: number } | null;
  readonly relay: { readonly backlog: number; readonly oldest_age_ms: number | null } | null;
}

export interface ConsumerDetails {
  readonly subscriber: string;
  readonly catches_all: boolean;
  readonly events: readonly {
    readonly type: string;
    readonly criticality: string | null;
    readonly when: string | null;
  }[];
  readonly window: TimeWindow;
  readonly traffic: TriesOverTime | null;
  readonly critical_time: CriticalTime | null;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly paused: readonly (Pause & { readonly paused_at: string })[];
  readonly jobs: readonly {
    readonly id: string;
    readonly kind: string;
    readonly name: string;
    readonly status: string;
    readonly total: number;
    readonly succeeded: number;
    readonly failed: number;
  }[];
  readonly dead_letters: number;
  readonly queued: number;
  readonly shards: readonly {
    readonly shard: number;
    readonly lag: number | null;
    readonly oldest_unread_age_ms: number | null;
    readonly pending: number | null;
    readonly oldest_pending_age_ms: number | null;
    readonly foreign_readers: readonly string[];
    readonly queued: number;
    readonly oldest_queued_age_ms: number | null;
    readonly brake: {
      readonly failures: number;
      readonly open_since: string;
      readonly probe_at: string | null;
      readonly error: string | null;
    } | null;
    readonly last_tick: {
      readonly at: string;
      readonly read: number;
      readonly applied: number;
      readonly retried: number;
      readonly dead_lettered: number;
      readonly stopped: string | null;
    } | null;
  }[];
}

/** An event as another one refers to it. */
export interface RelatedEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly timestamp: string;
}

/** What one consumer did with an event. */
export interface EffectOfConsumer {
  readonly subscriber: string;
  readonly handles: boolean;
  readonly state: string;
  readonly applied_at: string | null;
  readonly failed_attempts: number | null;
  readonly next_try_at: string | null;
  readonly error: string | null;
  readonly paused: boolean | null;
  readonly deferred: {
    readonly cause: string;
    readonly job_id: string | null;
    readonly due_at: string;
    readonly attempts: number;
  } | null;
  readonly dead_letter: {
    readonly id: string;
    readonly status: string;
    readonly reason: string;
    readonly attempts: number;
    readonly first_failed_at: string;
    readonly last_failed_at: string;
    readonly redrives: number;
  } | null;
  readonly replays: readonly { readonly job_id: string; readonly applied_at: string }[];
}

export interface EventEffects {
  readonly consumers: readonly EffectOfConsumer[];
  readonly not_handled_by: readonly string[];
  readonly origin:
    | {
        readonly type: "request";
        readonly request_id: string;
        readonly method: string;
        readonly path: string;
      }
    | { readonly type: "job"; readonly name: string }
    | null;
  readonly causation_id: string | null;
  readonly cause: RelatedEvent | null;
  readonly effects: readonly RelatedEvent[];
  readonly more_effects: boolean;
}

/** What is declared of an event, as far as a payload is compared with it. */
export interface DeclaredEvent {
  readonly type: string;
  readonly version: number;
  readonly when: string;
  readonly schema: unknown;
}
