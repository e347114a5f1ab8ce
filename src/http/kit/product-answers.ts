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
    readonly last_seen_at: string | null;
    readonly producers: readonly SeenProducer[];
    readonly dead_letters: readonly { readonly subscriber: string; readonly count: number }[];
  } | null;
}

export interface CatalogAnswer {
  readonly events: readonly CatalogEvent[];
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
  }[];
  readonly schema: unknown;
}

export interface SettingsAnswer {
  readonly mode: string;
  readonly versions: Readonly<Record<string, string | null>>;
  readonly stores: {
    readonly postgres: { readonly host: string | null; readonly reachable: boolean };
    readonly redis: { readonly host: string; readonly reachable: boolean | null } | null;
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
