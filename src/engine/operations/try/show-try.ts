import type { Catalog } from "@brain/schemas";
import type { Consumer } from "../../consume/consumer.ts";
import { describeError, errorClass, errorStack } from "../../consume/dead-letters.ts";
import type { Runnable } from "../../consume/delivery.ts";
import type { Content } from "../../consume/drain/interpret.ts";
import { classify } from "../../core/classify.ts";
import { HandlerTimeoutError } from "../../core/promises/time-limit.ts";
import { type DeadLetterReason, decideDelivery, maxTriesOf } from "../../core/retry.ts";
import { sqlState } from "../../db/errors.ts";
import type { WatchedStatement } from "../../db/trial.ts";
import type { RecordedEvent } from "../../publish/record.ts";
import { createHiding, type Hiding, personalTexts } from "./hidden.ts";
import { knownValues, shownValue } from "./known-values.ts";
import { createRoom, showFirst } from "./shown-lists.ts";
import { maxShown, type Tried, type TryInput, tryLimitMs } from "./tried.ts";
import type { TriedEvent, TriedStatement, TryError, TryView } from "./try-view.ts";

/** Values shown of one statement, and characters of its text. */
const maxValues = 50;
const maxSqlLength = 4_000;
/** Characters of the payload of one event that it would publish. */
const maxPayloadLength = 50_000;

/** What the reader of a try is shown: without secrets, and without what is in personal fields. */
export function showTry(tried: Tried): TryView {
  const { catalog, input, event, handler, key, already, end } = tried;
  const personal = [event, ...end.published.map((one) => one.event)].flatMap((one) =>
    personalTexts(catalog, one),
  );
  const hiding = createHiding(catalog, personal);
  return {
    event_id: event.id,
    event_type: event.type,
    subscriber: input.consumer.subscriber,
    tenant_id: event.tenant_id,
    key,
    handler,
    read_from: input.readFrom,
    already,
    ...outcomeOf(tried, hiding),
    ms: Math.round(end.ms),
    changes: end.error === null ? end.changes : [],
    ...listsOf(tried, hiding),
  };
}

/** The entry is no event that the handler would be given: it would be a dead letter at once. */
export function showRefused(
  catalog: Catalog,
  { consumer, readFrom }: TryInput,
  content: Exclude<Content, Runnable["content"]>,
  key: string | null,
): TryView {
  if (content.kind !== "refuse") throw new Error("What is tried has a body and a handler.");
  const { event, error, reason, type } = content;
  const hiding = createHiding(catalog, event === null ? [] : personalTexts(catalog, event));
  const handler = (type === null ? null : consumer.byType.get(type)) ?? consumer.any;
  return {
    event_id: event?.id ?? "",
    event_type: type ?? "",
    subscriber: consumer.subscriber,
    tenant_id: event?.tenant_id ?? null,
    key,
    handler: handler?.kind ?? "any",
    read_from: readFrom,
    already: null,
    outcome: "dead_letter",
    stopped_by: null,
    error: errorView(error, { reason, retryInMs: null }, consumer, hiding),
    ms: 0,
    changes: [],
    statements: [],
    events: [],
    log: [],
    calls: [],
    omitted: { statements: 0, events: 0, log: 0, calls: 0 },
  };
}

function outcomeOf(
  { input: { consumer, messageId }, seen, end: { error }, nowMs }: Tried,
  hiding: Hiding,
): Pick<TryView, "outcome" | "stopped_by" | "error"> {
  const stopped_by = seen.calls.count > 0 ? "outside" : stopOf(error, consumer);
  if (error === null) {
    return { outcome: stopped_by === null ? "applied" : "unknown", stopped_by, error: null };
  }
  const decision = decideDelivery(classify(error), 1, consumer.retry, messageId, nowMs);
  const retryInMs = decision.action === "retry" ? decision.dueAtMs - nowMs : null;
  const reason = decision.action === "dead-letter" ? decision.reason : null;
  const outcome = reason === null ? "retried" : "dead_letter";
  return {
    outcome: stopped_by === null ? outcome : "unknown",
    stopped_by,
    error: errorView(error, { reason, retryInMs }, consumer, hiding),
  };
}

