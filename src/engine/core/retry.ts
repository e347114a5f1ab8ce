import type { MessageId } from "@brain/schemas";
import { maxSkewMs } from "./clock.ts";
import { hashText, mixBits } from "./sharding.ts";

/** How often and how fast a consumer tries again. */
export interface RetryPolicy {
  /** Tries of one event, the first included; then it becomes a dead letter. */
  readonly maxAttempts: number;
  /** Tries when the handler throws a programming error (TypeError and the like). */
  readonly maxProgrammingAttempts: number;
  /** Tries that ended the worker instead of coming to an outcome; then it becomes a dead letter, not tried again. */
  readonly maxDeaths: number;
  readonly baseMs: number;
  readonly capMs: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 5,
  maxProgrammingAttempts: 2,
  maxDeaths: 3,
  baseMs: 1_000,
  capMs: 300_000,
};

/** What became of one try. */
export type Outcome =
  /** Done: applied now, applied before by another delivery, or of a type that nobody here handles. */
  | { readonly kind: "finished" }
  | { readonly kind: "permanent"; readonly reason: DeadLetterReason }
  | { readonly kind: "programming" }
  /** `retryAfterMs` null: the policy's backoff decides. */
  | {
      readonly kind: "transient";
      readonly retryAfterMs: number | null;
      /** Later events with the same key need not wait. */
      readonly overtakable: boolean;
    };

/** Why an event is a dead letter; closed set, stored with it. */
export type DeadLetterReason =
  | "permanent_error"
  | "attempts_exhausted"
  | "programming_error"
  | "invalid_payload"
  | "undecodable"
  | "body_lost"
  /** Another event that was applied has its id, or one that claims do not hold: nobody can tell them apart. */
  | "id_taken"
  /** Its tries ended the worker. */
  | "worker_died"
  /** An operator gave it up, so that its key could go on. */
  | "skipped";

/** What to do with the entry now. A retry is a stored time: nothing sleeps while it holds an entry. */
export type Decision =
  | { readonly action: "ack" }
  | { readonly action: "retry"; readonly dueAtMs: number; readonly overtakable: boolean }
  | { readonly action: "dead-letter"; readonly reason: DeadLetterReason };

/** Characters of a failure that are kept beside what waits because of it, one line; the log has all of it. */
export const maxFailureLength = 300;

/** Shortest wait before a retry, so that a failing entry cannot spin. */
const minBackoffMs = 50;

/**
 * Backoff with full jitter: uniform in [0, min(cap, base·2^(attempt-1))], but never below 50 ms. The jitter comes
 * from `seed`, so that everybody who looks at the same entry computes the same time and nothing needs to be stored. That of
 * one try says nothing about that of the next: else those whose waits are short would use up all tries within a second.
 *
 * @param attempt the try that failed, from 1
 * @param seed stable for the entry, e.g. its message id
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(policy: RetryPolicy, attempt: number, seed: string): number {
  const ceiling = Math.min(policy.capMs, policy.baseMs * 2 ** Math.max(0, attempt - 1));
  const fraction = mixBits(hashText(`${seed}#${attempt}`)) / 0x1_0000_0000;
  return Math.max(Math.min(minBackoffMs, ceiling), Math.floor(ceiling * fraction));
}

/** Tries of an event that ends them so, the first included; what is permanent has one. */
export function maxTriesOf({ kind }: Outcome, policy: RetryPolicy): number {
  if (kind === "permanent") return 1;
  return kind === "programming"
    ? Math.min(policy.maxProgrammingAttempts, policy.maxAttempts)
    : policy.maxAttempts;
}

/**
 * The one place that decides what happens after a try.
 *
 * @param attempt the try that just ended, from 1
 * @param seed stable for the entry; feeds the jitter
 * @param nowMs Unix time, ms
 */
export function decideDelivery(
  outcome: Outcome,
  attempt: number,
  policy: RetryPolicy,
  seed: string,
  nowMs: number,
): Decision {
  switch (outcome.kind) {
    case "finished":
      return { action: "ack" };
    case "permanent":
      return { action: "dead-letter", reason: outcome.reason };
    case "programming":
      return attempt >= maxTriesOf(outcome, policy)
        ? { action: "dead-letter", reason: "programming_error" }
        : { action: "retry", dueAtMs: nowMs + backoffMs(policy, attempt, seed), overtakable: false };
    case "transient": {
      if (attempt >= policy.maxAttempts) return { action: "dead-letter", reason: "attempts_exhausted" };
      const waitMs = outcome.retryAfterMs ?? backoffMs(policy, attempt, seed);
      const dueAtMs = nowMs + Math.min(Math.max(0, waitMs), maxRetryAfterMs);
      return { action: "retry", dueAtMs, overtakable: outcome.overtakable };
    }
  }
}

/** A handler's own RetryAfter is bounded, so that a typing error cannot hold an entry back for ever: 1 day. */
const maxRetryAfterMs = 86_400_000;

/** How long something waits that is due at `dueAtMs`, whole ms. */
export function waitOf(dueAtMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil(dueAtMs - nowMs));
}

/** A pending entry as Redis lists it. */
export interface PendingEntry {
  readonly id: MessageId;
  /** Time since the last delivery, ms. */
  readonly idleMs: number;
  /** Tries begun. 0 means: read, but set aside before any try. */
  readonly deliveries: number;
}

/**
 * Unix time, ms, from which a pending entry may be tried: the time stored at its last failure, or, when a try was begun
 * and no outcome was stored, the backoff after it. What a vanished holder tried for the first time is due at once: it
 * was in the batch, and that says nothing about it. An entry that was alone when its worker died waits, because whoever
 * kills workers faster than they come up hits the first in line each time, and that is not its fault.
 *
 * @param failure what was stored when its last try failed; null when nothing was
 * @param takeover the previous holder of the lease did not let go
 */
export function dueAt(
  entry: PendingEntry,
  policy: RetryPolicy,
  nowMs: number,
  failure: { readonly dueAtMs: number; readonly waitMs: number | null } | null,
  takeover: boolean,
): number {
  const { deliveries, idleMs } = entry;
  if (failure !== null) {
    const { dueAtMs, waitMs } = failure;
    const isPlausible = waitMs === null || dueAtMs <= nowMs + waitMs + maxSkewMs;
    // Otherwise the clock of the worker that stored it ran ahead, and Redis' own says for how long it has waited.
    return isPlausible ? dueAtMs : nowMs + waitMs - idleMs;
  }
  if (deliveries === 0) return nowMs;
  if (takeover && (deliveries === 1 || deliveries >= policy.maxDeaths)) return nowMs;
  return nowMs - idleMs + Math.min(policy.capMs, policy.baseMs * 2 ** (deliveries - 1));
}
