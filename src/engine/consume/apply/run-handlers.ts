import { type Envelope, redactText } from "@brain/schemas";
import { sha256Hex } from "../../core/encoding/hex.ts";
import { withTimeLimit } from "../../core/promises/time-limit.ts";
import { watchFailures } from "../../core/promises/unawaited.ts";
import type { Logger } from "../../core/telemetry/log.ts";
import { readTraceContext } from "../../core/telemetry/trace-context.ts";
import type { Span } from "../../core/telemetry/tracer.ts";
import { statementBuilder } from "../../db/database.ts";
import {
  type BatchContext,
  type Consumer,
  type Delivered,
  definitionsOf,
  type HandlerContext,
  type Subscription,
} from "../consumer.ts";
import { describeError, errorClass } from "../dead-letters.ts";
import { callOutside } from "../define/call-outside.ts";
import { attemptOf, claimOf, type Runnable } from "../delivery.ts";
import { claimId } from "./claim.ts";
import type { Effects, HandlerDeps, HandlerRun, HandlerScope } from "./handler-run.ts";
import { publishFrom } from "./publish-from.ts";

type EachSubscription = Extract<Subscription, { kind: "each" | "statements" }>;
type SetSubscription = Exclude<Subscription, EachSubscription | { kind: "entries" }>;

/**
 * Calls the handlers for `deliveries` in stream order. Deliveries of a set-based handler are gathered as long as no
 * other handler must see one of their keys in between, so that order per key holds over handlers too.
 *
 * @throws what a handler throws; `scope.run` says whose
 */
export async function runHandlers(scope: HandlerScope, deliveries: readonly Runnable[]): Promise<void> {
  try {
    await callHandlers(scope, deliveries);
  } finally {
    scope.run.isClosed = true;
  }
}

async function callHandlers(scope: HandlerScope, deliveries: readonly Runnable[]): Promise<void> {
  const { deps, run, sliceEndMs } = scope;
  await rememberKeys(deps, deliveries);
  const gathered = new Map<SetSubscription, Runnable[]>();
  const gatheredKeys = new Map<string, SetSubscription>();

  const flush = async (subscription: SetSubscription) => {
    const group = gathered.get(subscription) ?? [];
    gathered.delete(subscription);
    for (const { key } of group) if (key !== null) gatheredKeys.delete(key);
    run.culprit = group.length === 1 ? (group[0] ?? null) : null;
    const beganMs = deps.now();
    await callSet(scope, subscription, group);
    const shareMs = (deps.now() - beganMs) / group.length;
    for (const delivery of group) run.processingMs.set(delivery, shareMs);
    run.culprit = null;
  };

  for (const [index, delivery] of deliveries.entries()) {
    const { key, content } = delivery;
    const { subscription } = content;
    if (subscription.kind === "entries") {
      throw new Error(
        `"${deps.consumer.subscriber}" watches entries: there is no transaction for its handler.`,
      );
    }
    const other = key === null ? undefined : gatheredKeys.get(key);
    if (other !== undefined && other !== subscription) await flush(other);
    if (subscription.kind === "each" || subscription.kind === "statements") {
      if (index > 0 && deps.now() >= sliceEndMs) {
        run.remaining = deliveries.slice(index);
        break;
      }
      run.culprit = delivery;
      const beganMs = deps.now();
      await callEach(scope, subscription, delivery);
      run.processingMs.set(delivery, deps.now() - beganMs);
      run.culprit = null;
      continue;
    }
    const group = gathered.get(subscription);
    if (group === undefined) gathered.set(subscription, [delivery]);
    else group.push(delivery);
    if (key !== null) gatheredKeys.set(key, subscription);
  }
  for (const subscription of [...gathered.keys()]) await flush(subscription);
}

/** One look for the keys of all; what is wrong with those of one is told when its turn comes. */
async function rememberKeys({ publish }: HandlerDeps, deliveries: readonly Runnable[]): Promise<void> {
  if (deliveries.length < 2) return;
  await publish.personal?.reveal(deliveries.map(({ content }) => content.event)).catch(() => undefined);
}

/** The events as their handlers see them. */
async function revealed(
  { publish }: HandlerDeps,
  deliveries: readonly Runnable[],
): Promise<readonly Envelope[]> {
  const events = deliveries.map(({ content }) => content.event);
  return publish.personal === undefined ? events : publish.personal.reveal(events);
}

/** A forced replay gives a generation to what has a claim; but one that was given up has a claim too. */
function isRepeated({ neverApplied }: HandlerRun, delivery: Runnable): boolean {
  return delivery.replayGeneration !== 0 && !neverApplied.has(claimId(claimOf(delivery)));
}

