import {
  type Catalog,
  CharterError,
  type Envelope,
  type EventDefinition,
  type JsonObject,
  type JsonValue,
  type PayloadInputOf,
  type PayloadOf,
  parseEnvelope,
  type Severity,
} from "@brain/schemas";
import type { Clock } from "../core/clock.ts";
import { type Issue, PermanentError, TooLargeError, ValidationError } from "../core/errors.ts";
import { type UnawaitedFailures, watchFailures } from "../core/promises/unawaited.ts";
import type { Database, Ending, Savepoints, Tx } from "../db/database.ts";
import { newEventId } from "./event-id.ts";
import type { Origin } from "./origin.ts";
import type { Personal } from "./personal.ts";
import { insertEvents, publishEventsSql, type RecordedEvent, rememberedKeysOf } from "./record.ts";

/** Who publishes and in which context; copied to the envelope (Event Charter v1.0, envelope). */
export interface PublishContext {
  /** Who says it: the producing service, or an agent on whose behalf it writes. */
  readonly source: string;
  /** Id of the producing service, when that is not the source. */
  readonly producer?: string;
  readonly tenant_id?: string | null;
  /** Only for actions of a user: an id, never a name or e-mail address. */
  readonly actor_id?: string | null;
  /** Groups all that one request caused. Null starts a new group under the event's own id. */
  readonly correlation_id?: string | null;
  /** Id of the event that caused this one. */
  readonly causation_id?: string | null;
  readonly mission_id?: string | null;
  readonly task_id?: string | null;
  /** Receiver; null means everybody. */
  readonly target?: string | null;
  /** Overrides the definition's severity. */
  readonly severity?: Severity | null;
  /** W3C trace context of the producer. */
  readonly traceparent?: string | null;
  /** What systems on the way of that trace passed along. */
  readonly tracestate?: string | null;
  /** What began the work, when no event did. Kept in the record, and not part of the envelope. */
  readonly origin?: Origin | null;
}

/** What differs from the context for one event. `id` makes a repeated publish the same event; see `Publish`. */
export type PublishOptions = Partial<PublishContext> & { readonly id?: string };

/**
 * Publishes one event in the caller's transaction and context, as handlers and services get it. With an `id` of the
 * caller's, the same event (tenant, type, payload) is recorded once; when the id belongs to another event, the transaction
 * fails at its end with a `ConflictError`.
 */
export type Publish = <D extends EventDefinition>(
  definition: D,
  payload: PayloadInputOf<D>,
  options?: PublishOptions,
) => Promise<Envelope<PayloadOf<D>>>;

/** Bounds of the payload's JSON text, in bytes of UTF-8. */
export interface PayloadLimits {
  readonly warnBytes: number;
  readonly maxBytes: number;
}

export interface PublishSettings {
  /** The events that may be published. */
  readonly catalog: Catalog;
  /**
   * Number of stream shards as configured; events with the same key share one. The relay places the events, and may
   * still use fewer shards than this, see `reshard`.
   */
  readonly shards: number;
  readonly payload: PayloadLimits;
  /** Called for a payload above `warnBytes`. */
  readonly onLargePayload?: (event: {
    readonly type: string;
    readonly id: string;
    readonly bytes: number;
  }) => void;
  /** Told of what a transaction publishes and is refused, before its publisher hears of it. Must not throw. */
  readonly onRefused?: (event: { readonly type: string | undefined; readonly error: unknown }) => void;
  readonly now: Clock;
  /** Seals and opens personal fields; left out: they are stored in clear. */
  readonly personal?: Personal;
}

/** Personal fields sealed; nothing happens to others. */
export async function sealed(
  { personal }: Pick<PublishSettings, "personal">,
  prepared: readonly RecordedEvent[],
): Promise<readonly RecordedEvent[]> {
  return personal === undefined ? prepared : personal.seal(prepared);
}

/** Types rule this out, except for values that are imported in a circle, or from a file that does not export them. */
function requireDefinition(definition: unknown): void {
  if (typeof definition === "object" && definition !== null && "type" in definition) return;
  throw new ValidationError(
    `publish was called with ${definition === undefined ? "undefined" : "something else"} in place of an event. Look whether the file that defines it exports it, and whether it is imported in a circle.`,
    { issues: [{ path: "type", message: "expected a definition made by defineEvent" }] },
  );
}

/**
 * `publish` as its users have it. Behind the end of its transaction it fails; until then a failure of which nobody takes
 * notice is kept, for whoever ends the transaction.
 *
 * @param transaction `isClosed`: its events were taken, or it failed
 * @param keep checks an event and keeps it, at once
 */
