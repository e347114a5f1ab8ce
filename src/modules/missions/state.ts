import {
  BrainError,
  classify,
  decideDelivery,
  defaultRetryPolicy,
  describeError,
  errorClass,
} from "@brain/engine";
import { redactText, type Severity } from "@brain/schemas";
import type { MissionStatus } from "./tables.ts";

/** Decisions about missions. Pure: time is an argument. */

export const priorities = [10, 20, 30, 40] as const;
export type Priority = (typeof priorities)[number];
export type PriorityName = "LOW" | "NORMAL" | "HIGH" | "CRITICAL";

const priorityNames: Readonly<Record<Priority, PriorityName>> = {
  10: "LOW",
  20: "NORMAL",
  30: "HIGH",
  40: "CRITICAL",
};

/** Name of a stored priority, as events carry it. */
export function priorityName(priority: number): PriorityName {
  return priorityNames[priority as Priority] ?? "NORMAL";
}

/** Places that share one unit of priority; more than a queue ever gives. */
const placesPerPriority = 1e12;

/** Position in the queue as one number: higher comes first; inside a priority, who came earlier. */
export function queueScore(priority: number, place: number): number {
  return priority - place / placesPerPriority;
}

/**
 * What a person may do by hand. What is not in it is done by the worker, or never.
 *
 * `failed → queued` is the way out of the dead letters: a new run through the queue with new attempts.
 */
const byHand: Readonly<Record<MissionStatus, readonly MissionStatus[]>> = {
  pending: ["queued", "cancelled"],
  queued: ["paused", "cancelled"],
  running: ["cancelled"],
  paused: ["queued", "cancelled"],
  failed: ["queued"],
  completed: [],
  cancelled: [],
};

/** Statuses that a person may give a mission of this status; none when it is final. */
export function allowedByHand(from: MissionStatus): readonly MissionStatus[] {
  return byHand[from];
}

/** Statuses from which a person may lead to `to`. */
export function sourcesByHand(to: MissionStatus): readonly MissionStatus[] {
  return (Object.keys(byHand) as MissionStatus[]).filter((from) => byHand[from].includes(to));
}

/** Counters of a mission whose attempt has ended. */
export interface Attempts {
  /** Attempts begun, the one that ended included. */
  readonly attempt: number;
  /** The attempt that is the last. */
  readonly attemptLimit: number;
  /** Attempts of one run through the queue. */
  readonly maxRetries: number;
}

/** What follows from a failed attempt. */
export interface Verdict {
  /** Wait before the next attempt, ms; null: the mission has failed. */
  readonly retryInMs: number | null;
  readonly severity: Severity;
}

/**
 * Passing and unknown errors are tried again until all attempts are used up, with exponential backoff and full jitter
 * (1 s doubled up to 5 min) or as the error says; what can never work fails at once.
 *
 * @param seed stable for the mission; feeds the jitter
 */
export function judgeFailure(error: unknown, attempts: Attempts, seed: string): Verdict {
  const { attempt, attemptLimit, maxRetries } = attempts;
  const policy = { ...defaultRetryPolicy, maxAttempts: maxRetries, maxProgrammingAttempts: maxRetries };
  // A mission that is executed again begins with a short wait again.
  const ofThisRun = attempt - (attemptLimit - maxRetries);
  const delivery = decideDelivery(classify(error), ofThisRun, policy, `${seed}:${attempt}`, 0);
  if (delivery.action === "retry") return { retryInMs: delivery.dueAtMs, severity: "WARNING" };
  return { retryInMs: null, severity: attempt >= attemptLimit ? "CRITICAL" : "ERROR" };
}

const maxErrorLength = 500;

/** A failure in words. */
export interface Failure {
  /** For operators, without what events must not hold. */
  readonly detail: string;
  /** For events: messages of our own errors are safe, all others stay here. */
  readonly message: string;
  /** Class name. */
  readonly type: string;
}

export function describeFailure(error: unknown): Failure {
  const detail = storable(redactText(describeError(error)))
    .slice(0, maxErrorLength)
    .toWellFormed();
  const message =
    error instanceof BrainError ? detail : "An unexpected error ended the attempt; the mission's log has it.";
  return { detail, message, type: storable(errorClass(error)).slice(0, 200) };
}

/** Text that Postgres and events accept: control characters but line ends and tabs become the replacement character. */
export function storable(text: string): string {
  return text.toWellFormed().replace(/[^\P{Cc}\t\n\r]/gu, "\uFFFD");
}
