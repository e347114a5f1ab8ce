import type { Envelope } from "@brain/schemas";
import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { Tx } from "../db/database.ts";
import { keepSql } from "../db/kept-sql.ts";
import { keyHash, numberedLock } from "../db/locks.ts";
import type { Origin } from "./origin.ts";

/** A validated event, ready for the record. */
export interface RecordedEvent {
  readonly event: Envelope;
  /** Ordering key; null means that the event has no order among others. */
  readonly key: string | null;
  /** What began the work that published it, when no event did. */
  readonly origin?: Origin;
}

/**
 * Keys that one statement locks at most, and how many it may lock beside any number of others. All sessions of a
 * Postgres share one lock table of max_locks_per_transaction × max_connections places (64 × 100 by default), and when it
 * is full, statements of anybody fail: seven bulk statements of a thousand keys at once would fill it. So those with many
 * keys take turns, `bulkTurns` of them at a time.
 *
 * @see https://www.postgresql.org/docs/current/runtime-config-locks.html
 */
export const maxLockedKeys = 1_000;
export const freelyLockedKeys = 64;
export const bulkTurns = 3;

/** The turns have the numbers behind the one that the layout's lock has. */
const firstTurn = 2;

/** Takes the first turn that is free; when none is, waits for one, each statement for another. */
function takeTurn(awaited: SQLWrapper): SQL {
  const turns = Array.from({ length: bulkTurns }, (_, turn) => numberedLock("publishing", firstTurn + turn));
  const tries = turns.map((turn) => sql`WHEN pg_try_advisory_xact_lock(${turn}) THEN true`);
  const wait = sql`pg_advisory_xact_lock(${numberedLock("publishing", awaited)})`;
  return sql`CASE ${sql.join(tries, sql` `)} ELSE ${wait}::text IS NOT NULL END`;
}

/** Which keys a statement locks: none, all of its own, or all of its own in turn. */
type Locking = "none" | "free" | "inTurn";

/** A statement with more than `maxLockedKeys` keys locks none: see `lockKeys`. */
function lockingOf(keys: ReadonlySet<string>): Locking {
  if (keys.size === 0 || keys.size > maxLockedKeys) return "none";
  return keys.size > freelyLockedKeys ? "inTurn" : "free";
}

/** What the statements that insert events are given. */
interface InsertSlots {
  /** JSON, a list of `toRow`. */
  readonly rows: SQLWrapper;
  /** JSON, a list of texts. */
  readonly keys: SQLWrapper;
  /** Number of the lock that is waited for. */
  readonly turn: SQLWrapper;
}

/**
 * Positions are given when a row is inserted, events become visible when its transaction commits. Two transactions that
 * publish for one key would therefore reach the stream in the wrong order, and readers would meet a position below the
 * one they have seen, if the first to insert is the last to commit. So whoever inserts locks its keys until it commits: a
 * turn first, when there are many, and then the keys in one order for all, so that nobody waits in a circle. The
 * conditions have no column in them, so Postgres evaluates them, and with them the locks, before the first row has a
 * position.
 *
 * A statement with more than `maxLockedKeys` keys does not lock: more than a bulk request can hold, but a handler of
 * whole batches can publish it. Its positions are in the order of its inserts only.
 */
function lockKeys(
  locking: Locking,
  { keys, turn }: InsertSlots,
): { readonly locks: SQL; readonly hold: SQL } {
  if (locking === "none") return { locks: sql``, hold: sql`` };
  const inTurn = locking === "inTurn";
  return {
    locks: sql`
    WITH ${inTurn ? sql`turn AS MATERIALIZED (SELECT ${takeTurn(turn)} AS taken), ` : sql``}locks AS MATERIALIZED (
      SELECT pg_advisory_xact_lock(hash) FROM (
        SELECT DISTINCT ${keyHash(sql`key`)} AS hash
        FROM json_array_elements_text(${keys}::json) AS k(key) ORDER BY hash
      ) sorted ${inTurn ? sql`WHERE (SELECT taken FROM turn)` : sql``}
    )`,
    hold: sql`WHERE (SELECT count(*) FROM locks) > 0`,
  };
}