export function publishing(
  transaction: { readonly isClosed: boolean },
  failures: UnawaitedFailures,
  keep: (
    definition: EventDefinition,
    payload: unknown,
    options: Partial<PublishContext> | undefined,
  ) => Envelope,
): Publish {
  return (definition, payload, options) => {
    // Nobody asks for failures any more, so the runtime reports it.
    if (transaction.isClosed) return failed(() => publishedLate(definition));
    try {
      return Promise.resolve(keep(definition, payload, options)) as never;
    } catch (error) {
      return failures.reject(error);
    }
  };
}

async function failed(error: () => Error): Promise<never> {
  throw error();
}

/** What whoever publishes is told when the events of the transaction were taken, or it failed: it would be in none. */
function publishedLate(definition: EventDefinition): PermanentError {
  requireDefinition(definition);
  return new PermanentError(
    `"${definition.type}" was published when its transaction had ended; it is not recorded. Await every publish before you return.`,
  );
}

/**
 * Builds and validates the envelope of one event. Pure but for id and clock.
 *
 * @throws {ValidationError} uncatalogued type, or a payload or envelope field that is not acceptable; names each field
 * @throws {TooLargeError} payload over `settings.payload.maxBytes`
 */
export function prepareEvent<D extends EventDefinition>(
  settings: PublishSettings,
  definition: D,
  payload: PayloadInputOf<D>,
  context: PublishContext & PublishOptions,
): RecordedEvent {
  requireDefinition(definition);
  if (settings.catalog.find(definition.type) !== definition) {
    throw new ValidationError(
      `The event type "${definition.type}" is not the catalogued definition. Add it to the catalog that is given to createEngine, and publish that definition.`,
      { issues: [{ path: "type", message: `"${definition.type}" is not catalogued` }] },
    );
  }
  const nowMs = settings.now();
  const id = context.id ?? newEventId(nowMs);
  const meta: Record<string, JsonValue> = {
    schema_version: definition.version,
    producer: context.producer ?? context.source,
    source_module: definition.module,
  };
  if (context.causation_id) meta.causation_id = context.causation_id;
  if (context.traceparent) meta.traceparent = context.traceparent;
  if (context.traceparent && context.tracestate) meta.tracestate = context.tracestate;
  const admitted = admitEnvelope(settings, {
    id,
    type: definition.type,
    source: context.source,
    target: context.target ?? null,
    payload: payload as JsonObject,
    timestamp: new Date(nowMs).toISOString(),
    meta,
    mission_id: context.mission_id ?? null,
    task_id: context.task_id ?? null,
    correlation_id: context.correlation_id ?? id,
    tenant_id: context.tenant_id ?? null,
    actor_id: context.actor_id ?? null,
    severity: context.severity ?? definition.severity,
  });
  return context.origin == null ? admitted : { ...admitted, origin: context.origin };
}

/**
 * Validates a complete envelope, e.g. one that another program sent, and finds its ordering key.
 *
 * @throws {ValidationError} names each field that is not acceptable
 * @throws {TooLargeError} payload over the limit
 */
export function admitEnvelope(settings: PublishSettings, input: unknown): RecordedEvent {
  const event = parseOrThrow(settings, input);
  const payloadText = JSON.stringify(event.payload);
  const { warnBytes, maxBytes } = settings.payload;
  // No unit of UTF-16 has more than three bytes in UTF-8: of a short text they need not be counted.
  const isShort = 3 * payloadText.length <= Math.min(warnBytes, maxBytes);
  const bytes = isShort ? payloadText.length : utf8Length(payloadText);
  if (bytes > maxBytes) {
    throw new TooLargeError(
      `The payload of "${event.type}" has ${bytes} bytes, the limit is ${maxBytes}. Publish an id and let consumers read the rest.`,
      { issues: [{ path: "payload", message: `${bytes} bytes, at most ${maxBytes}` }] },
    );
  }
  if (bytes > warnBytes) {
    settings.onLargePayload?.({ type: event.type, id: event.id, bytes });
  }
  const key = settings.catalog.find(event.type)?.keyOf(event.payload) ?? null;
  return { event, key };
}

function parseOrThrow({ catalog, personal }: PublishSettings, input: unknown): Envelope {
  try {
    return parseEnvelope(catalog, input, { seals: personal?.seals === true });
  } catch (error) {
    if (!(error instanceof CharterError)) throw error;
    const issues: Issue[] = error.issues.map(({ path, message }) => ({ path, message }));
    throw new ValidationError(error.message, { cause: error, issues });
  }
}

const encoder = new TextEncoder();

function utf8Length(text: string): number {
  return encoder.encode(text).byteLength;
}

/** Publishes prepared events in one statement; all or none. The last statement of its transaction, see `insertEvents`. */
export async function publishMany(tx: Tx, prepared: readonly RecordedEvent[]): Promise<void> {
  if (prepared.length > 0) await insertEvents(tx, prepared);
}

/**
 * An event as it was checked, for the record and the stream, and the one that its publisher gets. Otherwise a change of
 * the second, or of the payload that it was made of, would be recorded unchecked, or sent and not recorded.
 */