async function callEach(
  scope: HandlerScope,
  subscription: EachSubscription,
  delivery: Runnable,
): Promise<void> {
  const { deps, effects, run } = scope;
  const { consumer } = deps;
  const [event = delivery.content.event] = await revealed(deps, [delivery]);
  const span = deps.trace?.beginHandler(`handle ${event.type}`, [delivery]) ?? null;
  await traced(span, () =>
    withTimeLimit(
      consumer.handlerTimeoutMs,
      `The handler of "${event.type}" in "${consumer.subscriber}"`,
      async (signal) => {
        const failures = watchFailures();
        const context: Omit<HandlerContext, "tx" | "signal" | "fetch"> = {
          publish: publishFrom(scope, { event, repeated: isRepeated(run, delivery) }, { failures, span }),
          log: eventLog(deps, delivery, span),
          attempt: attemptOf(delivery),
          streamMessageId: delivery.messageId,
          idempotencyKey: (label) => idempotencyKey(consumer, event.id, label, delivery.replayGeneration),
          replay: delivery.isReplay,
          repeated: isRepeated(run, delivery),
          now: () => new Date(deps.now()),
        };
        if (subscription.kind === "each") {
          await subscription.handle(event, { ...context, ...withEffects(deps, effects, signal) });
          return failures.check();
        }
        const statements = await subscription.handle({ ...context, event, build: statementBuilder });
        failures.check();
        for (const statement of statements) await effects.execute(statement.getSQL());
      },
    ),
  );
}

async function callSet(
  scope: HandlerScope,
  subscription: SetSubscription,
  group: readonly Runnable[],
): Promise<void> {
  const { deps, effects, run } = scope;
  const { consumer } = deps;
  const events = await revealed(deps, group);
  const deliveries: Delivered[] = group.map((delivery, place) => ({
    event: events[place] ?? delivery.content.event,
    streamMessageId: delivery.messageId,
    attempt: attemptOf(delivery),
    replay: delivery.isReplay,
    repeated: isRepeated(run, delivery),
  }));
  const types = definitionsOf(subscription).map(({ type }) => type);
  const what =
    types.length === 1 ? `"${types[0]}"` : types.length === 0 ? "all events" : `${types.length} types`;
  const span = deps.trace?.beginHandler(`handle ${what}`, group) ?? null;
  await traced(span, () =>
    withTimeLimit(
      consumer.handlerTimeoutMs,
      `The batch handler of ${what} in "${consumer.subscriber}"`,
      async (signal) => {
        const failures = watchFailures();
        const context: Omit<BatchContext, "tx" | "signal" | "fetch"> = {
          publishFrom: (cause) => publishFrom(scope, cause, { failures, span }),
          log: span === null ? deps.log : deps.log.child(idsOf(span)),
          idempotencyKey: (delivered, label) =>
            idempotencyKey(
              consumer,
              delivered.event.id,
              label,
              group[deliveries.findIndex(({ event }) => event === delivered.event)]?.replayGeneration,
            ),
          now: () => new Date(deps.now()),
        };
        if (subscription.kind !== "statement_batch" && subscription.kind !== "statement_set") {
          await subscription.handle(deliveries, { ...context, ...withEffects(deps, effects, signal) });
          return failures.check();
        }
        const statements = await subscription.handle({ ...context, deliveries, build: statementBuilder });
        failures.check();
        for (const statement of statements) await effects.execute(statement.getSQL());
      },
    ),
  );
}

async function traced(span: Span | null, call: () => Promise<void>): Promise<void> {
  try {
    await call();
  } catch (error) {
    span?.fail(errorClass(error), redactText(describeError(error)));
    throw error;
  } finally {
    span?.end();
  }
}

const idsOf = ({ context }: Span) => ({ trace_id: context.traceId, span_id: context.spanId });

/** What a handler has its effects by, where it does more than give statements. */
function withEffects(
  { fetch = callOutside }: HandlerDeps,
  { tx }: Effects,
  signal: AbortSignal,
): Pick<HandlerContext, "tx" | "signal" | "fetch"> {
  if (tx === null) throw new Error("A handler that needs a transaction was called without one.");
  return { tx, signal, fetch };
}

/** The fields that each line about one delivery carries. */
export function eventLog(
  deps: Pick<HandlerDeps, "log">,
  delivery: Runnable,
  span: Span | null = null,
): Logger {
  const { event } = delivery.content;
  const trace = readTraceContext(event.meta.traceparent);
  return deps.log.child({
    event_id: event.id,
    event_type: event.type,
    stream_message_id: delivery.messageId,
    attempt: attemptOf(delivery),
    tenant_id: event.tenant_id,
    correlation_id: event.correlation_id,
    // Without a span of its own it belongs to the trace of the event's publisher.
    ...(span === null ? { trace_id: trace?.traceId } : idsOf(span)),
  });
}

/**
 * SHA-256 of subscriber, event id and label, hex: the same over all tries, another for each label, and for each forced
 * replay, which is meant to have its effects again. A consumer that is renamed keeps its keys: what the outside did for a
 * try under the old name is not done again for the next one.
 */
function idempotencyKey(
  { firstName }: Consumer,
  eventId: string,
  label: string,
  replayGeneration = 0,
): Promise<string> {
  const parts = [firstName, eventId, label, ...(replayGeneration === 0 ? [] : [replayGeneration])];
  return sha256Hex(JSON.stringify(parts));
}
