/** Answers of the API about the product itself, as the console reads them. Only what is shown is named. */

export interface CatalogConsumer {
  readonly subscriber: string;
  readonly declared: boolean;
  readonly exists: boolean;
  readonly handles: boolean;
}

export interface SeenProducer {
  readonly producer: string | null;
  readonly source: string | null;
  readonly count: number;
  readonly last_seen_at: string;
  readonly over_the_stream: boolean;
  readonly declared: boolean;
}

/** In the order in which they are told. */
export const findingKinds = [
  "unlisted_type",
  "missing_consumer",
  "letters_of_missing_consumer",
  "idle_consumer",
  "unknown_field",
  "newer_version",
  "unhandled",
  "undeclared_consumer",
  "undeclared_producer",
  "older_version",
  "never_filled",
  "large_payload",
  "silent_producer",
  "above_guideline",
  "not_lately",
  "never_published",
  "never_received",
  "older_name",
  "foreign_type",
] as const;

export type FindingKind = (typeof findingKinds)[number];
export type FindingLevel = "error" | "warning" | "note";

/** What is not as it is declared; `src/http/OBSERVED.md` says what each kind means. */
export interface CatalogFinding {
  readonly kind: FindingKind;
  readonly level: FindingLevel;
  readonly type: string;
  /** The consumer, producer, field, version or name that it is about; null: the event itself. */
  readonly subject: string | null;
  /** Events, dead letters, or bytes of a payload. */
  readonly count: number | null;
  /** Events that were looked at. */
  readonly of: number | null;
  readonly last_seen_at: string | null;
}

/** Payloads of one version, of the newest of its type. Sizes are bytes of JSON as it travels. */
export interface SeenPayloadSizes {
  readonly version: number;
  readonly count: number;
  readonly p50_bytes: number;
  readonly p95_bytes: number;
  readonly max_bytes: number;
}

export interface CatalogEvent {
  readonly type: string;
  readonly module: string;
  readonly criticality: string;
  readonly severity: string | null;
  readonly version: number;
  readonly when: string;
  readonly key: string | null;
  readonly personal_fields: readonly { readonly field: string; readonly subject: string }[];
  readonly producers: readonly string[];
  readonly consumers: readonly CatalogConsumer[];
  readonly outside: readonly string[];
  readonly is_unhandled: boolean;
  readonly observed: {
    readonly count: number;
    /** Null: never, or nobody knows, because only one tenant's newest were looked at. */
    readonly first_seen_at: string | null;
    readonly last_seen_at: string | null;
    /** Over the time that was looked at, at least an hour. */
    readonly per_hour: number;
    /** Null: payloads were not looked into. */
    readonly payloads: readonly SeenPayloadSizes[] | null;
    readonly producers: readonly SeenProducer[];
    readonly dead_letters: readonly { readonly subscriber: string; readonly count: number }[];
  } | null;
  readonly findings: readonly CatalogFinding[];
}

/** Events that others led to. */
export interface CatalogFlow {
  readonly cause: string;
  readonly effect: string;
  readonly module: string;
  readonly producer: string;
  /** No request and no job published it: a handler did, or another program. */
  readonly is_handled: boolean;
  readonly count: number;
}

export interface CatalogAnswer {
  readonly events: readonly CatalogEvent[];
  /** Of all events, and of what belongs to none of them. */
  readonly findings: readonly CatalogFinding[];
  /** The module that each consumer belongs to, where it is known. */
  readonly subscribers: readonly { readonly subscriber: string; readonly module: string }[];
  /** Null: not asked. */
  readonly flows: readonly CatalogFlow[] | null;
  readonly catch_all: readonly string[];
  readonly missing_consumers: readonly {
    readonly subscriber: string;
    readonly type: string;
    readonly where: "catalogue" | "dead_letters";
  }[];
  readonly unhandled: readonly string[];
  readonly unlisted:
    | readonly {
        readonly type: string;
        readonly is_foreign: boolean;
        readonly older_name_of: string | null;
        readonly count: number;
        readonly last_seen_at: string | null;
        readonly producers: readonly SeenProducer[];
      }[]
    | null;
  readonly observed_newest: number | null;
  /** Since when; null: the record has nothing, or nobody looked. */
  readonly observed_from: string | null;
}

export interface CatalogEventDetails extends CatalogEvent {
  readonly catch_all: readonly string[];
  readonly versions: readonly {
    readonly version: number;
    readonly is_current: boolean;
    readonly example: unknown;
  }[];
  readonly example: unknown;
  readonly fields: readonly {
    readonly path: string;
    readonly type: string;
    readonly required: boolean;
    readonly limits: string;
    readonly meaning: string;
    /** Events in which it has a value, of those that were looked at and have what it belongs to; null: none, or not asked. */
    readonly filled: number | null;
    readonly looked_at: number | null;
  }[];
  readonly observed_newest: number | null;
  readonly observed_from: string | null;
  readonly schema: unknown;
}

interface StoreAnswer {
  readonly host: string | null;
  readonly reachable: boolean | null;
  /** What it said when it refused, and what to do; null: it refused nothing, or did not answer. */
  readonly refusal: string | null;
}

export interface SettingsAnswer {
  readonly mode: string;
  readonly versions: Readonly<Record<string, string | null>>;
  readonly stores: {
    readonly postgres: StoreAnswer;
    readonly redis: StoreAnswer | null;
    readonly further_redis: readonly (StoreAnswer & { readonly number: number })[];
  };
  readonly migrations: {
    readonly state: string | null;
    readonly missing: readonly string[];
    readonly needed: readonly {
      readonly owner: string | null;
      readonly count: number;
      readonly newest: string | null;
    }[];
  };
  readonly modules: readonly {
    readonly name: string;
    readonly events: number;
    readonly consumers: readonly string[];
    readonly jobs: readonly string[];
    readonly paths: readonly string[];
    readonly settings: readonly string[];
  }[];
  readonly settings: readonly {
    readonly name: string;
    readonly read_by: readonly string[];
    readonly meaning: string | null;
    readonly default: string | null;
    readonly is_set: boolean;
    readonly value: string | null;
    readonly is_secret: boolean;
  }[];
  readonly set_in_vain: readonly { readonly name: string; readonly nearest?: string | null }[];
}

export interface ApiKey {
  readonly id: string;
  readonly kind: string;
  readonly prefix: string;
  readonly name: string;
  readonly tenant_id: string | null;
  readonly scopes: readonly string[];
  readonly status: string;
  readonly expires_at: string | null;
  readonly rotated_at: string | null;
  readonly previous_until: string | null;
  readonly last_used_at: string | null;
  readonly created_at: string;
  readonly created_by: string | null;
}

export interface FunnelAnswer {
  readonly from: string;
  readonly to: string;
  readonly rows: readonly {
    readonly stages: readonly {
      readonly stage: string;
      readonly count: number;
      readonly of_previous: number | null;
    }[];
  }[];
}

export interface RatesAnswer {
  readonly rows: readonly {
    readonly time?: string | null;
    readonly generation_failure_rate: number | null;
    readonly mission_success_rate: number | null;
    readonly click_rate: number | null;
    readonly completion_rate: number | null;
    readonly revenue: Readonly<
      Record<string, { readonly received: number; readonly refunded: number; readonly net: number }>
    >;
  }[];
}

/** How far the demo world is; only a system for trying out has one. */
export interface DemoProgress {
  readonly status: "none" | "running" | "completed" | "failed";
  readonly done: number;
  readonly total: number;
  readonly step: string | null;
  readonly error: string | null;
}
