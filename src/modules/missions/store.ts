import {
  type Database,
  namedLock,
  TooManyRequestsError,
  type Tx,
  tenantQuotaSql,
  translated,
} from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import { and, asc, type Column, desc, eq, getTableColumns, type SQL, sql } from "drizzle-orm";
import type { PgInsertValue } from "drizzle-orm/pg-core";
import { andTenant, ofTenant } from "../of-tenant.ts";
import type { TimePlace } from "../time-cursor.ts";
import type { LogEntry, Mission } from "./model.ts";
import { type LogLevel, type MissionStatus, missionLog, missions } from "./tables.ts";

/** The statements of missions and their log, one a function. Where a tenant is asked for, null means those of all. */

const table = missions;
export type NewMission = Omit<PgInsertValue<typeof table>, "place" | "tenantId"> & {
  readonly tenantId: string | null;
};

/** Entries of the log that each mission keeps, the newest. */
const keptLogEntries = 200;

/** Rows behind a cursor, newest first. */
export function behind(createdAt: Column, id: Column, cursor: TimePlace | undefined): SQL | undefined {
  if (cursor === undefined) return undefined;
  return sql`(${createdAt}, ${id}) < (to_timestamp(${cursor.ms}::float8 / 1000), ${cursor.id}::uuid)`;
}

// Reads outside a transaction, one round trip each.

export async function findMission(
  db: Database,
  id: string,
  tenantId: string | null,
): Promise<Mission | null> {
  const [row] = await translated(
    db.statements
      .select()
      .from(table)
      .where(and(eq(table.id, id), ofTenant(table.tenantId, tenantId))),
  );
  return row ?? null;
}

/** Newest first. */
export async function listMissions(
  db: Database,
  tenantId: string | null,
  filter: {
    readonly status?: MissionStatus | undefined;
    readonly cursor?: TimePlace | undefined;
    readonly limit: number;
  },
): Promise<Mission[]> {
  const status = filter.status === undefined ? undefined : eq(table.status, filter.status);
  return translated(
    db.statements
      .select()
      .from(table)
      .where(
        and(ofTenant(table.tenantId, tenantId), status, behind(table.createdAt, table.id, filter.cursor)),
      )
      .orderBy(desc(table.createdAt), desc(table.id))
      .limit(filter.limit),
  );
}

/** What waits, in the order in which it is claimed; also what may not be claimed yet. */
export async function listQueued(db: Database, tenantId: string | null, limit: number): Promise<Mission[]> {
  return translated(
    db.statements
      .select()
      .from(table)
      // Literal, so that the partial index of the claim, which is in this order, is known to fit.
      .where(and(sql`status = 'queued'`, ofTenant(table.tenantId, tenantId)))
      .orderBy(desc(table.priority), asc(table.place))
      .limit(limit),
  );
}

/** Newest first. */
export async function listLog(db: Database, missionId: string, limit: number): Promise<LogEntry[]> {
  return translated(
    db.statements
      .select()
      .from(missionLog)
      .where(eq(missionLog.missionId, missionId))
      .orderBy(desc(missionLog.id))
      .limit(limit),
  );
}

