import type { Envelope, MessageId } from "@brain/schemas";
import { sql } from "drizzle-orm";
import type { CallOutside } from "../../consume/call-outside.ts";
import { type ClaimState, claimState } from "../../consume/claim-state.ts";
import type { Consumer, Subscription } from "../../consume/consumer.ts";
import { describeError, errorClass, errorStack } from "../../consume/dead-letters.ts";
import { claimId } from "../../consume/dedup.ts";
import type { Runnable, Source } from "../../consume/delivery.ts";
import { type Content, interpretEntry } from "../../consume/interpret.ts";
import { beginRun, type HandlerRun, runHandlers } from "../../consume/run-handlers.ts";
import { classify } from "../../core/classify.ts";
import { TransientError } from "../../core/errors.ts";
import { type DeadLetterReason, decideDelivery } from "../../core/retry.ts";
import { HandlerTimeoutError } from "../../core/time-limit.ts";
import type { Tx } from "../../db/database.ts";
import { sqlState } from "../../db/errors.ts";
import type { TableChange, WatchedStatement } from "../../db/trial.ts";
import type { Invocation } from "../../invocation.ts";
import type { RecordedEvent } from "../../publish/record.ts";
import { createHiding, type Hiding, personalTexts } from "./hidden.ts";
import { knownValues, shownValue } from "./known-values.ts";
import {
  type Collector,
  createCollector,
  createKeptLog,
  createRoom,
  showFirst,
  type WrittenLine,
} from "./shown-lists.ts";
import type { RefusedCall, TriedEvent, TriedStatement, TryError, TryView } from "./try-view.ts";

/*
 * One event, one handler, one transaction that is rolled back. There is no claim and no fence, nothing is acked, nothing
 * published and nobody woken: the handler is called as a drain calls it, and what it does is watched instead of kept.
 */

/** Time limit of a try, ms; less where the consumer's own is. */
const tryLimitMs = 10_000;
/** Shown at most, of each list. */
const maxShown = { statements: 200, events: 100, log: 100, calls: 20 } as const;
/** Values shown of one statement, and characters of its text. */
const maxValues = 50;
const maxSqlLength = 4_000;
/** Characters of the payload of one event that it would publish. */
const maxPayloadLength = 50_000;

/** What is tried. */
export interface Subject {
  readonly consumer: Consumer;
  /** The entry, as on the stream; null: neither the stream nor the record has it. */
  readonly fields: readonly string[];
  readonly messageId: MessageId;
  /** 0, or the generation of the forced replay that it is of. */
  readonly replayGeneration: number;
  readonly readFrom: TryView["read_from"];
  /** Whose events the reader may see; null: of all. */
  readonly tenantId: string | null;
}

/** A call of the outside in a try. */
export class OutsideRefusedError extends TransientError {}

/** What was seen while the handler ran. */
interface Seen {
  readonly statements: Collector<WatchedStatement>;
  readonly log: Collector<WrittenLine>;
  readonly calls: Collector<RefusedCall>;
}

interface Ran {
  readonly run: HandlerRun;
  readonly changes: readonly TableChange[];
  /** Ids of what it would publish that the record has already. */
  readonly recorded: ReadonlySet<string>;
  /** What was thrown; null when nothing was. */
  readonly error: unknown;
  readonly ms: number;
}

/**
 * Runs a handler on an event and keeps nothing.
 *
 * @throws {TransientError} Postgres is not reachable, so nothing was tried
 */
export async function runTry(invocation: Invocation, subject: Subject): Promise<TryView> {
  const { catalog, db } = invocation;
  const { consumer, fields, messageId } = subject;
  const { content, key } = interpretEntry(catalog, consumer, fields);
  if (content.kind !== "handle") return refused(invocation, subject, content, key);
  // What cannot be opened is told when the handler's turn comes, as in a drain.
  const clear = await invocation.publish.personal?.reveal([content.event]).catch(() => []);
  const [event = content.event] = clear ?? [];
  const already = await claimState(db, consumer.subscriber, { messageId, eventId: event.id });
  const delivery = deliveryOf(subject, { ...content, event }, key, already);
  const seen: Seen = {
    statements: createCollector(maxShown.statements),
    log: createCollector(maxShown.log),
    calls: createCollector(maxShown.calls),
  };
  const ran = await runOnce(invocation, consumer, delivery, already, seen);
  const personal = [event, ...ran.run.published.map((one) => one.event)].flatMap((one) =>
    personalTexts(catalog, one),
  );
  const hiding = createHiding(catalog, personal);
  return {
    ...headOf(subject, event, content.subscription, key, already),
    ...outcomeOf(invocation, subject, ran, seen, hiding),
    ms: Math.round(ran.ms),
    changes: ran.error === null ? ran.changes : [],
    ...listsOf(invocation, subject, event, ran, seen, hiding),
  };
}

