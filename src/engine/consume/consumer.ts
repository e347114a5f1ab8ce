import type { DecodeNote, Envelope, EventDefinition, PayloadOf } from "@brain/schemas";
import type { SQLWrapper } from "drizzle-orm";
import type { CircuitBreakerPolicy } from "../core/circuit-breaker.ts";
import type { RetryPolicy } from "../core/retry.ts";
import type { Logger } from "../core/telemetry/log.ts";
import type { Database, StatementBuilder, Tx } from "../db/database.ts";
import type { Publish } from "../publish/publish.ts";
import type { CallOutside } from "./define/call-outside.ts";

/** What a handler may use while it applies one event. All of it dies with the transaction. */
export interface HandlerContext {
  /** The transaction that also holds the claim and the events published: all commit together, or nothing does. */
  readonly tx: Tx;
  /** Records an event in `tx`, caused by the event being handled. */
  readonly publish: Publish;
  readonly log: Logger;
  /** 1 at the first try. */
  readonly attempt: number;
  /** Id of the stream entry, `{ms}-{seq}`. */
  readonly streamMessageId: string;
  /** Stable over all tries of this event by this subscriber; hand it to external services that deduplicate. */
  idempotencyKey(label: string): Promise<string>;
  /** Set when an operator replays the event. */
  readonly replay: boolean;
  /** Set when this subscriber has applied the event before, and a forced replay has it applied once more. */
  readonly repeated: boolean;
  /** Aborts at the handler's time limit; pass it to `fetch`. */
  readonly signal: AbortSignal;
  /**
   * Calls the outside, without following redirects. Refused while an operator tries the event out, so a handler that
   * calls in any other way says so: `notTried`.
   */
  readonly fetch: CallOutside;
  readonly now: () => Date;
}

/** A delivery inside a batch handler: one event, and what is known of its delivery. */
export interface Delivered<D extends EventDefinition = EventDefinition> {
  readonly event: Envelope<PayloadOf<D>>;
  readonly streamMessageId: string;
  readonly attempt: number;
  readonly replay: boolean;
  /** As in `HandlerContext`. */
  readonly repeated: boolean;
}

/** Context of a batch handler; what belongs to one event is on its `Delivered`. */
export interface BatchContext
  extends Omit<
    HandlerContext,
    "attempt" | "streamMessageId" | "replay" | "repeated" | "idempotencyKey" | "publish"
  > {
  /** Records an event in `tx`, caused by `cause`. */
  publishFrom(cause: Delivered): Publish;
  idempotencyKey(delivered: Delivered, label: string): Promise<string>;
}

export type EventHandler<D extends EventDefinition> = (
  event: Envelope<PayloadOf<D>>,
  context: HandlerContext,
) => Promise<void>;

export type BatchHandler<D extends EventDefinition> = (
  deliveries: readonly Delivered<D>[],
  context: BatchContext,
) => Promise<void>;

/** Receives every event, known or not, with what the decoder noted. */
export type CatchAllHandler = (deliveries: readonly Delivered[], context: BatchContext) => Promise<void>;

/** An entry as it stands on the stream, whoever wrote it, and whether or not it can be read. */
export interface StreamEntry {
  readonly stream: string;
  readonly streamMessageId: string;
  readonly shard: number;
  /** As text, what Postgres cannot store replaced. */
  readonly fields: Readonly<Record<string, string>>;
  /** Null: it is no event. */
  readonly event: Envelope | null;
  /** Its type, when that can be read although the rest cannot; null: not even that. */
  readonly type: string | null;
  /** Why it is no event; null: it is one. */
  readonly unread: string | null;
  /** What the decoder had to mend. */
  readonly notes: readonly DecodeNote[];
  /** Ordering key; null means that the event has no order among others, or has no definition here. */
  readonly key: string | null;
}

export interface EntriesContext {
  readonly db: Database;
  readonly log: Logger;
  readonly now: () => Date;
}

/** Receives every entry. It may be called again for the same ones, so what it does must be harmless a second time. */
export type EntriesHandler = (entries: readonly StreamEntry[], context: EntriesContext) => Promise<void>;

