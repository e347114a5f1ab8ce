/* Answers about events and their stories, as the command line and the console read them. Only what is shown is named. */

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
    readonly error?: string;
    readonly attempts?: number;
    readonly first_failed_at?: string;
    readonly last_failed_at?: string;
  }[];
  readonly depth: number;
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
