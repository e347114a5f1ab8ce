import { redactText } from "@brain/schemas";
import { RetryAfter } from "../../core/errors.ts";
import { orderOf } from "../../core/ordering.ts";
import type { DeadLetterReason } from "../../core/retry.ts";
import { thrownAt } from "../../core/telemetry/stack.ts";
import { readTraceContext } from "../../core/telemetry/trace-context.ts";
import { watchMarkWords } from "../../db/alert-watch.ts";
import { publishedMs } from "../../publish/received-at.ts";
import type { Applied } from "../apply/applied.ts";
import { holdsKey } from "../apply/apply.ts";
import { eventLog } from "../apply/run-handlers.ts";
import {
  type DeadLetter,
  describeError,
  errorClass,
  errorStack,
  isEverybodys,
  storeDeadLetters,
} from "../dead-letters.ts";
import {
  attemptOf,
  type Delivery,
  eventOf,
  isRunnable,
  type Retry,
  type Runnable,
  type Source,
  triesOf,
} from "../delivery.ts";
import { type DeliveryFailure, noteDue } from "./base.ts";
import type { AppliedTimes } from "./counts.ts";
import type { Drain } from "./state.ts";

/*
 * The last word on a delivery: it is done, it is tried again, or it is a dead letter. Its source is told: that it is
 * done with the next round trip, that it is a dead letter only once that is stored.
 */

/** Groups deliveries by their sources, so that each is told once. */
export async function tellSources<T>(
  items: readonly T[],
  sourceOf: (item: T) => Source,
  tell: (source: Source, items: readonly T[]) => Promise<void> | void,
): Promise<void> {
  for (const [source, own] of Map.groupBy(items, sourceOf)) await tell(source, own);
}

function finish(deliveries: readonly Delivery[], as: "applied" | "passed_over" | "dead_letter"): void {
  for (const [source, own] of Map.groupBy(deliveries, (one) => one.source)) source.finish(own, as);
}

/**
 * Finishes what needs no handler: skips, dead letters of what can never be handled, and what an operator gave up.
 *
 * @returns what is left to apply
 */
export async function finishUnhandled(drain: Drain, deliveries: readonly Delivery[]): Promise<Runnable[]> {
  const skipped = deliveries.filter(({ content }) => content.kind === "skip");
  finish(skipped, "passed_over");
  drain.result.skipped += skipped.length;
  drain.counts.note(null, "skipped", skipped.length);
  const runs = (one: Delivery): one is Runnable => isRunnable(one) && one.skipReason === null;
  const others = deliveries.filter((one) => one.content.kind !== "skip" && !runs(one));
  await storeLetters(
    drain,
    others.map((delivery) => toDeadLetter(drain, delivery, whyUnhandled(delivery))),
  );
  return deliveries.filter(runs);
}

interface Why {
  readonly reason: DeadLetterReason;
  readonly error: unknown;
  /** Where a handler threw it; default null: no handler did. */
  readonly stack?: string | null;
  /** Tries; default those so far, at least this one. */
  readonly attempts?: number;
}

function whyUnhandled({ content, skipReason }: Delivery): Why {
  if (skipReason !== null) return { reason: "skipped", error: new SkippedError(skipReason) };
  if (content.kind === "refuse") return { reason: content.reason, error: content.error };
  const error = new Error(
    "The entry was trimmed from the stream before it was handled, and the record does not hold it.",
  );
  return { reason: "body_lost", error };
}

/** An operator gave the event up, so that its key could go on. */
class SkippedError extends Error {
  override readonly name = "SkippedError";
}

function toDeadLetter(drain: Drain, delivery: Delivery, why: Why): DeadLetter {
  const { reason, error, stack = null, attempts = Math.max(1, triesOf(delivery)) } = why;
  return { delivery, reason, error, stack, attempts, failedAtMs: drain.deps.now() };
}

/**
 * Finishes one whose tries are used up without an outcome, because each of them ended its worker: it becomes a dead letter,
 * not tried again, unless one of them had committed and only its ack was lost.
 */