/** What a statement handler may use: it has no transaction to read in, because it gives its statements before one begins. */
export interface StatementContext<D extends EventDefinition>
  extends Omit<HandlerContext, "tx" | "signal" | "fetch"> {
  readonly event: Envelope<PayloadOf<D>>;
  readonly build: StatementBuilder;
}

/** The same for a batch. */
export interface StatementBatchContext<D extends EventDefinition>
  extends Omit<BatchContext, "tx" | "signal" | "fetch"> {
  readonly deliveries: readonly Delivered<D>[];
  readonly build: StatementBuilder;
}

/**
 * Gives the statements of one event, in their order. It does nothing else: it may be called more than once for a try,
 * and what it gave may be thrown away.
 */
export type StatementHandler<D extends EventDefinition> = (
  context: StatementContext<D>,
) => readonly SQLWrapper[] | Promise<readonly SQLWrapper[]>;

/** Gives the statements of a whole batch, in their order; else as `StatementHandler`. */
export type StatementBatchHandler<D extends EventDefinition> = (
  context: StatementBatchContext<D>,
) => readonly SQLWrapper[] | Promise<readonly SQLWrapper[]>;

/** A subscription of one consumer; made by `on`, `onBatch`, `onSql`, `onSqlBatch`, `onSqlSet`, `onAny` or `onEntries`. */
export type Subscription = Kinds & {
  /** Why operators cannot try it out, a sentence; left out: they can. */
  readonly notTried?: string;
};

type Kinds =
  | {
      readonly kind: "each";
      readonly definition: EventDefinition;
      readonly handle: EventHandler<EventDefinition>;
    }
  | {
      readonly kind: "batch";
      readonly definition: EventDefinition;
      readonly handle: BatchHandler<EventDefinition>;
    }
  | {
      readonly kind: "statements";
      readonly definition: EventDefinition;
      readonly handle: StatementHandler<EventDefinition>;
    }
  | {
      readonly kind: "statement_batch";
      readonly definition: EventDefinition;
      readonly handle: StatementBatchHandler<EventDefinition>;
    }
  | {
      readonly kind: "statement_set";
      readonly definitions: readonly EventDefinition[];
      readonly handle: StatementBatchHandler<EventDefinition>;
    }
  | { readonly kind: "any"; readonly handle: CatchAllHandler }
  | { readonly kind: "entries"; readonly handle: EntriesHandler };

/** Of all types. */
export type CatchAll = Extract<Subscription, { kind: "any" | "entries" }>;

/** The events that a handler is for; none for one that takes everything. */
export function definitionsOf(subscription: Subscription): readonly EventDefinition[] {
  if (subscription.kind === "any" || subscription.kind === "entries") return [];
  return subscription.kind === "statement_set" ? subscription.definitions : [subscription.definition];
}

/** Handles one event at a time. The order of events with the same key is kept. */
export function on<D extends EventDefinition>(definition: D, handle: EventHandler<D>): Subscription {
  return { kind: "each", definition, handle: handle as EventHandler<EventDefinition> };
}

/** Handles all events of a type in a batch at once, with set-based statements. */
export function onBatch<D extends EventDefinition>(definition: D, handle: BatchHandler<D>): Subscription {
  return { kind: "batch", definition, handle: handle as BatchHandler<EventDefinition> };
}

/**
 * Handles one event at a time by statements alone. Claim, statements, published events and fence travel to Postgres as one
 * request over HTTP, with no connection of its own: two round trips from the stream to the effect instead of five.
 * Where that is not enough (the event was applied before, one of the statements fails), the same statements run in an
 * ordinary transaction, with the same guarantee.
 *
 * @see https://github.com/neondatabase/serverless#transaction
 */
export function onSql<D extends EventDefinition>(definition: D, handle: StatementHandler<D>): Subscription {
  return { kind: "statements", definition, handle: handle as unknown as StatementHandler<EventDefinition> };
}

/** Handles all events of a type in a batch at once, by statements alone; see `onSql`. */
export function onSqlBatch<D extends EventDefinition>(
  definition: D,
  handle: StatementBatchHandler<D>,
): Subscription {
  return {
    kind: "statement_batch",
    definition,
    handle: handle as unknown as StatementBatchHandler<EventDefinition>,
  };
}

/**
 * Handles all events of several types in a batch at once, by statements alone; see `onSql`. For what is done alike with
 * each of them, like counting: a mixed batch costs as many statements as one of a single type.
 */
