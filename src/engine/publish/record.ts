import type { Envelope, EnvelopeMeta } from "@brain/schemas";
import { type SQL, sql } from "drizzle-orm";
import type { Tx } from "../db/database.ts";
import { isoText } from "../db/iso-text.ts";
import { keepSql, type Slots } from "../db/kept-sql.ts";
import type { Origin } from "./origin.ts";

/** A validated event, ready for the record. */
export interface RecordedEvent {
  readonly event: Envelope;
  /** Ordering key; null means that the event has no order among others. */
  readonly key: string | null;
  /** What began the work that published it, when no event did. */
  readonly origin?: Origin;
  /** A forced replay has its handler publish it once more: what is recorded under this id stands, whatever it says. */
  readonly again?: true;
  /** Id under which an earlier release would have recorded it, for the same tenant; left out: under none but its own. */
  readonly formerId?: string;
  /** Keys of persons by which it is sealed and of which it is only remembered that they are there; left out: none. */
  readonly rememberedKeys?: readonly string[];
}

/**
 * How many keys one statement locks at most, and how many it may lock without waiting for others. All sessions of a
 * Postgres share one lock table with max_locks_per_transaction × max_connections places (64 × 100 by default). When it is
 * full, anybody's statements fail, and seven bulk statements of a thousand keys would fill it. So statements with many
 * keys take turns, `bulkTurns` of them at a time.
 *
 * @see https://www.postgresql.org/docs/current/runtime-config-locks.html
 */
export const maxLockedKeys = 1_000;
export const freelyLockedKeys = 64;
export const bulkTurns = 3;

/** The turns have the numbers behind the one that the layout's lock has. */
const firstTurn = 2;

type RecordValues = [rows: string, count: number, keys: string | null, turn: number | null];

/**
 * Any number of events: the rows travel as one JSON parameter, which costs a fraction of a parameter per column, to a
 * function that Postgres plans once in a session, see the migration `record_function`.
 *
 * Positions are given when a row is inserted, and events become visible when its transaction commits. When of two
 * transactions the first to insert is the last to commit, the events of a key would reach the stream in the wrong order,
 * and readers would meet a position below the one that they have seen. So whoever inserts locks its keys until it commits,
 * before its first row has a position. When there are many, it locks a turn first. The keys are locked in one order for
 * all, so that nobody waits in a circle.
 *
 * A statement with more than `maxLockedKeys` keys does not lock: more than a bulk request can hold, but a handler of
 * whole batches can publish it. Its positions are in the order of its inserts only.
 */
function recorder(name: "record_events" | "record_events_formerly" | "publish_events") {
  const asked = (...[rows, count, keys, turn]: Slots<RecordValues>) =>
    sql`SELECT fresh, pg_current_xact_id_if_assigned()::xid::text AS transaction
      FROM ${sql.raw(name)}(${rows}::json, ${count}::integer, ${keys}::json, ${turn}::integer) AS fresh`;
  return {
    plain: keepSql<RecordValues>(asked),
    /** The same, if these keys of persons are still there: else the events could never be read. */
    sealed: keepSql<[subjectKeys: string, ...RecordValues]>(
      (subjectKeys, ...values) => sql`${asked(...values)} WHERE require_subject_keys(${subjectKeys}::json)`,
    ),
  };
}

type Recorder = ReturnType<typeof recorder>;

const ingestedEvents = recorder("record_events");
const ingestedFormerly = recorder("record_events_formerly");
const publishedEvents = recorder("publish_events");

/** Ids of all keys that were only remembered. */
export function rememberedKeysOf(prepared: readonly RecordedEvent[]): readonly string[] {
  return [...new Set(prepared.flatMap(({ rememberedKeys }) => rememberedKeys ?? []))];
}

/** What {@link insertEventsSql} tells. */
export interface Inserted {
  /** Ids of those that were new; null: all were. */
  readonly fresh: readonly string[] | null;
  /** Number of the transaction as `xmin` has it, its low 32 bits; null when nothing was written in it. */
  readonly transaction: string | null;
}

/**
 * Records what other programs hand in, telling what was new: one row, an `Inserted`. Naming a thousand ids that were all
 * new would cost more than storing them. An id that is already recorded is left as it is, whosever event that is: who asks
 * has to look. Run it last in its transaction, but for the fence: it holds the locks until the commit.
 */