export async function finishExhausted(
  drain: Drain,
  delivery: Runnable,
  reason: "worker_died" | "attempts_exhausted",
): Promise<void> {
  const attempts = triesOf(delivery);
  const error = new Error(
    `Of ${attempts} tries the last ones left no outcome: each time the worker ended, or the outcome could not be stored. Look for what this event does to memory and CPU time.`,
  );
  await storeLetters(drain, [toDeadLetter(drain, delivery, { reason, error, attempts })]);
}

/**
 * Stores dead letters, then lets their deliveries go; never the other way round. What turns out to be done, because it was
 * applied before or somebody has closed its letter, was delivered again.
 */
async function storeLetters(drain: Drain, letters: readonly DeadLetter[]): Promise<void> {
  if (letters.length === 0) return;
  const origin = {
    subscriber: drain.consumer.subscriber,
    stream: drain.group.stream,
    shard: drain.options.shard,
    fencingToken: drain.state.fencingToken,
    catalog: drain.deps.catalog,
  };
  // One statement cannot store the same entry twice; two generations of a replay may both have failed.
  const first = new Map(letters.map((letter) => [letter.delivery.messageId, letter]));
  const again = letters.filter((letter) => first.get(letter.delivery.messageId) !== letter);
  const stored = await storeDeadLetters(drain.deps.db, origin, [...first.values()]);
  for (const letter of again)
    for (const [one, id] of await storeDeadLetters(drain.deps.db, origin, [letter])) stored.set(one, id);
  drain.result.deadLettered += stored.size;
  const isDone = (letter: DeadLetter) => !stored.has(letter) && !isEverybodys(letter.delivery);
  for (const [as, own] of Map.groupBy(letters, (letter) => (isDone(letter) ? "applied" : "dead_letter"))) {
    finish(
      own.map(({ delivery }) => delivery),
      as,
    );
    if (as === "applied") noteRedelivered(drain, own);
  }
  for (const [letter, id] of stored) logLetter(drain, letter, id);
  if (stored.size > 0) await markLetters(drain);
}

/** Has cron look whether somebody should know, also when no other event comes. */
async function markLetters({ deps }: Drain): Promise<void> {
  try {
    await (deps.sharedRedis ?? deps.redis).command(["HSET", ...watchMarkWords(deps.keys.failing())]);
  } catch (error) {
    deps.log.warn(
      { error_class: errorClass(error) },
      "Cron could not be told of dead letters; it looks within the hour.",
    );
  }
}

function noteRedelivered({ result, counts }: Drain, letters: readonly DeadLetter[]): void {
  result.redelivered += letters.length;
  for (const { delivery } of letters) counts.note(typeOf(delivery), "redelivered");
}

/** Null where nothing says it. */
function typeOf(delivery: Delivery): string | null {
  const { content } = delivery;
  if (content.kind === "lost" || content.kind === "refuse") return content.type;
  return eventOf(delivery)?.type ?? null;
}

function logLetter(drain: Drain, letter: DeadLetter, id: string): void {
  const { delivery, reason, error, stack, attempts } = letter;
  const event = eventOf(delivery);
  const { content, messageId } = delivery;
  const known = content.kind === "lost" ? content : null;
  const eventId = event?.id ?? known?.eventId ?? null;
  const eventType = typeOf(delivery);
  drain.counts.note(eventType, "dead_lettered");
  drain.deps.log.error(
    {
      dead_letter_id: id,
      event_id: eventId,
      event_type: eventType,
      stream_message_id: messageId,
      tenant_id: event?.tenant_id ?? known?.tenantId ?? null,
      correlation_id: event?.correlation_id ?? null,
      trace_id: readTraceContext(event?.meta.traceparent)?.traceId,
      attempt: attempts,
      reason,
      error_class: errorClass(error),
      error_stack: stack ?? undefined,
    },
    `The event became a dead letter: ${redactText(describeError(error))}`,
  );
  tellOfFailure(drain, {
    eventType,
    eventId,
    streamMessageId: messageId,
    attempt: attempts,
    error,
    next: { action: "dead-letter", reason },
  });
}

/**
 * Finishes what was tried: counts, lets go, stores retry times and dead letters.
 *
 * @param blocked gets the keys whose later deliveries have to wait
 */
