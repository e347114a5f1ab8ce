import type { Envelope } from "@brain/schemas";
import type { ClaimState } from "../../consume/apply/claim-state.ts";
import type { Subscription } from "../../consume/consumer.ts";
import type { DeadLetterReason } from "../../core/retry.ts";
import type { TableChange } from "../../db/trial.ts";

/** What a try shows. Texts are in it without secrets and without what is in personal fields. */
export interface TryView {
  readonly event_id: string;
  readonly event_type: string;
  readonly subscriber: string;
  readonly tenant_id: string | null;
  /** Ordering key; null means that the event has no order among others. */
  readonly key: string | null;
  /** How its handler takes events. */
  readonly handler: Subscription["kind"];
  /** Where the event was read; `request`: its payload came with the request, its id is new. */
  readonly read_from: "record" | "letter" | "edited_copy" | "request";
  /** What the claims say; null: this consumer has not applied it. It ran all the same, as a forced replay would. */
  readonly already: ClaimState | null;
  /**
   * What would become of a delivery now: `applied`, `retried`, `dead_letter`, or `unknown` because the try had to end
   * where a delivery would have gone on: see `stopped_by`.
   */
  readonly outcome: "applied" | "retried" | "dead_letter" | "unknown";
  /** A refused call of the outside, a lock that somebody holds, or the time limit of tries; null: none of them. */
  readonly stopped_by: "outside" | "lock" | "time" | null;
  readonly error: TryError | null;
  /** Time in the handler with its statements, ms. */
  readonly ms: number;
  /** What it did to tables; none when it failed, for then nothing would be committed. */
  readonly changes: readonly TableChange[];
  readonly statements: readonly TriedStatement[];
  /** What it would publish, in that order. */
  readonly events: readonly TriedEvent[];
  readonly log: readonly TriedLine[];
  /** Calls of the outside that were refused. */
  readonly calls: readonly RefusedCall[];
  /** How many there were of which the lists above do not show all. */
  readonly omitted: Readonly<Record<"statements" | "events" | "log" | "calls", number>>;
}

export interface TryError {
  readonly class: string;
  readonly message: string;
  /** Where it and its causes were thrown; null when nothing says it. */
  readonly stack: string | null;
  /** Why it would be a dead letter at once; null: it would be tried again. */
  readonly dead_letter: DeadLetterReason | null;
  /** When it would be tried again at the earliest, ms from now; null: never. */
  readonly retry_in_ms: number | null;
  /** Tries of an event that fails so, the first included. */
  readonly max_attempts: number;
}

export interface TriedStatement {
  /** With `$1` where values go. */
  readonly sql: string;
  readonly sql_truncated: boolean;
  /** First word of Postgres' answer, lower case: `insert`, `select`; `failed` when it refused. */
  readonly kind: string;
  /** Rows that it wrote or gave. */
  readonly rows: number;
  readonly ms: number;
  readonly values: readonly TriedValue[];
  readonly more_values: number;
}

/** A value of a statement. */
export interface TriedValue {
  readonly kind: "null" | "text" | "number" | "boolean" | "time" | "bytes" | "other";
  /** Characters of a text, bytes; null for others. */
  readonly length: number | null;
  /** In clear when the reader knows it from the event: see `from`; null: not shown. */
  readonly value: string | null;
  /** The field of the event that has the same value, such as `payload.course_id`; null: none. */
  readonly from: string | null;
}

export interface TriedEvent {
  readonly id: string;
  readonly type: string;
  readonly key: string | null;
  readonly tenant_id: string | null;
  /** Personal fields are hidden; null: too large, or of a tenant that the reader may not see. */
  readonly payload: Envelope["payload"] | null;
  /** The record has its id already, so it would not be published again. */
  readonly is_recorded: boolean;
}

export interface TriedLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface RefusedCall {
  readonly method: string;
  /** Scheme, host and port: what follows may hold a secret. */
  readonly origin: string;
}

/** Whether a consumer of an event can be tried. */
export interface TryOffer {
  readonly subscriber: string;
  readonly handler: Subscription["kind"];
  /** Why not, a sentence; null: it can. */
  readonly not_tried: string | null;
}
