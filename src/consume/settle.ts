import { redactText } from "@brain/schemas";
import { RetryAfter } from "../core/errors.ts";
import { thrownAt } from "../core/stack.ts";
import { putBackCommand } from "../stream/group.ts";
import { type Applied, claimOf, holdsKey } from "./apply.ts";
import { type DeadLetter, describeError, errorClass, errorStack, storeDeadLetters } from "./dead-letters.ts";
import { isApplied } from "./dedup.ts";
import { retryQueued } from "./queue.ts";
import type { Known } from "./read-round.ts";
import { type Failure, failureToText } from "./recover.ts";
import { fieldsToObject, type Incoming } from "./route.ts";
import { eventLog } from "./run-handlers.ts";
import { holding, noteDue, type Tick } from "./tick.ts";

/**
 * Settles what needs no handler: skips, dead letters of what can never be handled, and what an operator gave up.
 *
 * @returns what is left to apply
 */
export async function settle(tick: Tick, entries: readonly Known[]): Promise<Incoming[]> {
  const incoming: Incoming[] = [];
  const letters: DeadLetter[] = [];
  for (const known of entries) {
    const { entry, routed, queued } = known;
    const skip = skipReason(tick, known);
    if (routed?.kind === "handle" && skip === null) {
      incoming.push(routed.incoming);
      continue;
    }
    if (routed?.kind === "skip") {
      finish(tick, entry.id, queued);
      tick.result.skipped += 1;
      continue;
    }
    letters.push(unhandled(tick, known, skip));
  }
  await bury(tick, letters);
  return incoming;
}

/** Why an operator gave the event up; null when nobody did. */
function skipReason(tick: Tick, { entry, queued }: Known): string | null {
  if (queued !== null) return queued.skipReason;
  const failure = tick.failures.get(entry.id);
  return failure?.skip === true ? failure.error : null;
}

function unhandled(
  tick: Tick,
  { entry, routed, fields, queued, identity, key }: Known,
  skip: string | null,
): DeadLetter {
  const nowMs = tick.deps.now();
  const refused = routed?.kind === "refuse" ? routed : null;
  const event = routed?.kind === "handle" ? routed.incoming.event : (refused?.event ?? null);
  const lost = new Error(
    "The entry was trimmed from the stream before it was handled, and the record does not hold it.",
  );
  return {
    messageId: entry.id,
    eventId: event?.id ?? identity?.eventId ?? null,
    eventType: refused?.type ?? event?.type ?? identity?.eventType ?? null,
    tenantId: event?.tenant_id ?? identity?.tenantId ?? null,
    correlationId: event?.correlation_id ?? null,
    rawFields: fields === null ? null : fieldsToObject(fields),
    reason: skip !== null ? "skipped" : (refused?.reason ?? "body_lost"),
    error: skip !== null ? new SkippedError(skip) : (refused?.error ?? lost),
    stack: null,
    attempts: Math.max(1, entry.deliveries, tick.failures.get(entry.id)?.attempts ?? 0),
    firstFailedAtMs: firstFailure(tick, entry.id, queued) ?? nowMs,
    lastFailedAtMs: nowMs,
    key: key ?? identity?.key ?? null,
    queued,
    everybodys: refused?.reason === "undecodable" && refused.type === null && queued === null,
  };
}

/** An operator gave the event up, so that its key could go on. */
class SkippedError extends Error {
  override readonly name = "SkippedError";
}

/** Lets the source forget a delivery that is done: the stream with an ack, the queue by removing its row. */
function finish(tick: Tick, messageId: Incoming["messageId"], queued: Incoming["queued"]): void {
  if (queued === null) tick.acks.push(messageId);
  else tick.done.push(queued.place);
}

/** Unix time, ms; null when it never failed. */
export function firstFailure(
  tick: Tick,
  messageId: Incoming["messageId"],
  queued: Incoming["queued"],
): number | null {
  return queued === null ? (tick.failures.get(messageId)?.firstFailedAtMs ?? null) : queued.firstFailedAtMs;
}

