import type { CriticalTime, TimeWindow, TriesOverTime } from "./overview.ts";

/* Answers about consumers, as the command line and the console read them. Only what is shown is named. */

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
  /** What of it no handler of the server's release takes, by type; missing in answers of older servers. */
  readonly without_handler?: readonly { readonly event_type: string; readonly count: number }[];
  readonly dead_letters: number;
  readonly paused: readonly Pause[];
  readonly brake: { readonly open_since: string; readonly error: string | null } | null;
  readonly jobs: readonly { readonly kind: string; readonly name: string; readonly status: string }[];
  readonly last_tick: { readonly at?: string; readonly stopped?: string | null } | null;
  /** Which migration it waits for, because it has another name now; missing in answers of older servers. */
  readonly missing_rename?: string | null;
}

export interface Consumers {
  readonly consumers: readonly ConsumerState[];
  readonly shards: number;
  readonly last_cron_tick_at: string | null;
  readonly last_janitor_at: string | null;
  /**
   * By how much the clock of Postgres is ahead of the server's, negative: behind it; 0 as long as they go alike; missing in
   * answers of older servers.
   */
  readonly database_ahead_ms?: number;
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
  /** Pending entries that were too much to look at; missing in answers of older servers. */
  readonly unseen?: number;
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
    /** Missing in answers of older servers. */
    readonly without_handler?: readonly { readonly event_type: string; readonly count: number }[];
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
