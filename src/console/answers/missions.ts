/** Answers about missions, as the pages read them. Only what is shown is named. */

export const missionStatuses = [
  "pending",
  "queued",
  "running",
  "paused",
  "completed",
  "failed",
  "cancelled",
] as const;
export type MissionStatus = (typeof missionStatuses)[number];

export interface Mission {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly description: string | null;
  readonly status: MissionStatus;
  readonly priority_name: string;
  readonly data: unknown;
  readonly result: unknown;
  readonly error: string | null;
  readonly attempt: number;
  readonly max_retries: number;
  readonly available_at: string | null;
  readonly lease_until: string | null;
  readonly tenant_id: string | null;
  readonly correlation_id: string;
  readonly created_by: string;
  readonly template_id: string | null;
  readonly run_id: string | null;
  readonly step: number | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
}

export interface MissionList {
  readonly missions: readonly Mission[];
  readonly next_cursor: string | null;
}

export interface MissionLog {
  readonly log: readonly {
    readonly timestamp: string;
    readonly level: string;
    readonly message: string;
    readonly data: Readonly<Record<string, unknown>>;
  }[];
}

export type MissionCounts = Readonly<Partial<Record<MissionStatus, number>>>;

export interface QueueState {
  readonly length: number;
  readonly paused: boolean;
  readonly reason: string | null;
  readonly paused_by: string | null;
  readonly paused_at: string | null;
}

export interface MissionTemplate {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly steps: readonly { readonly order: number; readonly action: string; readonly config: unknown }[];
  readonly variables: Readonly<
    Record<
      string,
      {
        readonly type: "string" | "number" | "boolean" | "object" | "array";
        readonly required: boolean;
        readonly default: unknown;
        readonly description: string;
      }
    >
  >;
  readonly unknown_actions: readonly string[];
  readonly updated_at: string;
}

export interface TemplateList {
  readonly templates: readonly MissionTemplate[];
  readonly next_cursor: string | null;
}