async function runOnce(
  invocation: Invocation,
  consumer: Consumer,
  delivery: Runnable,
  already: ClaimState | null,
  seen: Seen,
): Promise<Ran> {
  const limitMs = Math.min(consumer.handlerTimeoutMs, tryLimitMs);
  const run = beginRun();
  if (already !== null && already.instead !== "applied")
    run.neverApplied = new Set([claimId(idsOf(delivery))]);
  const deps = {
    consumer: { ...consumer, handlerTimeoutMs: limitMs },
    publish: { ...invocation.publish, onLargePayload: () => undefined },
    log: createKeptLog(seen.log),
    trace: null,
    now: invocation.now,
    fetch: refuseOutside(seen.calls),
  };
  const session = await invocation.db.open({ statementTimeoutMs: limitMs, begins: true });
  let recorded: ReadonlySet<string> = new Set();
  let isWatching = true;
  let beganMs = performance.now();
  let ms = 0;
  const handle = async (tx: Tx) => {
    beganMs = performance.now();
    try {
      await runHandlers(
        deps,
        { tx, execute: (statement) => tx.execute(statement) },
        [delivery],
        run,
        Number.POSITIVE_INFINITY,
      );
    } catch (error) {
      // The handler may still hold the connection with a statement; a ROLLBACK would wait behind it.
      if (error instanceof HandlerTimeoutError) await session.close();
      throw error;
    } finally {
      ms = performance.now() - beganMs;
      isWatching = false;
    }
    recorded = await recordedOf(tx, run.published);
  };
  try {
    const { changes } = await session.trial(
      handle,
      (statement) => isWatching && seen.statements.add(statement),
    );
    return { run, changes, recorded, error: null, ms };
  } catch (error) {
    // Where the handler was not begun, nothing was tried.
    if (isWatching) throw error;
    return { run, changes: [], recorded, error, ms };
  } finally {
    await session.close();
  }
}

/** A handler that calls the outside learns at once that it may not. */
function refuseOutside(calls: Collector<RefusedCall>): CallOutside {
  return async (url, { method = "GET" }) => {
    const origin = URL.canParse(url) ? new URL(url).origin : "an address that is none";
    calls.add({ method, origin });
    throw new OutsideRefusedError(
      `Calls to the outside are refused while an event is tried out: ${method} ${origin} was not called.`,
    );
  };
}

/** Which of these the record has. */
async function recordedOf(tx: Tx, published: readonly RecordedEvent[]): Promise<ReadonlySet<string>> {
  if (published.length === 0) return new Set();
  const ids = sql.param(published.map(({ event }) => event.id));
  const { rows } = await tx.execute<{ id: string }>(
    sql`SELECT id::text FROM events WHERE id = ANY(${ids}::uuid[])`,
  );
  return new Set(rows.map(({ id }) => id));
}

/** Nothing is told to it: there is no stream and no table behind a try. */
const nowhere: Source = {
  begin: async () => undefined,
  putBack: async () => undefined,
  retryAt: async () => undefined,
  finish: () => undefined,
};

const idsOf = ({ messageId, replayGeneration }: Runnable) => ({ messageId, replayGeneration });

/** What has been applied could be handled again by a forced replay alone, so that is what its handler is told. */
function deliveryOf(
  { fields, messageId, replayGeneration }: Subject,
  content: Runnable["content"],
  key: string | null,
  already: ClaimState | null,
): Runnable {
  const isAgain = already !== null || replayGeneration !== 0;
  return {
    source: nowhere,
    row: null,
    messageId,
    fields,
    content,
    key,
    begun: 0,
    ended: 0,
    isBegun: true,
    firstFailedAtMs: null,
    dueAtMs: 0,
    lastError: null,
    overtakable: false,
    skipReason: null,
    isTrimmed: false,
    replayGeneration: isAgain ? Math.max(1, replayGeneration) : 0,
    isReplay: isAgain,
    deadLetterId: null,
  };
}