/**
 * One statement for any number of events: the rows travel as one JSON parameter, which costs a fraction of a parameter
 * per column. An id that is already recorded is left as it is. Run it last in its transaction: it holds the locks of
 * `lockKeys` until the commit.
 */
function insertText(locking: Locking, slots: InsertSlots): SQL {
  const { locks, hold } = lockKeys(locking, slots);
  return sql`${locks}
    INSERT INTO events (id, type, source, target, tenant_id, actor_id, correlation_id, causation_id, mission_id,
      task_id, severity, schema_version, producer, source_module, meta, payload, occurred_at, key, origin)
    SELECT e.id, e.type, e.source, e.target, e.tenant_id, e.actor_id, e.correlation_id, e.meta ->> 'causation_id',
      e.mission_id, e.task_id, e.severity, (e.meta ->> 'schema_version')::integer, e.meta ->> 'producer',
      e.meta ->> 'source_module', e.meta, e.payload, e.timestamp, e.key, e.origin
    FROM ROWS FROM (json_to_recordset(${slots.rows}::json) AS (id uuid, type text, source text, target text,
      tenant_id text, actor_id text, correlation_id text, mission_id text, task_id text, severity text,
      meta jsonb, payload jsonb, timestamp timestamptz, key text, origin jsonb))
      WITH ORDINALITY AS e(id, type, source, target, tenant_id, actor_id, correlation_id, mission_id, task_id,
      severity, meta, payload, timestamp, key, origin, place)
    ${hold}
    ORDER BY e.place
    ON CONFLICT (id) DO NOTHING`;
}

type InsertValues = [rows: string, keys: string, turn: number];

const keepInsert = (locking: Locking) => ({
  plain: keepSql<InsertValues>((rows, keys, turn) => insertText(locking, { rows, keys, turn })),
  telling: keepSql<[...InsertValues, count: number]>(
    (rows, keys, turn, count) => sql`
    WITH inserted AS (${insertText(locking, { rows, keys, turn })} RETURNING id)
    SELECT CASE WHEN count(*) < ${count}::integer THEN coalesce(array_agg(id::text), '{}') END AS fresh
    FROM inserted`,
  ),
});

const inserts = {
  none: keepInsert("none"),
  free: keepInsert("free"),
  inTurn: keepInsert("inTurn"),
} as const satisfies Record<Locking, unknown>;

function insertOf(prepared: readonly RecordedEvent[]) {
  const keys = new Set(prepared.flatMap(({ key }) => (key === null ? [] : [key])));
  const values: InsertValues = [
    JSON.stringify(prepared.map(toRow)),
    JSON.stringify([...keys]),
    firstTurn + Math.floor(Math.random() * bulkTurns),
  ];
  return { statements: inserts[lockingOf(keys)], values };
}

/**
 * Inserts, telling what was new: one row, `fresh` null when all of them were, else the list of ids that were. Naming
 * a thousand ids that were all new would cost more than storing them.
 */
export function insertEventsTellingSql(prepared: readonly RecordedEvent[]): SQL {
  const { statements, values } = insertOf(prepared);
  return statements.telling(...values, prepared.length);
}

/** The row has its position in a column of its own; what another program wrote into meta under that name is not it. */
function toRow({ event, key, origin }: RecordedEvent) {
  const { position: _told, ...meta } = event.meta;
  return { ...event, meta, key, origin };
}

/** Inserts events in the caller's transaction, of which it should be the last statement. */
export async function insertEvents(tx: Tx, prepared: readonly RecordedEvent[]): Promise<void> {
  await tx.execute(insertEventsSql(prepared));
}

/** The same as a statement for a batch, of which it should be the last but the fence. */
export function insertEventsSql(prepared: readonly RecordedEvent[]): SQL {
  const { statements, values } = insertOf(prepared);
  return statements.plain(...values);
}

const columnsWith = (meta: SQL): SQL => sql`e.id::text AS id, e.type, e.source, e.target,
  e.payload::text AS payload, to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS timestamp,
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