/**
 * Settles an entry whose tries are used up without an outcome, because each of them ended its worker. When one of them
 * had committed and only its ack was lost, the entry is done; otherwise it becomes a dead letter, not tried again.
 */
export async function giveUp(
  tick: Tick,
  incoming: Incoming,
  reason: "worker_died" | "attempts_exhausted",
): Promise<void> {
  const { messageId, event, fields, attempt, queued, key } = incoming;
  if (await isApplied(tick.deps.db, tick.consumer.subscriber, claimOf(incoming))) {
    finish(tick, messageId, queued);
    tick.result.redelivered += 1;
    return;
  }
  const nowMs = tick.deps.now();
  const attempts = attempt - 1;
  await bury(tick, [
    {
      messageId,
      eventId: event.id,
      eventType: event.type,
      tenantId: event.tenant_id,
      correlationId: event.correlation_id,
      rawFields: fieldsToObject(fields),
      reason,
      error: new Error(
        `Of ${attempts} tries the last ones left no outcome: each time the worker ended, or the outcome could not be stored. Look for what this event does to memory and CPU time.`,
      ),
      stack: null,
      attempts,
      firstFailedAtMs: firstFailure(tick, messageId, queued) ?? nowMs,
      lastFailedAtMs: nowMs,
      key,
      queued,
      everybodys: false,
    },
  ]);
}

/** Stores dead letters, then lets their entries be acked; never the other way round. */
async function bury(tick: Tick, letters: readonly DeadLetter[]): Promise<void> {
  if (letters.length === 0) return;
  const origin = {
    subscriber: tick.consumer.subscriber,
    stream: tick.group.stream,
    shard: tick.options.shard,
    epoch: tick.state.epoch,
  };
  // One statement cannot store the same entry twice; two epochs of a replay may both have failed.
  const first = new Map(letters.map((letter) => [letter.messageId, letter]));
  const again = letters.filter((letter) => first.get(letter.messageId) !== letter);
  const stored = await storeDeadLetters(tick.deps.db, origin, [...first.values()]);
  for (const letter of again) stored.push(...(await storeDeadLetters(tick.deps.db, origin, [letter])));
  tick.result.deadLettered += stored.length;
  const ids = new Map(stored.map(({ id, messageId }) => [messageId, id]));
  for (const letter of letters) {
    if (letter.queued === null) tick.acks.push(letter.messageId as Incoming["messageId"]);
    const id = ids.get(letter.messageId);
    if (id !== undefined) logLetter(tick, letter, id);
  }
}

function logLetter(tick: Tick, letter: DeadLetter, id: string): void {
  tick.deps.log.error(
    {
      dead_letter_id: id,
      event_id: letter.eventId,
      event_type: letter.eventType,
      stream_message_id: letter.messageId,
      tenant_id: letter.tenantId,
      correlation_id: letter.correlationId,
      attempt: letter.attempts,
      reason: letter.reason,
      error_class: errorClass(letter.error),
      error_stack: letter.stack ?? undefined,
    },
    `The event became a dead letter: ${redactText(describeError(letter.error))}`,
  );
}

/** A delivery that will be tried again. */
interface Retry {
  readonly incoming: Incoming;
  readonly failure: Failure;
}

