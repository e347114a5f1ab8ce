/* Answers about the overview, and of counts over time, as the command line and the console read them. Only what is shown is named. */

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