function headOf(
  { consumer, readFrom }: Subject,
  event: Envelope,
  { kind }: Subscription,
  key: string | null,
  already: ClaimState | null,
) {
  return {
    event_id: event.id,
    event_type: event.type,
    subscriber: consumer.subscriber,
    tenant_id: event.tenant_id,
    key,
    handler: kind,
    read_from: readFrom,
    already,
  };
}

function outcomeOf(
  { now }: Invocation,
  { consumer, messageId }: Subject,
  { error }: Ran,
  seen: Seen,
  hiding: Hiding,
): Pick<TryView, "outcome" | "stopped_by" | "error"> {
  const stopped_by = seen.calls.count > 0 ? "outside" : stopOf(error, consumer);
  if (error === null) {
    return { outcome: stopped_by === null ? "applied" : "unknown", stopped_by, error: null };
  }
  const nowMs = now();
  const { retry } = consumer;
  const decision = decideDelivery(classify(error), 1, retry, messageId, nowMs);
  const retryInMs = decision.action === "retry" ? decision.dueAtMs - nowMs : null;
  const reason = decision.action === "dead-letter" ? decision.reason : null;
  const outcome = reason === null ? "retried" : "dead_letter";
  return {
    outcome: stopped_by === null ? outcome : "unknown",
    stopped_by,
    error: errorView(error, reason, retryInMs, retry.maxAttempts, hiding),
  };
}

/** What ended the try where a delivery would have gone on. */
function stopOf(error: unknown, { handlerTimeoutMs }: Consumer): "lock" | "time" | null {
  if (sqlState(error) === "55P03") return "lock";
  return error instanceof HandlerTimeoutError && handlerTimeoutMs > tryLimitMs ? "time" : null;
}

function errorView(
  error: unknown,
  dead_letter: DeadLetterReason | null,
  retry_in_ms: number | null,
  max_attempts: number,
  hiding: Hiding,
): TryError {
  const stack = errorStack(error);
  return {
    class: errorClass(error),
    message: hiding.text(describeError(error, true)),
    stack: stack === null ? null : hiding.text(stack),
    dead_letter,
    retry_in_ms,
    max_attempts,
  };
}

function listsOf(
  { catalog }: Invocation,
  { tenantId }: Subject,
  event: Envelope,
  { run, recorded, error }: Ran,
  seen: Seen,
  hiding: Hiding,
): Pick<TryView, "statements" | "events" | "log" | "calls" | "omitted"> {
  const room = createRoom();
  const known = knownValues(catalog, event);
  const calls = showFirst(room, seen.calls.kept, maxShown.calls, (call) => call);
  const statements = showFirst(room, seen.statements.kept, maxShown.statements, (one) =>
    statementView(one, known, hiding),
  );
  // What a handler published before it failed is not published.
  const published = error === null ? run.published : [];
  const events = showFirst(room, published, maxShown.events, (one) =>
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

/** The entry is no event that the handler would be given. */
function refused(
  invocation: Invocation,
  subject: Subject,
  content: Exclude<Content, Runnable["content"]>,
  key: string | null,
): TryView {
  if (content.kind !== "refuse") throw new Error("What is tried has a body and a handler.");
  const { event, error, reason, type } = content;
  const hiding = createHiding(
    invocation.catalog,
    event === null ? [] : personalTexts(invocation.catalog, event),
  );
  const handler = (type === null ? null : subject.consumer.byType.get(type)) ?? subject.consumer.any;
  return {
    event_id: event?.id ?? "",
    event_type: type ?? "",
    subscriber: subject.consumer.subscriber,
    tenant_id: event?.tenant_id ?? null,
    key,
    handler: handler?.kind ?? "any",
    read_from: subject.readFrom,
    already: null,
    outcome: "dead_letter",
    stopped_by: null,
    error: errorView(error, reason, null, subject.consumer.retry.maxAttempts, hiding),
    ms: 0,
    changes: [],
    statements: [],
    events: [],
    log: [],
    calls: [],
    omitted: { statements: 0, events: 0, log: 0, calls: 0 },
  };
}