/** Counts, acks, stores retry times and dead letters. */
export async function conclude(tick: Tick, applied: readonly Applied[], blocked: Set<string>): Promise<void> {
  const { deps, consumer } = tick;
  const letters: DeadLetter[] = [];
  const retries: Retry[] = [];
  for (const one of applied) {
    const { incoming, delivery, error } = one;
    const { key } = incoming;
    // Once somebody has let later events pass, the event does not hold them again.
    const passed = wasPassed(tick, incoming);
    if (key !== null && !passed && holdsKey(consumer, one)) blocked.add(key);
    if (delivery.action === "ack") {
      countApplied(tick, one);
      continue;
    }
    const nowMs = deps.now();
    const firstFailedAtMs = firstFailure(tick, incoming.messageId, incoming.queued) ?? nowMs;
    if (delivery.action === "retry") {
      const { dueAtMs } = delivery;
      const overtakable = delivery.overtakable || passed;
      const attempts = one.uncounted === true ? incoming.attempt - 1 : incoming.attempt;
      const text = redactText(describeError(error));
      retries.push({
        incoming,
        failure: { dueAtMs, firstFailedAtMs, attempts, overtakable, skip: false, error: text },
      });
      // A handler that asks to wait is not in trouble.
      const level = error instanceof RetryAfter ? "debug" : "warn";
      eventLog(deps, incoming)[level](
        { error_class: errorClass(error), at: thrownAt(error), retry_in_ms: delivery.dueAtMs - nowMs },
        `The event will be tried again: ${text}`,
      );
      continue;
    }
    const { messageId, event, fields, attempt, queued } = incoming;
    letters.push({
      messageId,
      eventId: event.id,
      eventType: event.type,
      tenantId: event.tenant_id,
      correlationId: event.correlation_id,
      rawFields: fieldsToObject(fields),
      reason: delivery.reason,
      error,
      stack: errorStack(error),
      attempts: attempt,
      firstFailedAtMs,
      lastFailedAtMs: nowMs,
      key,
      queued,
      everybodys: false,
    });
  }
  await storeRetries(tick, retries);
  await bury(tick, letters);
}

function wasPassed(tick: Tick, { messageId, queued }: Incoming): boolean {
  return queued === null ? tick.failures.get(messageId)?.overtakable === true : queued.overtakable;
}

/** Counts a delivery that is done, and lets its source forget it. */
function countApplied(tick: Tick, { incoming, duplicate }: Applied): void {
  const { result } = tick;
  finish(tick, incoming.messageId, incoming.queued);
  if (duplicate === "redelivered") result.redelivered += 1;
  else if (duplicate === "published_twice") result.publishedTwice += 1;
  else result.applied += 1;
}

async function storeRetries(tick: Tick, retries: readonly Retry[]): Promise<void> {
  if (retries.length === 0) return;
  await retryOnStream(
    tick,
    retries.filter(({ incoming }) => incoming.queued === null),
  );
  await retryQueued(
    tick.deps.db,
    retries.flatMap(({ incoming, failure }) =>
      incoming.queued === null
        ? []
        : {
            place: incoming.queued.place,
            attempts: failure.attempts,
            due_at: new Date(failure.dueAtMs).toISOString(),
            failed_at: new Date(failure.firstFailedAtMs).toISOString(),
            error: failure.error,
            overtakable: failure.overtakable,
          },
    ),
  );
  tick.result.retried += retries.length;
  for (const { failure } of retries) noteDue(tick, failure.dueAtMs);
}

async function retryOnStream(tick: Tick, retries: readonly Retry[]): Promise<void> {
  if (retries.length === 0) return;
  const key = tick.deps.keys.retryAt(tick.consumer.group, tick.options.shard);
  const fields = retries.flatMap(({ incoming, failure }) => [incoming.messageId, failureToText(failure)]);
  const uncounted = retries.filter(
    ({ incoming, failure }) => failure.attempts < incoming.attempt && !tick.trimmed.has(incoming.messageId),
  );
  await holding(tick, [
    ["HSET", key, ...fields],
    // The pending list counts deliveries; a try that costs no attempt is taken back.
    ...uncounted.map(({ incoming, failure }) =>
      putBackCommand(tick.group, failure.attempts, [incoming.messageId]),
    ),
  ]);
  for (const { incoming, failure } of retries) tick.failures.set(incoming.messageId, failure);
}
