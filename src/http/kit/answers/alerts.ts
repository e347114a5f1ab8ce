/* Answers about alerts, as the command line and the console read them. Only what is shown is named. */

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