export function onSqlSet<D extends EventDefinition>(
  definitions: readonly D[],
  handle: StatementBatchHandler<D>,
): Subscription {
  return {
    kind: "statement_set",
    definitions,
    handle: handle as unknown as StatementBatchHandler<EventDefinition>,
  };
}

/** Handles everything on the stream, unknown and foreign types too. */
export function onAny(handle: CatchAllHandler): Subscription {
  return { kind: "any", handle };
}

/**
 * Sees every entry of the stream, also those that are no events, and those that repeat one. Nothing is claimed and there
 * is no transaction, so a batch costs Postgres what the handler itself asks; it comes with the tick of cron and not with
 * each event. For a consumer that watches what is there: it has no other handler.
 */
export function onEntries(handle: EntriesHandler): Subscription {
  return { kind: "entries", handle };
}

/**
 * Marks a handler that operators cannot try out, because it reaches something that no rollback takes back in another way
 * than through `tx`, `publish` and `fetch` of its context.
 *
 * @param reason a sentence, shown to whoever asks for a try
 */
export function notTried(reason: string, subscription: Subscription): Subscription {
  return { ...subscription, notTried: reason };
}

/** Where a new group begins: `0` with the first event of the record, `$` only what comes, or behind a given message id. */
export type StartPosition = "0" | "$" | `${number}-${number}`;

export interface ConsumerOptions {
  /** Unique in the system; names the consumer group (`edge_{subscriber}`) and the claims. */
  readonly subscriber: string;
  /**
   * Its name in an earlier release, or its names, the latest first: its groups go on where those of the latest were. What
   * it has in Postgres gets the new name by `SELECT rename_subscriber(old, new)` in a migration of the same release. To
   * stay: `idempotencyKey` is made of the first name that it had.
   */
  readonly formerly?: string | readonly string[];
  readonly handlers: readonly Subscription[];
  /** Default `0`: a new consumer misses nothing. */
  readonly startAt?: StartPosition;
  /** Source of the events its handlers publish; default is the subscriber's name. */
  readonly source?: string;
  readonly retry?: Partial<RetryPolicy>;
  /** When to stop trying everything and try one event at a time; see `src/engine/core/circuit-breaker.ts`. */
  readonly brake?: Partial<CircuitBreakerPolicy>;
  /**
   * What a dead letter does to its key. `go_on` (default): later events are handled. `hold_key`: they wait until the
   * dead letter was redriven or discarded, so that the order holds over redrives too; costs a look at Postgres a round.
   */
  readonly afterDeadLetter?: "go_on" | "hold_key";
  /**
   * Which tenants' events its handlers may publish. `own_tenant` (default): those of the tenant whose event is the
   * cause; an event of no tenant may cause events of any. `any_tenant`: the handler decides.
   */
  readonly publishesFor?: "own_tenant" | "any_tenant";
  /** Time limit of one handler call, ms; default 10,000. */
  readonly handlerTimeoutMs?: number;
  /**
   * Entries of a round, at most; default 500. Up to 1,000 is accepted and counts as 500, because as many are read
   * ahead. Rounds begin at 100 and adapt to the time the handlers take.
   */
  readonly batchSize?: number;
  /**
   * Transactions that run side by side, each with its own connection; events with the same key share one. Default 1.
   */
  readonly concurrency?: number;
}

/** A consumer as the engine runs it: options completed with defaults, handlers by type. */
export interface Consumer {
  readonly subscriber: string;
  /** Other names that it had in earlier releases, the latest first. */
  readonly formerly: readonly string[];
  /** The first name that it had, of which its idempotency keys are made; the subscriber's, when it has always had that. */
  readonly firstName: string;
  readonly group: string;
  readonly source: string;
  readonly startAt: StartPosition;
  readonly retry: RetryPolicy;
  readonly brake: CircuitBreakerPolicy;
  readonly afterDeadLetter: "go_on" | "hold_key";
  readonly publishesFor: "own_tenant" | "any_tenant";
  readonly handlerTimeoutMs: number;
  readonly batchSize: number;
  readonly concurrency: number;
  readonly byType: ReadonlyMap<string, Exclude<Subscription, CatchAll>>;
  readonly any: CatchAll | null;
}
