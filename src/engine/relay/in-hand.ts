import type { Clock } from "../core/clock.ts";
import type { RecordedEvent } from "../publish/record.ts";
import type { BareRow, LoadedRow } from "./relay-sql.ts";

/*
 * Events that this isolate has recorded and not sent yet, by the transaction that recorded them. The relay names these
 * transactions, and Postgres answers with ids and positions only: to encode, transfer and parse the events took longer
 * than to store them. What is not here is read from the record, so correctness does not depend on it.
 */

/** As `xmin` tells them: the low 32 bits, as a decimal. */
type TransactionId = string;

interface Held {
  readonly recordedMs: number;
  readonly events: Map<string, RecordedEvent>;
}

/** What is held of one system. */
interface HeldOfScope {
  /** Oldest first. */
  readonly transactions: Map<TransactionId, Held>;
  /** The transaction of each event, so that a row is found by one look. */
  readonly transactionOf: Map<string, TransactionId>;
}

/** What the isolate of one engine holds; by scope, which tells apart whom the isolates of tests stand for. */
export type HeldEvents = Map<string, HeldOfScope>;

/** Events of one system that are held at most; further ones are read from the record. */
const heldAtMost = 5_000;
/**
 * Transactions of one system that are held at most, the last ones: each statement of the relay names them all. Others stand
 * there when relays of other isolates send what this one records.
 */
const transactionsAtMost = 200;
/** Longer than an event should wait for its relay; the number of a transaction comes again only after months, ms. */
const heldMs = 10_000;

/** Times are told by the record in this form; of others it is not known what it makes of them. */
const recordedTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export interface InHand {
  /** Holds what a transaction has recorded, in the order of the record, if all of it can be sent as it is. */
  hold(transaction: TransactionId, events: readonly RecordedEvent[]): void;
  /** The transactions whose events are held. */
  transactions(): readonly TransactionId[];
  /**
   * Rows of the relay, with the events in them that are held; these are let go.
   *
   * @returns null when one is missing, so that all have to be read
   */
  fill(rows: readonly BareRow[]): LoadedRow[] | null;
}

export function inHandOf(all: HeldEvents, scope: string, now: Clock): InHand {
  const held = () => {
    const known = all.get(scope) ?? { transactions: new Map(), transactionOf: new Map() };
    for (const [transaction, { recordedMs }] of known.transactions) {
      const ageMs = now() - recordedMs;
      // Below 0 the clock was set back, and would keep it for as long.
      if (ageMs > heldMs || ageMs < 0) letGo(known, transaction);
    }
    return known;
  };
  return {
    hold(transaction, events) {
      const known = held();
      const { transactions, transactionOf } = known;
      const count = transactionOf.size + events.length;
      if (count > heldAtMost || !events.every(({ event }) => recordedTime.test(event.timestamp))) return;
      const [oldest] = transactions.size >= transactionsAtMost ? transactions.keys() : [];
      if (oldest !== undefined) letGo(known, oldest);
      letGo(known, transaction);
      transactions.set(transaction, { recordedMs: now(), events: firstOfEachId(events) });
      for (const { event } of events) transactionOf.set(event.id, transaction);
      all.set(scope, known);
    },
    transactions: () => [...held().transactions.keys()],
    fill(rows) {
      const known = held();
      const filled: LoadedRow[] = [];
      for (const row of rows) {
        // One that was asked for before it was in hand comes whole, and need not be held any longer.
        const taken = takeFrom(known, row.id);
        if (isWhole(row)) filled.push(row);
        else if (taken === null) return null;
        else filled.push(toRow(row, taken));
      }
      if (known.transactions.size === 0) all.delete(scope);
      return filled;
    },
  };
}

/** Of several with one id the record has the first, and so has the stream. */
function firstOfEachId(events: readonly RecordedEvent[]): Map<string, RecordedEvent> {
  return new Map(events.toReversed().map((one) => [one.event.id, one]));
}

function isWhole(row: BareRow): row is LoadedRow {
  return row.payload !== null;
}

/** Lets an event go. @returns null when it is not held */
function takeFrom(known: HeldOfScope, id: string): RecordedEvent | null {
  const transaction = known.transactionOf.get(id);
  const events = transaction === undefined ? undefined : known.transactions.get(transaction)?.events;
  const recorded = events?.get(id);
  if (transaction === undefined || events === undefined || recorded === undefined) return null;
  events.delete(id);
  known.transactionOf.delete(id);
  if (events.size === 0) known.transactions.delete(transaction);
  return recorded;
}

/** Lets all events of a transaction go. */
function letGo({ transactions, transactionOf }: HeldOfScope, transaction: TransactionId): void {
  for (const id of transactions.get(transaction)?.events.keys() ?? []) {
    // The same id may have come again by a later transaction.
    if (transactionOf.get(id) === transaction) transactionOf.delete(id);
  }
  transactions.delete(transaction);
}

/** @param row its `meta` is the position */
function toRow(row: BareRow, { event }: RecordedEvent): LoadedRow {
  return {
    head: row.head,
    id: event.id,
    type: event.type,
    source: event.source,
    target: event.target,
    payload: JSON.stringify(event.payload),
    timestamp: event.timestamp,
    meta: JSON.stringify({ ...event.meta, position: Number(row.meta) }),
    mission_id: event.mission_id,
    task_id: event.task_id,
    correlation_id: event.correlation_id,
    tenant_id: event.tenant_id,
    actor_id: event.actor_id,
    severity: event.severity,
  };
}
