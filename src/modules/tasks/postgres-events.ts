import type { Database, Tx } from "@brain/engine";
import { type SQL, sql } from "drizzle-orm";
import { andTenant } from "../of-tenant.ts";
import type { TimeRange } from "./naive-time.ts";
import { defaultLimits, requireRange, type TaskEventRepository } from "./repository.ts";
import { fromRecord, type TaskEvent, type TaskEventType, toRecord } from "./task-events.ts";

/** The domain events in Postgres, where they commit together with the change they tell of. */

/** Rows of one statement, in or outside of a transaction. */
export type RunRows = <Row>(statement: SQL) => Promise<Row[]>;

export const rowsIn =
  (tx: Tx): RunRows =>
  async <Row>(statement: SQL) =>
    (await tx.execute(statement)).rows as Row[];

export const rowsOf =
  (db: Database): RunRows =>
  (statement) =>
    db.rows(statement);

/** @param tenantId whose events it keeps and finds; null: it keeps those of no tenant, and finds those of all */
export function createPostgresTaskEvents(
  run: RunRows,
  now: () => Date,
  tenantId: string | null = null,
): TaskEventRepository {
  return {
    save: async (event) => (await saveTaskEvents(run, [event], tenantId, now())).size === 1,
    findById: (eventId) => findTaskEvent(run, eventId, tenantId),
    findByType: (type, limit = defaultLimits.type) =>
      listTaskEvents(run, { tenantId, type, range: requireRange(null, null), limit }),
    findByDateRange: async (start, end, limit = defaultLimits.range) =>
      listTaskEvents(run, { tenantId, range: requireRange(start, end), limit, oldestFirst: true }),
    recent: (limit = defaultLimits.recent) =>
      listTaskEvents(run, { tenantId, range: requireRange(null, null), limit }),
  };
}

/**
 * One statement for any number of events. An id that is there already is left as it is.
 *
 * @returns the ids that were new
 */
export async function saveTaskEvents(
  run: RunRows,
  events: readonly TaskEvent[],
  tenantId: string | null,
  now: Date,
): Promise<ReadonlySet<string>> {
  if (events.length === 0) return new Set();
  const records = JSON.stringify(events.map(toRecord));
  const rows = await run<{ event_id: string }>(sql`
    INSERT INTO task_events (event_id, event_type, tenant_id, task_id, occurred_at, record, stored_at)
    SELECT r ->> 'event_id', r ->> 'event_type', ${tenantId}::varchar, r ->> 'task_id', ((r ->> 'timestamp') || 'Z')::timestamptz, r,
      ${now.toISOString()}::timestamptz
    FROM jsonb_array_elements(${records}::jsonb) WITH ORDINALITY AS e(r, place)
    ORDER BY place
    ON CONFLICT (event_id) DO NOTHING
    RETURNING event_id`);
  return new Set(rows.map((row) => row.event_id));
}

/**
 * Keeps an event, unless its id is there already; one statement.
 *
 * @returns the event as it is kept, perhaps by somebody else
 */
export async function keepTaskEvent(
  run: RunRows,
  event: TaskEvent,
  tenantId: string | null,
  now: Date,
): Promise<TaskEvent> {
  const record = JSON.stringify(toRecord(event));
  const [row] = await run<RecordRow>(sql`
    WITH known AS (
      SELECT record FROM task_events WHERE event_id = ${event.eventId} ${andTenant(sql`tenant_id`, tenantId)}
    ), fresh AS (
      INSERT INTO task_events (event_id, event_type, tenant_id, task_id, occurred_at, record, stored_at)
      SELECT r ->> 'event_id', r ->> 'event_type', ${tenantId}::varchar, r ->> 'task_id', ((r ->> 'timestamp') || 'Z')::timestamptz, r,
        ${now.toISOString()}::timestamptz
      FROM (SELECT ${record}::jsonb AS r) given WHERE NOT EXISTS (SELECT FROM known)
      ON CONFLICT (event_id) DO NOTHING
      RETURNING record
    )
    SELECT record FROM known UNION ALL SELECT record FROM fresh`);
  if (row !== undefined) return fromRecord(row.record);
  // Somebody kept it at this very moment, which a statement that began before does not see.
  const kept = await findTaskEvent(run, event.eventId, tenantId);
  if (kept === null) throw new Error("an event is kept and cannot be found: its id is another tenant's");
  return kept;
}

/** Which of these ids are kept already. */
export async function knownTaskEvents(run: RunRows, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await run<{ event_id: string }>(sql`
    SELECT event_id FROM task_events
    WHERE event_id IN (SELECT jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`);
  return new Set(rows.map((row) => row.event_id));
}

interface RecordRow {
  readonly record: unknown;
}

/** @param tenantId null: of any tenant */
export async function findTaskEvent(
  run: RunRows,
  eventId: string,
  tenantId: string | null,
): Promise<TaskEvent | null> {
  const [row] = await run<RecordRow>(
    sql`SELECT record FROM task_events WHERE event_id = ${eventId} ${andTenant(sql`tenant_id`, tenantId)}`,
  );
  return row === undefined ? null : fromRecord(row.record);
}

export interface TaskEventFilter {
  /** Only of this tenant; null: of all. */
  readonly tenantId: string | null;
  readonly type?: TaskEventType | undefined;
  readonly range: TimeRange;
  readonly limit: number;
  readonly oldestFirst?: boolean;
  /** Id of the event behind which to go on; an unknown one gives nothing. */
  readonly cursor?: string | undefined;
}

/** Newest first unless told otherwise; of the same time, the one stored last counts as the newer one. */
export async function listTaskEvents(run: RunRows, filter: TaskEventFilter): Promise<TaskEvent[]> {
  const { tenantId, type, range, limit, oldestFirst = false, cursor } = filter;
  const direction = oldestFirst ? sql`ASC` : sql`DESC`;
  const conditions: SQL[] = [
    sql`occurred_at BETWEEN ${`${range.from}Z`}::timestamptz AND ${`${range.to}Z`}::timestamptz`,
  ];
  if (type !== undefined) conditions.push(sql`event_type = ${type}`);
  if (cursor !== undefined) {
    conditions.push(
      sql`(occurred_at, position) ${oldestFirst ? sql`>` : sql`<`}
        (SELECT occurred_at, position FROM task_events WHERE event_id = ${cursor} ${andTenant(sql`tenant_id`, tenantId)})`,
    );
  }
  const rows = await run<RecordRow>(sql`
    SELECT record FROM task_events WHERE ${sql.join(conditions, sql` AND `)} ${andTenant(sql`tenant_id`, tenantId)}
    ORDER BY occurred_at ${direction}, position ${direction} LIMIT ${limit}`);
  return rows.map((row) => fromRecord(row.record));
}
