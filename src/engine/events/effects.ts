import { namesOfType } from "../consume/apply/judge-claims.ts";
import type { Consumer } from "../consume/consumer.ts";
import { isUuid } from "../core/encoding/uuid.ts";
import type { Database } from "../db/database.ts";
import type { Invocation } from "../invocation.ts";
import { type PauseRow, pausesSql } from "../operations/consumers/pauses.ts";
import { type Place, readPlaces } from "./effects-places.ts";
import {
  type ClaimRow,
  causeSql,
  type DeferredEffect,
  type EventRow,
  effectsSql,
  eventSql,
  type LetterOfEvent,
  maxEffects,
  type Of,
  type RelatedEvent,
  type RelatedRow,
  subscribersOf,
  type Traces,
  toRelated,
  toTraces,
  traceStatements,
} from "./effects-sql.ts";

/*
 * What became of one event: whether it is on the stream, what each consumer did with it, what caused it and what it
 * caused. Postgres knows what came to an end or waits there, Redis what is on its way. One round trip to Postgres, one to
 * Redis for consumers of which Postgres knows nothing, and one more when both know nothing of one.
 */

/**
 * `not_sent`: the relay has not put it on the stream. `waiting`: on the stream, not read yet. `in_work`: read; no try has
 * failed. `retrying`: a try failed, the next one is due at `next_try_at`. `deferred`: it waits in Postgres. `applied`.
 * `dead_letter`. `redriving`: a redrive has taken its dead letter. `discarded`, `edited`: an operator gave it up, or put an
 * edited copy in its place. `before_start`: the consumer began behind it. `passed`: read by a consumer that keeps no
 * claims. `no_trace`: read, and nothing says what became of it; claims are deleted after `BRAIN_DEDUP_DAYS`. `unknown`:
 * Redis is away.
 */
export type EffectState =
  | "not_sent"
  | "waiting"
  | "in_work"
  | "retrying"
  | "deferred"
  | "applied"
  | "dead_letter"
  | "redriving"
  | "discarded"
  | "edited"
  | "before_start"
  | "passed"
  | "no_trace"
  | "unknown";

/** What one consumer did with the event. */
export interface EffectOfConsumer {
  readonly subscriber: string;
  /** False: it does not handle the type, or is no more, and did so once. */
  readonly handles: boolean;
  readonly state: EffectState;
  /** When its effect was committed, the first time. */
  readonly applied_at: string | null;
  /** Tries that failed; null: nobody knows, as of what is applied. */
  readonly failed_attempts: number | null;
  readonly next_try_at: string | null;
  readonly error: string | null;
  /** The consumer or its type is paused now; null: not for a credential of one tenant. */
  readonly paused: boolean | null;
  readonly deferred: DeferredEffect | null;
  readonly dead_letter: LetterOfEvent | null;
  /** Forced replays that applied it once more. */
  readonly replays: readonly { readonly job_id: string; readonly applied_at: string }[];
}

/** Answer of `GET /api/events/{id}/effects`. */
export interface EventEffects {
  readonly id: string;
  readonly type: string;
  readonly position: number;
  readonly stored_at: string;
  /** The following null until the relay sent it. */
  readonly sent_at: string | null;
  readonly shard: number | null;
  readonly stream_message_id: string | null;
  /** Who handles it, and who did. */
  readonly consumers: readonly EffectOfConsumer[];
  readonly not_handled_by: readonly string[];
  /** The request or job that published it; null: an event or another program did. */
  readonly origin: unknown;
  /** Null: no event is known to have caused it. It may not be in the record. */
  readonly causation_id: string | null;
  readonly cause: RelatedEvent | null;
  /** What it caused itself, the oldest first. */
  readonly effects: readonly RelatedEvent[];
  /** There are more effects. */
  readonly more_effects: boolean;
}

/**
 * @param db of the tenant, when there is one
 * @param tenantId whose event it must be; null: anybody's
 * @returns null: the record does not hold it
 */
