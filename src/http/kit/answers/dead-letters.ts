import type { Action } from "./operations.ts";

/* Answers about dead letters, as the command line and the console read them. Only what is shown is named. */

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