/** What ended the try where a delivery would have gone on. */
function stopOf(error: unknown, { handlerTimeoutMs }: Consumer): "lock" | "time" | null {
  if (sqlState(error) === "55P03") return "lock";
  return error instanceof HandlerTimeoutError && handlerTimeoutMs > tryLimitMs ? "time" : null;
}

/** What would become of a delivery that fails so; null: see {@link TryError}. */
interface Consequence {
  readonly reason: DeadLetterReason | null;
  readonly retryInMs: number | null;
}

function errorView(
  error: unknown,
  { reason, retryInMs }: Consequence,
  { retry }: Consumer,
  hiding: Hiding,
): TryError {
  const stack = errorStack(error);
  return {
    class: errorClass(error),
    message: hiding.text(describeError(error, true)),
    stack: stack === null ? null : hiding.text(stack),
    dead_letter: reason,
    retry_in_ms: retryInMs,
    max_attempts: maxTriesOf(classify(error), retry),
  };
}

function listsOf(
  { catalog, input: { tenantId }, event, seen, end: { published, recorded, error } }: Tried,
  hiding: Hiding,
): Pick<TryView, "statements" | "events" | "log" | "calls" | "omitted"> {
  const room = createRoom();
  const known = knownValues(catalog, event);
  const calls = showFirst(room, seen.calls.kept, maxShown.calls, (call) => call);
  const statements = showFirst(room, seen.statements.kept, maxShown.statements, (one) =>
    statementView(one, known, hiding),
  );
  // What a handler published before it failed is not published.
  const events = showFirst(room, error === null ? published : [], maxShown.events, (one) =>
    eventView(one, recorded, tenantId, hiding),
  );
  const log = showFirst(room, seen.log.kept, maxShown.log, ({ level, message, fields }) => ({
    level,
    message: hiding.text(message),
    fields: hiding.value(fields) as TryView["log"][number]["fields"],
  }));
  return {
    statements: statements.shown,
    events: events.shown,
    log: log.shown,
    calls: calls.shown,
    omitted: {
      statements: seen.statements.count - statements.shown.length,
      events: events.omitted,
      log: seen.log.count - log.shown.length,
      calls: seen.calls.count - calls.shown.length,
    },
  };
}

function statementView(
  { text, values, ms, answer }: WatchedStatement,
  known: ReadonlyMap<string, string>,
  hiding: Hiding,
): TriedStatement {
  const shown = hiding.text(text.length > 2 * maxSqlLength ? text.slice(0, 2 * maxSqlLength) : text);
  return {
    sql: shown.slice(0, maxSqlLength).toWellFormed(),
    sql_truncated: shown.length > maxSqlLength,
    kind: answer === null ? "failed" : answer.command.toLowerCase(),
    rows: answer?.rows ?? 0,
    ms: Math.round(ms * 10) / 10,
    values: values.slice(0, maxValues).map((value) => shownValue(known, value)),
    more_values: Math.max(0, values.length - maxValues),
  };
}

function eventView(
  { event, key }: RecordedEvent,
  recorded: ReadonlySet<string>,
  /** Tenant of the reader; null: all. */
  reader: string | null,
  hiding: Hiding,
): TriedEvent {
  const isReaders = reader === null || event.tenant_id === reader;
  const payload = isReaders ? hiding.payload(event) : null;
  return {
    id: event.id,
    type: event.type,
    key: isReaders && key !== null ? hiding.text(key) : null,
    tenant_id: isReaders ? event.tenant_id : null,
    payload: JSON.stringify(payload).length > maxPayloadLength ? null : payload,
    is_recorded: recorded.has(event.id),
  };
}