/** How many missions have each status. */
export async function countByStatus(
  db: Database,
  tenantId: string | null,
): Promise<Readonly<Partial<Record<MissionStatus, number>>>> {
  const rows = await db.rows<{ status: MissionStatus; count: number }>(sql`
    SELECT status, count(*)::integer AS count FROM missions
    WHERE true ${andTenant(sql`tenant_id`, tenantId)} GROUP BY status`);
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

// Statements inside a transaction.

/**
 * How many missions of a tenant are not over, with the one of this statement, counted to just above its quota. Null: it has
 * none. The function waits for other transactions that store missions of the tenant, and then counts those too: a count in
 * the statement itself would see what was there when it began.
 */
const openWithThis = (tenantId: string): SQL<{ readonly most: number; readonly open: number } | null> => sql`(
  SELECT jsonb_build_object('most', quota.most,
    'open', missions_open(${tenantId}, quota.most, ${namedLock("missions", tenantId)}))
  FROM (SELECT ${tenantQuotaSql(tenantId, "missions")} AS most) AS quota WHERE quota.most IS NOT NULL)`;

/**
 * Stores a mission, unless its tenant has as many as it may.
 *
 * @throws {TooManyRequestsError} the transaction is to be given up: the mission is stored in it
 * @throws a violation of `missions_pkey` when an id is taken
 */
export async function insertMission(tx: Tx, row: NewMission): Promise<Mission> {
  const { tenantId } = row;
  const counted = tenantId === null ? sql<null>`NULL` : openWithThis(tenantId);
  const [stored] = await tx
    .insert(table)
    .values(row)
    .returning({ ...getTableColumns(table), counted });
  if (stored === undefined) throw new Error("Postgres inserted a mission and returned none.");
  const { counted: quota, ...mission } = stored;
  if (quota === null || quota.open <= quota.most) return mission;
  throw new TooManyRequestsError(
    `The tenant "${tenantId}" has ${quota.most} missions that are not over, and may have no more. Nothing was stored. Cancel some, or wait until some are done.`,
    60,
    [{ path: "missions", message: `received one more, expected at most ${quota.most}` }],
  );
}

/** Locks the mission until the transaction ends, so that what is decided on it still holds when it is written. */
export async function lockMission(tx: Tx, id: string, tenantId: string | null): Promise<Mission | null> {
  const [row] = await tx
    .select()
    .from(table)
    .where(and(eq(table.id, id), ofTenant(table.tenantId, tenantId)))
    .for("update");
  return row ?? null;
}

/** Now, by the database's clock. */
export const databaseNow = sql`now()`;

/** Columns of a mission that comes into the queue: at the end of its priority, due at once. */
export function queuedColumns(now: Date) {
  return {
    status: "queued" as const,
    dueAt: databaseNow,
    queuedAt: now,
    updatedAt: now,
    // The next place, as at an insert.
    place: sql`DEFAULT`,
  };
}

/** Changes a mission that the transaction has locked. */
export async function updateMission(
  tx: Tx,
  id: string,
  columns: Readonly<Record<string, unknown>>,
): Promise<Mission> {
  const [row] = await tx.update(table).set(columns).where(eq(table.id, id)).returning();
  if (row === undefined) throw new Error("A locked mission was not there to be changed.");
  return row;
}

/** True when an earlier step of the same run is not completed. */
export async function waitsForStep(tx: Tx, { runId, step }: Mission): Promise<boolean> {
  if (runId === null) return false;
  const [earlier] = await tx
    .select({ id: table.id })
    .from(table)
    .where(and(eq(table.runId, runId), sql`step < ${step} AND status <> 'completed'`))
    .limit(1);
  return earlier !== undefined;
}

/** Steps of a run behind one that were not in the queue yet; locked, in order. */
export async function lockPendingSteps(tx: Tx, { runId, step }: Mission, limit: number): Promise<Mission[]> {
  if (runId === null) return [];
  return tx
    .select()
    .from(table)
    .where(and(eq(table.runId, runId), eq(table.status, "pending"), sql`step > ${step}`))
    .orderBy(asc(table.step))
    .limit(limit)
    .for("update");
}

/** What is noted of a mission. */
export interface LogNote {
  readonly level: LogLevel;
  readonly message: string;
  readonly data?: JsonObject;
}

/**
 * Appends to a mission's log and forgets its oldest entries, in one statement. Attempts are few and people are limited,
 * but nothing else bounds a log.
 */
export async function appendLog(tx: Tx, missionId: string, at: Date, note: LogNote): Promise<LogEntry> {
  // Both parts see the log as it was before, so one less than the bound stays beside the new entry.
  const pruned = tx.$with("pruned").as(
    tx
      .delete(missionLog)
      .where(
        sql`mission_id = ${missionId}::uuid AND id <= (SELECT id FROM mission_log
          WHERE mission_id = ${missionId}::uuid ORDER BY id DESC OFFSET ${keptLogEntries - 1} LIMIT 1)`,
      )
      .returning({ id: missionLog.id }),
  );
  const [entry] = await tx
    .with(pruned)
    .insert(missionLog)
    .values({ missionId, at, level: note.level, message: note.message, data: note.data ?? {} })
    .returning();
  if (entry === undefined) throw new Error("Postgres inserted a log entry and returned none.");
  return entry;
}