export async function finishApplied(
  drain: Drain,
  applied: readonly Applied[],
  blocked: Set<string>,
): Promise<void> {
  const done: Applied[] = [];
  const letters: DeadLetter[] = [];
  const retries: Retry[] = [];
  for (const one of applied) {
    const { delivery, decision, error } = one;
    // Once somebody has let later events pass, the event does not hold them again.
    const key = orderOf(delivery);
    if (key !== null && holdsKey(drain.consumer, one)) blocked.add(key);
    if (decision.action === "ack") {
      done.push(one);
    } else if (decision.action === "retry") {
      retries.push(toRetry(drain, one, decision));
    } else {
      const why = { reason: decision.reason, error, stack: errorStack(error), attempts: attemptOf(delivery) };
      letters.push(toDeadLetter(drain, delivery, why));
    }
  }
  finishDone(drain, done);
  await tellSources(
    retries,
    ({ delivery }) => delivery.source,
    (source, own) => source.retryAt(own),
  );
  drain.result.retried += retries.length;
  for (const { delivery } of retries) drain.counts.note(eventOf(delivery)?.type ?? null, "retried");
  for (const { failure } of retries) noteDue(drain.result, failure.dueAtMs);
  await storeLetters(drain, letters);
}

/** Counts deliveries that are done, and lets their sources forget them. */
function finishDone({ result, counts }: Drain, done: readonly Applied[]): void {
  finish(
    done.map(({ delivery }) => delivery),
    "applied",
  );
  for (const [duplicate, alike] of Map.groupBy(done, (one) => one.duplicate)) {
    if (duplicate === "redelivered") result.redelivered += alike.length;
    else if (duplicate === "published_twice") result.publishedTwice += alike.length;
    else result.applied += alike.length;
    const byType = Map.groupBy(alike, ({ delivery }) => delivery.content.event.type);
    for (const [type, own] of byType) counts.note(type, duplicate ?? "applied", own.length);
  }
  counts.noteTimes(done.flatMap(timesOf));
}

function timesOf({ delivery, duplicate, times }: Applied): AppliedTimes[] {
  if (duplicate !== null || times === null) return [];
  // How long a replay or a redrive took to come says when an operator began it.
  const isFirstTime = !delivery.isReplay && delivery.deadLetterId === null;
  const { committedMs } = times;
  const criticalMs = committedMs - publishedMs(delivery.content.event, delivery.messageId, committedMs);
  return [
    {
      processingMs: times.processingMs,
      criticalMs: isFirstTime && Number.isFinite(criticalMs) ? Math.max(0, criticalMs) : null,
      appliedAtMs: committedMs,
    },
  ];
}

/** An observer never breaks what it observes. */
function tellOfFailure({ deps, consumer }: Drain, failure: Omit<DeliveryFailure, "subscriber">): void {
  try {
    deps.onFailure?.({ subscriber: consumer.subscriber, ...failure });
  } catch (error) {
    deps.log.warn({ error_class: errorClass(error) }, `onFailure threw: ${describeError(error)}`);
  }
}

function toRetry(
  drain: Drain,
  { delivery, error, uncounted }: Applied,
  next: Extract<Applied["decision"], { action: "retry" }>,
): Retry {
  const { deps } = drain;
  const { dueAtMs, overtakable } = next;
  const nowMs = deps.now();
  const text = redactText(describeError(error));
  // A handler that asks to wait is not in trouble.
  const level = error instanceof RetryAfter ? "debug" : "warn";
  eventLog(deps, delivery)[level](
    { error_class: errorClass(error), at: thrownAt(error), retry_in_ms: dueAtMs - nowMs },
    `The event will be tried again: ${text}`,
  );
  if (!(error instanceof RetryAfter)) {
    tellOfFailure(drain, {
      eventType: delivery.content.event.type,
      eventId: delivery.content.event.id,
      streamMessageId: delivery.messageId,
      attempt: attemptOf(delivery),
      error,
      next,
    });
  }
  return {
    delivery,
    failure: {
      dueAtMs,
      firstFailedAtMs: delivery.firstFailedAtMs ?? nowMs,
      attempts: uncounted === true ? triesOf(delivery) : attemptOf(delivery),
      overtakable: overtakable || delivery.overtakable,
      error: text,
    },
  };
}