export function keptApart(prepared: RecordedEvent): {
  readonly kept: RecordedEvent;
  readonly told: Envelope;
} {
  const { event: told } = prepared;
  return { kept: { ...prepared, event: JSON.parse(JSON.stringify(told)) as Envelope }, told };
}

/** Events of one transaction, kept until its end. */
export interface Outbox {
  /**
   * Validates the event at once and keeps it. It is recorded by what `flush` gives, travels when the transaction commits and not
   * otherwise; nor when the transaction goes back to a savepoint that was set before. Publishing the same `options.id`
   * twice records it once.
   *
   * @throws {ValidationError | TooLargeError} nothing of this event is kept then
   * @throws {PermanentError} the transaction is at its end
   */
  readonly publish: Publish;
  /** What records what was published, to be run last before the COMMIT; no statements when nothing was. */
  flush(): Promise<Ending>;
  /** Whoever publishes has returned or thrown: what is published from here on is refused. `flush` does the same. */
  close(): void;
  /** To be told of the savepoints of the transaction: what was published since goes back with the rest. */
  readonly savepoints: Savepoints;
}

/** How a transaction records at least one event, as its last statements. */
export type RecordAtEnd = (events: readonly RecordedEvent[]) => Ending;

/** The events are recorded, and nothing else. */
export const recordAlone: RecordAtEnd = (events) => ({ statements: [publishEventsSql(events)] });

/**
 * Personal fields sealed, and recorded by what it gives; no statements when there are no events.
 *
 * @param record left out: they are recorded, and nothing else
 */
export async function endWithEvents(
  settings: Pick<PublishSettings, "personal">,
  prepared: readonly RecordedEvent[],
  record: RecordAtEnd = recordAlone,
): Promise<Ending> {
  if (prepared.length === 0) return { statements: [] };
  const stored = await sealed(settings, prepared);
  const ending = record(stored);
  const remembered = rememberedKeysOf(stored);
  if (remembered.length === 0) return ending;
  return {
    ...ending,
    failed(isSure) {
      settings.personal?.forget(remembered);
      ending.failed?.(isSure);
    },
  };
}

/** The events of a transaction are inserted at its end, so that their locks (see `maxLockedKeys`) are held for a moment only. */
export function createOutbox(
  settings: PublishSettings,
  context: PublishContext,
  record?: RecordAtEnd,
): Outbox {
  const prepared: RecordedEvent[] = [];
  const transaction = { isClosed: false };
  const failures = watchFailures();
  return {
    publish: publishing(transaction, failures, (definition, payload, options) => {
      try {
        const event = prepareEvent(settings, definition, payload, { ...context, ...options });
        const { kept, told } = keptApart(event);
        prepared.push(kept);
        return told;
      } catch (error) {
        // Types rule out that there is no definition, see `requireDefinition`.
        settings.onRefused?.({ type: (definition as EventDefinition | undefined)?.type, error });
        throw error;
      }
    }),
    async flush() {
      transaction.isClosed = true;
      failures.check();
      return endWithEvents(settings, prepared, record);
    },
    close() {
      transaction.isClosed = true;
    },
    savepoints: cutBackBy(prepared),
  };
}

/** Takes from the end of `list` what came since a savepoint when the transaction goes back to that. */
export function cutBackBy(list: unknown[]): Savepoints {
  const marks: { readonly name: string; readonly length: number }[] = [];
  const find = (name: string) => marks.findLastIndex((mark) => mark.name === name);
  return {
    set: (name) => void marks.push({ name, length: list.length }),
    release(name) {
      const at = find(name);
      if (at !== -1) marks.length = at;
    },
    back(name) {
      const at = find(name);
      const mark = marks[at];
      if (mark === undefined) return;
      // It stands, and one can go back to it again.
      marks.length = at + 1;
      list.length = mark.length;
    },
  };
}

/**
 * Runs `run` in one Postgres transaction. Events given to `publish` commit with it; after the commit the relay and the
 * consumers are started in the background. Nothing is published when `run` throws.
 */
export type Transact = <T>(
  context: PublishContext,
  run: (tx: Tx, publish: Publish) => Promise<T>,
) => Promise<T>;

/**
 * Runs `run` in one transaction, and records what it published as the last statement before the COMMIT. Nothing is
 * published when `run` throws.
 *
 * @param record how; left out: the events are recorded, and nothing else
 */
export function transactAndPublish<T>(
  db: Pick<Database, "transaction">,
  settings: PublishSettings,
  context: PublishContext,
  run: (tx: Tx, publish: Publish) => Promise<T>,
  record?: RecordAtEnd,
): Promise<T> {
  const outbox = createOutbox(settings, context, record);
  const runAndClose = async (tx: Tx) => {
    try {
      return await run(tx, outbox.publish);
    } finally {
      outbox.close();
    }
  };
  return db.transaction(runAndClose, { last: outbox.flush, savepoints: outbox.savepoints });
}
