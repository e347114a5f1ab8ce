import { RetryAfter } from "../core/errors.ts";
import { type Applied, holdsKey } from "./apply.ts";
import { type DeadLetter, describeError, errorClass, storeDeadLetters } from "./dead-letters.ts";
import { isApplied } from "./dedup.ts";
import type { Known } from "./read-round.ts";
import { type Failure, failureToText } from "./recover.ts";
import { fieldsToObject, type Incoming } from "./route.ts";
import { eventLog } from "./run-handlers.ts";
import { noteDue, type Tick } from "./tick.ts";

/**
 * Settles what needs no handler: skips, and dead letters of what can never be handled.
 *
 * @returns what is left to apply
 */
export async function settle(tick: Tick, entries: readonly Known[]): Promise<Incoming[]> {
  const incoming: Incoming[] = [];
  const letters: DeadLetter[] = [];
  for (const { entry, routed, fields } of entries) {
    if (routed?.kind === "handle") {
      incoming.push(routed.incoming);
      continue;
    }
    if (routed?.kind === "skip") {
      tick.acks.push(entry.id);
      tick.result.skipped += 1;
      continue;
    }
    const nowMs = tick.deps.now();
    letters.push({
      messageId: entry.id,
      eventId: routed?.event?.id ?? null,
      eventType: routed?.event?.type ?? null,
      tenantId: routed?.event?.tenant_id ?? null,
      rawFields: fields === null ? null : fieldsToObject(fields),
      reason: routed?.reason ?? "body_lost",
      error:
        routed?.error ??
        new Error(
          "The entry was trimmed from the stream before it was handled, and the record does not hold it.",
        ),
      attempts: Math.max(1, entry.deliveries),
      firstFailedAtMs: tick.failures.get(entry.id)?.firstFailedAtMs ?? nowMs,
      lastFailedAtMs: nowMs,
    });
  }
  await bury(tick, letters);
  return incoming;
}

/**
 * Settles an entry whose tries are used up without an outcome, because each of them ended its isolate. When one of them
 * had committed and only its ack was lost, the entry is done; otherwise it becomes a dead letter, not tried again.
 */
export async function giveUp(tick: Tick, { messageId, event, fields, attempt }: Incoming): Promise<void> {
  if (await isApplied(tick.deps.db, tick.consumer.subscriber, messageId)) {
    tick.acks.push(messageId);
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
      rawFields: fieldsToObject(fields),
      reason: "attempts_exhausted",
      error: new Error(
        `None of ${attempts} tries left an outcome: each time the isolate ended, or the outcome could not be stored. Look for what this event does to memory and CPU time.`,
      ),
      attempts,
      firstFailedAtMs: tick.failures.get(messageId)?.firstFailedAtMs ?? nowMs,
      lastFailedAtMs: nowMs,
    },
  ]);
}

/** Stores dead letters, then lets their entries be acked; never the other way round. */
async function bury(tick: Tick, letters: readonly DeadLetter[]): Promise<void> {
  if (letters.length === 0) return;
  await storeDeadLetters(tick.deps.db, tick.consumer.subscriber, tick.group.stream, letters);
  tick.result.deadLettered += letters.length;
  for (const letter of letters) {
    tick.acks.push(letter.messageId as Incoming["messageId"]);
    tick.deps.log.error(
      {
        event_id: letter.eventId,
        event_type: letter.eventType,
        stream_message_id: letter.messageId,
        attempt: letter.attempts,
        reason: letter.reason,
        error_class: errorClass(letter.error),
      },
      "The event became a dead letter.",
    );
  }
}

/** Counts, acks, stores retry times and dead letters. */
export async function conclude(tick: Tick, applied: readonly Applied[], blocked: Set<string>): Promise<void> {
  const { result, deps } = tick;
  const letters: DeadLetter[] = [];
  const retries: { readonly id: Incoming["messageId"]; readonly failure: Failure }[] = [];
  for (const one of applied) {
    const { incoming, delivery, duplicate, error } = one;
    const { messageId, event, key } = incoming;
    if (delivery.action === "ack") {
      tick.acks.push(messageId);
      if (duplicate === "redelivered") result.redelivered += 1;
      else if (duplicate === "published_twice") result.publishedTwice += 1;
      else result.applied += 1;
      continue;
    }
    const nowMs = deps.now();
    const firstFailedAtMs = tick.failures.get(messageId)?.firstFailedAtMs ?? nowMs;
    if (delivery.action === "retry") {
      if (key !== null && holdsKey(one)) blocked.add(key);
      const { dueAtMs, overtakable } = delivery;
      const failure = { dueAtMs, firstFailedAtMs, attempts: incoming.attempt, overtakable };
      retries.push({ id: messageId, failure });
      // A handler that asks to wait is not in trouble.
      const level = error instanceof RetryAfter ? "info" : "warn";
      eventLog(deps, incoming)[level](
        { error_class: errorClass(error), retry_in_ms: delivery.dueAtMs - nowMs },
        `The event will be tried again: ${describeError(error)}`,
      );
      continue;
    }
    letters.push({
      messageId,
      eventId: event.id,
      eventType: event.type,
      tenantId: event.tenant_id,
      rawFields: fieldsToObject(incoming.fields),
      reason: delivery.reason,
      error,
      attempts: incoming.attempt,
      firstFailedAtMs,
      lastFailedAtMs: nowMs,
    });
  }
  await storeRetries(tick, retries);
  await bury(tick, letters);
}

async function storeRetries(
  tick: Tick,
  retries: readonly { readonly id: Incoming["messageId"]; readonly failure: Failure }[],
): Promise<void> {
  if (retries.length === 0) return;
  const key = tick.deps.keys.retryAt(tick.consumer.group, tick.options.shard);
  const fields = retries.flatMap(({ id, failure }) => [id, failureToText(failure)]);
  await tick.deps.redis.command(["HSET", key, ...fields]);
  tick.result.retried += retries.length;
  for (const { id, failure } of retries) {
    tick.failures.set(id, failure);
    noteDue(tick, failure.dueAtMs);
  }
}