export async function eventEffects(
  invocation: Invocation,
  db: Database,
  id: string,
  tenantId: string | null,
): Promise<EventEffects | null> {
  if (!isUuid(id)) return null;
  const asked = { id: id.toLowerCase(), subscribers: [...invocation.consumers.keys()], tenantId };
  const [events, causes, effects, ...rows] = await db.batch([
    eventSql(asked),
    causeSql(asked),
    effectsSql(asked),
    ...traceStatements(asked),
    // Pauses are the system's, and a tenant's database shows none.
    ...(tenantId === null ? [pausesSql(null)] : []),
  ]);
  const event = events?.[0] as EventRow | undefined;
  if (event === undefined) return null;
  let traces = toTraces(rows);
  const names = namesOfType(invocation.catalog, event.type);
  const handling = [...invocation.consumers.values()].filter(
    ({ any, byType }) => any !== null || names.some((name) => byType.has(name)),
  );
  // Of this type, or of a whole consumer.
  const pauses = tenantId === null ? ((rows.at(-1) ?? []) as PauseRow[]) : null;
  const paused = pauses?.filter((row) => row.event_type === null || names.includes(row.event_type)) ?? null;
  const traced = new Set(subscribersOf(traces));
  const undecided = handling.filter(({ subscriber }) => !traced.has(subscriber));
  const live = await readPlaces(invocation, event, undecided);
  // What was finished between the two looks is known to Postgres now.
  if (undecided.some(({ subscriber }) => live.get(subscriber) === "passed"))
    traces = toTraces(await db.batch(traceStatements(asked)));
  const past = subscribersOf(traces).filter(
    (name) => !handling.some(({ subscriber }) => subscriber === name),
  );
  const caused = ((effects ?? []) as RelatedRow[]).map(toRelated);
  const known: KnownOfEvent = { event, traces, live, paused };
  const { origin, causation_id, type, stored_at, sent_at, shard, stream_message_id } = event;
  return {
    ...{ id: event.id, type, position: Number(event.position), stored_at, sent_at, shard, stream_message_id },
    consumers: [
      ...handling.map((consumer) => effectOf(consumer.subscriber, consumer, known)),
      ...past.map((name) => effectOf(name, null, known)),
    ],
    not_handled_by: asked.subscribers.filter(
      (name) => !past.includes(name) && !handling.some(({ subscriber }) => subscriber === name),
    ),
    origin,
    causation_id,
    cause: ((causes ?? []) as RelatedRow[]).map(toRelated)[0] ?? null,
    effects: caused.slice(0, maxEffects),
    more_effects: caused.length > maxEffects,
  };
}

/** What Postgres and Redis say of an event. */
interface KnownOfEvent {
  readonly event: EventRow;
  readonly traces: Traces;
  /** Where it is on the stream for those of whom Postgres has no trace, by subscriber. */
  readonly live: ReadonlyMap<string, Place>;
  /** Pauses that hold it; null: whoever asks is not shown them. */
  readonly paused: readonly PauseRow[] | null;
}

/** @param consumer null: it is not registered, or does not handle the type */
function effectOf(
  subscriber: string,
  consumer: Consumer | null,
  { event, traces, live, paused }: KnownOfEvent,
): EffectOfConsumer {
  const claims = traces.claims.filter((one) => one.subscriber === subscriber);
  const claim = claims.find(({ job_id }) => job_id === "0") ?? claims[0] ?? null;
  const deferred = withoutName(traces.deferred.find((one) => one.subscriber === subscriber));
  const letter = withoutName(traces.letters.findLast((one) => one.subscriber === subscriber));
  const place = live.get(subscriber) ?? null;
  const failure = place !== null && typeof place === "object" ? place.failure : null;
  const state = stateOfTraces(claim, deferred, letter) ?? stateOnStream(place, consumer, event);
  return {
    subscriber,
    handles: consumer !== null,
    state,
    applied_at: claim !== null && state === "applied" ? claim.applied_at : null,
    failed_attempts: failure?.attempts ?? deferred?.attempts ?? letter?.attempts ?? null,
    next_try_at:
      failure === null
        ? state === "retrying"
          ? (deferred?.due_at ?? null)
          : null
        : new Date(failure.dueAtMs).toISOString(),
    error: failure?.error ?? deferred?.error ?? letter?.error ?? null,
    paused: paused?.some((row) => row.subscriber === subscriber) ?? null,
    deferred,
    dead_letter: letter,
    replays: claims
      .filter(({ job_id }) => job_id !== "0")
      .map(({ job_id, applied_at }) => ({ job_id, applied_at })),
  };
}

function withoutName<T extends object>(row: Of<T> | undefined): T | null {
  if (row === undefined) return null;
  const { subscriber: _, ...rest } = row;
  return rest as unknown as T;
}

/** Null: Postgres knows nothing of it. */
function stateOfTraces(
  claim: ClaimRow | null,
  deferred: DeferredEffect | null,
  letter: LetterOfEvent | null,
): EffectState | null {
  if (letter?.status === "requeued") return "redriving";
  if (letter?.status === "open") return "dead_letter";
  if (claim !== null) return barredBy(claim.metadata) ?? "applied";
  if (deferred !== null) return deferred.attempts > 0 ? "retrying" : "deferred";
  return letter === null ? null : letter.status === "discarded" ? "discarded" : "no_trace";
}

/** What bars the event from being applied, as `barSql` notes it; other programs keep something else there. */
function barredBy(metadata: unknown): "discarded" | "edited" | null {
  if (typeof metadata !== "object" || metadata === null) return null;
  const has = (why: string) => Object.hasOwn(metadata, why) && Object.keys(metadata).length === 1;
  return has("discarded") ? "discarded" : has("edited") ? "edited" : null;
}

function stateOnStream(
  place: Place | null,
  consumer: Consumer | null,
  { stream_message_id: messageId }: EventRow,
): EffectState {
  if (messageId === null) return "not_sent";
  if (place === null || place === "away") return "unknown";
  if (typeof place === "object") return place.failure === null ? "in_work" : "retrying";
  if (place === "before_start") return place;
  if (place === "unread") return "waiting";
  return consumer?.any?.kind === "entries" ? "passed" : "no_trace";
}
