import { type Envelope, redactText } from "@brain/schemas";
import type { SQL } from "drizzle-orm";
import type { Clock } from "../../core/clock.ts";
import { sha256Hex } from "../../core/encoding/hex.ts";
import { UnexpectedTenantError } from "../../core/errors.ts";
import { withTimeLimit } from "../../core/promises/time-limit.ts";
import { type UnawaitedFailures, watchFailures } from "../../core/promises/unawaited.ts";
import type { Logger } from "../../core/telemetry/log.ts";
import { readTraceContext, traceMeta } from "../../core/telemetry/trace-context.ts";
import type { Span } from "../../core/telemetry/tracer.ts";
import { statementBuilder, type Tx } from "../../db/database.ts";
import {
  keptApart,
  type Publish,
  type PublishContext,
  type PublishSettings,
  prepareEvent,
  publishing,
} from "../../publish/publish.ts";
import type { RecordedEvent } from "../../publish/record.ts";
import {
  type BatchContext,
  type Consumer,
  type Delivered,
  definitionsOf,
  type HandlerContext,
  type Subscription,
} from "../consumer.ts";
import { describeError, errorClass } from "../dead-letters.ts";
import { type CallOutside, callOutside } from "../define/call-outside.ts";
import { attemptOf, claimOf, type Runnable } from "../delivery.ts";
import type { DrainTrace } from "../drain/trace.ts";
import { claimId } from "./claim.ts";

export interface HandlerDeps {
  readonly consumer: Consumer;
  readonly publish: PublishSettings;
  readonly log: Logger;
  /** Null: nobody traces. */
  readonly trace: DrainTrace | null;
  readonly now: Clock;
  readonly beforePublish?: () => void;
  /** How handlers call the outside; left out: `callOutside`. */
  readonly fetch?: CallOutside;
}

/** How far the handlers of a transaction came. */
export interface HandlerRun {
  /** The claims stand: the database is there, and what fails from here on is about the deliveries. */
  claimed: boolean;
  /** `ClaimResult.neverApplied`. */
  neverApplied: ReadonlySet<string>;
  /** Events that handlers published, to be inserted before the commit. */
  readonly published: RecordedEvent[];
  /** All handlers have returned, or one has thrown: an event that one of them publishes from here on would be lost. */
  isClosed: boolean;
  /** How long handlers took for each delivery that they came to the end with, ms; those of a set share its time. */
  readonly processingMs: Map<Runnable, number>;
  /** Not begun, because the time for one transaction was used up; their claims are given back. */
  remaining: readonly Runnable[];
  /** The delivery whose handler threw, when that is known. */
  culprit: Runnable | null;
}

export function beginRun(): HandlerRun {
  return {
    claimed: false,
    neverApplied: new Set(),
    published: [],
    isClosed: false,
    processingMs: new Map(),
    remaining: [],
    culprit: null,
  };
}

/** How effects reach Postgres. */
export interface Effects {
  /** Null: only statements are wanted, and all deliveries are for handlers that give them. */
  readonly tx: Tx | null;
  /** Takes one statement of a statement handler. */
  readonly execute: (statement: SQL) => Promise<unknown>;
}

type EachSubscription = Extract<Subscription, { kind: "each" | "statements" }>;
type SetSubscription = Exclude<Subscription, EachSubscription | { kind: "entries" }>;

/**
 * Calls the handlers for `deliveries` in stream order. Deliveries of a set-based handler are gathered as long as no
 * other handler must see one of their keys in between, so that order per key holds over handlers too.
 *
 * @param run told who failed even when this throws
 * @param sliceEndMs Unix time, ms, after which no further handler is begun
 */
export async function runHandlers(
  deps: HandlerDeps,
  effects: Effects,
  deliveries: readonly Runnable[],
  run: HandlerRun,
  sliceEndMs: number,
): Promise<void> {
  try {
    await callHandlers(deps, effects, deliveries, run, sliceEndMs);
  } finally {
    run.isClosed = true;
  }
}

async function callHandlers(
  deps: HandlerDeps,
  effects: Effects,
  deliveries: readonly Runnable[],
  run: HandlerRun,
  sliceEndMs: number,
): Promise<void> {
  await rememberKeys(deps, deliveries);
  const gathered = new Map<SetSubscription, Runnable[]>();
  const gatheredKeys = new Map<string, SetSubscription>();

  const flush = async (subscription: SetSubscription) => {
    const group = gathered.get(subscription) ?? [];
    gathered.delete(subscription);
    for (const { key } of group) if (key !== null) gatheredKeys.delete(key);
    run.culprit = group.length === 1 ? (group[0] ?? null) : null;
    const beganMs = deps.now();
    await callSet(deps, effects, subscription, group, run);
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
      await callEach(deps, effects, subscription, delivery, run);
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
  deps: HandlerDeps,
  effects: Effects,
  subscription: EachSubscription,
  delivery: Runnable,
  run: HandlerRun,
): Promise<void> {
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
          publish: publishFrom(deps, run, failures, event, isRepeated(run, delivery), span),
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
  deps: HandlerDeps,
  effects: Effects,
  subscription: SetSubscription,
  group: readonly Runnable[],
  run: HandlerRun,
): Promise<void> {
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
          publishFrom: (cause) => publishFrom(deps, run, failures, cause.event, cause.repeated, span),
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

/** Events are validated when the handler publishes them, and inserted together before the commit. */
function publishFrom(
  deps: HandlerDeps,
  run: HandlerRun,
  failures: UnawaitedFailures,
  cause: Envelope<unknown>,
  isRepeated: boolean,
  span: Span | null,
): Publish {
  return publishing(run, failures, (definition, payload, options) => {
    deps.beforePublish?.();
    const prepared = prepareEvent(deps.publish, definition, payload, {
      ...inherited(deps.consumer, cause),
      ...(span === null ? {} : traceMeta(span.context)),
      ...options,
    });
    requireOwnTenant(deps.consumer, cause, prepared);
    const { kept, told } = keptApart(prepared);
    run.published.push(isRepeated ? { ...kept, again: true } : kept);
    return told;
  });
}

/**
 * A tenant's event may only cause events of that tenant: otherwise whoever may publish for one tenant could have events
 * of another one published.
 *
 * @throws {UnexpectedTenantError}
 */
function requireOwnTenant(
  { subscriber, publishesFor }: Consumer,
  cause: Envelope<unknown>,
  { event }: RecordedEvent,
): void {
  if (cause.tenant_id === null || event.tenant_id === cause.tenant_id || publishesFor === "any_tenant")
    return;
  const whose = event.tenant_id === null ? "no tenant" : "another tenant";
  throw new UnexpectedTenantError(
    `The consumer "${subscriber}" was about to publish "${event.type}" of ${whose} because of "${cause.type}" of one. Expected the tenant of the cause, which it gets when tenant_id is left out. A consumer that decides by itself says so: publishesFor: "any_tenant".`,
  );
}

/** A consequence belongs to the tenant, the mission and the group of its cause. */
function inherited(consumer: Consumer, cause: Envelope<unknown>): PublishContext {
  return {
    source: consumer.source,
    tenant_id: cause.tenant_id,
    correlation_id: cause.correlation_id ?? cause.id,
    causation_id: cause.id,
    mission_id: cause.mission_id,
    task_id: cause.task_id,
    traceparent: cause.meta.traceparent ?? null,
    tracestate: cause.meta.tracestate ?? null,
  };
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
