/* Answers about trials of handlers, as the command line and the console read them. Only what is shown is named. */

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
