import {
  type Catalog,
  type Envelope,
  type EventDefinition,
  encodeEntry,
  type PayloadInputOf,
  parseMessageId,
} from "@brain/schemas";
import type { Query, SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { beginRun } from "../consume/apply/handler-run.ts";
import { runHandlers } from "../consume/apply/run-handlers.ts";
import type { Consumer } from "../consume/consumer.ts";
import type { CallOutside } from "../consume/define/call-outside.ts";
import { type Delivery, noSource, type Runnable } from "../consume/delivery.ts";
import { interpretEntry } from "../consume/drain/interpret.ts";
import { classify } from "../core/classify.ts";
import { systemClock } from "../core/clock.ts";
import { type DeadLetterReason, decideDelivery } from "../core/retry.ts";
import { createLogger } from "../core/telemetry/log.ts";
import type { Tx } from "../db/database.ts";
import { translateDatabaseError } from "../db/errors.ts";
import { type PublishContext, prepareEvent } from "../publish/publish.ts";
import { refuseOutside } from "./outside.ts";

export interface RunHandlerOptions {
  /** Has the event, and those that the handler publishes. */
  readonly catalog: Catalog;
  /** Which try it is, from 1; default 1. */
  readonly attempt?: number;
  /** True: an operator replays the event. */
  readonly replay?: boolean;
  /** The handler's clock; default: the machine's. */
  readonly now?: Date;
  /** Of the event, a UUID; give the same one to try an event again. Default: a new one. */
  readonly id?: string;
  /** Who published the event, for whom: `{ tenant_id: "acme" }`. Its source is "test" when none is given. */
  readonly context?: Partial<PublishContext>;
  /**
   * What stands for the transaction: as much of it as the handler uses, or a drizzle transaction of your own. Left out:
   * a handler that touches it fails the test.
   */
  readonly tx?: object;
  /** What answers when the handler calls the outside (`fetch` of its context). Left out: a handler that does fails. */
  readonly fetch?: CallOutside;
}

/** What the engine would do with the delivery now. */
export type NextStep =
  /** The transaction is committed, and the delivery is done. */
  | { readonly kind: "applied" }
  /** The consumer has no handler for the type. */
  | { readonly kind: "skipped" }
  | {
      readonly kind: "retry";
      readonly at: Date;
      /** Time until then, ms. */
      readonly inMs: number;
      /** Later events with the same key need not wait. */
      readonly overtakable: boolean;
    }
  | { readonly kind: "dead_letter"; readonly reason: DeadLetterReason };

export interface HandlerOutcome {
  readonly next: NextStep;
  /** What the handler published, in that order; nothing when it failed, for that is not committed. */
  readonly published: readonly Envelope[];
  /** What a statement handler (`onSql`, `onSqlBatch`) gave, as it would be sent; nothing is run. */
  readonly statements: readonly { readonly sql: string; readonly params: readonly unknown[] }[];
  /** What it threw, or why its event was refused; null when neither. */
  readonly error: unknown;
  /** The event as the handler saw it. */
  readonly event: Envelope;
  /** Lines that it wrote to its log, JSON. */
  readonly logs: readonly string[];
}

const dialect = new PgDialect();

/** A handler used `tx`, and the test gave none. */
export class NoTransactionError extends Error {
  override readonly name = "NoTransactionError";

  constructor(member: string) {
    super(
      `The handler used tx.${member}, and the test gave no transaction. Give runHandler what stands for it ({ tx: { … } }), or test the handler on Postgres with createTestEngine.`,
    );
  }
}

/**
 * Gives one event to a consumer as the engine would, without Redis and Postgres: the event is encoded, read from its
 * entry, handled within the handler's time limit, and what comes next is decided by the engine's own rules.
 *
 * ```ts
 * const { next, published } = await runHandler(stock, orderPlaced, { order_id }, { catalog, tx: {} });
 * expect(next).toEqual({ kind: "applied" });
 * ```
 *
 * @throws {ValidationError} the payload is none that `publish` would take
 * @throws {NoTransactionError} the handler used a transaction that the test did not give
 */
export async function runHandler<D extends EventDefinition>(
  consumer: Consumer,
  definition: D,
  payload: PayloadInputOf<D>,
  options: RunHandlerOptions,
): Promise<HandlerOutcome> {
  const { catalog, attempt = 1, now = new Date(systemClock()) } = options;
  const settings = { catalog, shards: 1, payload: unlimited, now: () => now.getTime() };
  const { event: sent } = prepareEvent(settings, definition, payload, {
    source: "test",
    ...options.context,
    ...(options.id === undefined ? {} : { id: options.id }),
  });
  const fields = encodeEntry(sent);
  const { content, key } = interpretEntry(catalog, consumer, fields);
  const logs: string[] = [];
  const statements: Query[] = [];
  const outcome = (next: NextStep, published: readonly Envelope[], error: unknown): HandlerOutcome => ({
    next,
    published,
    statements: error === null ? statements : [],
    error,
    event: content.kind === "handle" ? content.event : sent,
    logs,
  });
  if (content.kind === "skip") return outcome({ kind: "skipped" }, [], null);
  if (content.kind === "refuse") {
    return outcome({ kind: "dead_letter", reason: content.reason }, [], content.error);
  }
  const delivery: Runnable = {
    ...deliveryOf(now, attempt, fields),
    content,
    key,
    isReplay: options.replay ?? false,
  };
  const run = beginRun();
  const transaction = standIn(options.tx);
  const nowMs = now.getTime();
  const deps = {
    consumer,
    publish: settings,
    log: createLogger(
      (_level, line) => logs.push(line),
      "debug",
      () => nowMs,
    ),
    trace: null,
    now: () => nowMs,
    fetch: options.fetch ?? refuseOutside,
  };
  try {
    const execute = async (statement: SQL) => statements.push(dialect.sqlToQuery(statement));
    const effects = { tx: transaction.tx, execute };
    await runHandlers({ deps, effects, run, sliceEndMs: nowMs }, [delivery]);
  } catch (thrown) {
    // Whatever the handler made of that: the test is at fault.
    if (transaction.missed !== null) throw transaction.missed;
    const error = translateDatabaseError(thrown, "caller");
    return outcome(nextStep(consumer, delivery, error, nowMs, attempt), [], error);
  }
  if (transaction.missed !== null) throw transaction.missed;
  return outcome(
    { kind: "applied" },
    run.published.map(({ event }) => event),
    null,
  );
}

function nextStep(
  { retry }: Consumer,
  { messageId }: Delivery,
  error: unknown,
  nowMs: number,
  attempt: number,
): NextStep {
  const decision = decideDelivery(classify(error), attempt, retry, messageId, nowMs);
  switch (decision.action) {
    case "ack":
      return { kind: "applied" };
    case "retry": {
      const { dueAtMs, overtakable } = decision;
      return { kind: "retry", at: new Date(dueAtMs), inMs: dueAtMs - nowMs, overtakable };
    }
    case "dead-letter":
      return { kind: "dead_letter", reason: decision.reason };
  }
}

/** What a test publishes has no bounds but those of its schema. */
const unlimited = { warnBytes: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };

function deliveryOf(
  now: Date,
  attempt: number,
  fields: readonly string[],
): Omit<Runnable, "content" | "key"> {
  return {
    source: noSource,
    row: null,
    messageId: parseMessageId(`${now.getTime()}-0`),
    fields,
    begun: attempt - 1,
    ended: attempt - 1,
    isBegun: true,
    firstFailedAtMs: attempt === 1 ? null : now.getTime(),
    dueAtMs: 0,
    lastError: null,
    overtakable: false,
    skipReason: null,
    isTrimmed: false,
    replayGeneration: 0,
    isReplay: false,
    deadLetterId: null,
  };
}

/** The test's transaction, or one that notes that it was missed. */
function standIn(given: object | undefined): { readonly tx: Tx; readonly missed: NoTransactionError | null } {
  if (given !== undefined) return { tx: given as Tx, missed: null };
  let missed: NoTransactionError | null = null;
  const tx = new Proxy(
    {},
    {
      get(_target, member) {
        // Whoever awaits or prints it asks for these, and uses nothing.
        if (typeof member === "symbol" || member === "then" || member === "toJSON") return undefined;
        missed ??= new NoTransactionError(member);
        throw missed;
      },
    },
  ) as Tx;
  return {
    tx,
    get missed() {
      return missed;
    },
  };
}