export function insertEventsSql(prepared: readonly RecordedEvent[]): SQL {
  const hasFormer = prepared.some(({ formerId }) => formerId !== undefined);
  return recordSql(hasFormer ? ingestedFormerly : ingestedEvents, prepared);
}

/**
 * The same for what a transaction publishes. An id that is already recorded must be that of the same event (of its tenant
 * and type, and with its payload): otherwise the transaction fails with a `ConflictError`, see the migration
 * `publish_events`. That costs nothing while all ids are new.
 */
export function publishEventsSql(prepared: readonly RecordedEvent[]): SQL {
  return recordSql(publishedEvents, prepared);
}

function recordSql({ plain, sealed }: Recorder, prepared: readonly RecordedEvent[]): SQL {
  const keys = new Set(prepared.flatMap(({ key }) => (key === null ? [] : [key])));
  const locks = keys.size > 0 && keys.size <= maxLockedKeys;
  const inTurn = locks && keys.size > freelyLockedKeys;
  const values: RecordValues = [
    JSON.stringify(prepared.map(toRow)),
    prepared.length,
    locks ? JSON.stringify([...keys]) : null,
    inTurn ? firstTurn + Math.floor(Math.random() * bulkTurns) : null,
  ];
  const subjectKeys = rememberedKeysOf(prepared);
  return subjectKeys.length === 0 ? plain(...values) : sealed(JSON.stringify(subjectKeys), ...values);
}

/**
 * What a row has. What is null is left out: Postgres reads the same, and of a usual event that is half of its fields.
 * Its position has a column of its own; what another program wrote into meta under that name is not it.
 */
function toRow({ event, key, origin, again, formerId }: RecordedEvent) {
  return {
    id: event.id,
    type: event.type,
    source: event.source,
    target: event.target ?? undefined,
    payload: event.payload,
    timestamp: event.timestamp,
    meta: withoutPosition(event.meta),
    mission_id: event.mission_id ?? undefined,
    task_id: event.task_id ?? undefined,
    correlation_id: event.correlation_id ?? undefined,
    tenant_id: event.tenant_id ?? undefined,
    actor_id: event.actor_id ?? undefined,
    severity: event.severity ?? undefined,
    key: key ?? undefined,
    origin,
    again,
    former_id: formerId,
  };
}

function withoutPosition(meta: EnvelopeMeta): EnvelopeMeta {
  if (meta.position === undefined) return meta;
  const { position: _told, ...others } = meta;
  return others;
}

/** Publishes events in the caller's transaction, of which it should be the last statement. */
export async function insertEvents(tx: Tx, prepared: readonly RecordedEvent[]): Promise<void> {
  await tx.execute(publishEventsSql(prepared));
}

const columnsWith = (meta: SQL): SQL => sql`e.id::text AS id, e.type, e.source, e.target,
  e.payload::text AS payload, ${isoText(sql`e.occurred_at`)} AS timestamp,
  (${meta})::text AS meta, e.mission_id, e.task_id, e.correlation_id, e.tenant_id, e.actor_id, e.severity`;

/** Columns of `events` as an envelope with texts for the JSON columns; shared by every reader. */
export const envelopeColumns = columnsWith(sql`e.meta`);

/** The same as an event leaves for the stream and for handlers: an envelope has no other place for its position than meta. */
export const outgoingColumns = columnsWith(sql`e.meta || jsonb_build_object('position', e.position)`);

/** A row read with `envelopeColumns` or `outgoingColumns`. */
export interface EnvelopeRow {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly target: string | null;
  /** JSON text. */
  readonly payload: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly timestamp: string;
  /** JSON text. */
  readonly meta: string;
  readonly mission_id: string | null;
  readonly task_id: string | null;
  readonly correlation_id: string | null;
  readonly tenant_id: string | null;
  readonly actor_id: string | null;
  readonly severity: string | null;
}

/** The envelope of a row of the record. */
export function toEnvelope(row: EnvelopeRow): Envelope {
  return {
    id: row.id,
    type: row.type,
    source: row.source,
    target: row.target,
    payload: JSON.parse(row.payload),
    timestamp: row.timestamp,
    meta: JSON.parse(row.meta),
    mission_id: row.mission_id,
    task_id: row.task_id,
    correlation_id: row.correlation_id,
    tenant_id: row.tenant_id,
    actor_id: row.actor_id,
    severity: row.severity as Envelope["severity"],
  };
}
