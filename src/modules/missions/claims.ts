import { type Database, type Tx, translated } from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import { and, eq, getTableColumns, sql } from "drizzle-orm";
import type { Mission } from "./model.ts";
import { type MissionStatus, missions } from "./tables.ts";

/** The statements of the worker, one a function. Leases are judged by the database's clock. */

const table = missions;
const inMs = (ms: number) => sql`now() + ${ms}::float8 * interval '1 millisecond'`;

/** Ms until the next mission may be claimed, 0 or less when one may be now; null when none is in the queue or it is paused. */
export async function nextDueMs(db: Database): Promise<number | null> {
  const [row] = await db.rows<{ ms: number | null }>(sql`
    SELECT ceil(extract(epoch FROM min(due_at) - now()) * 1000)::float8 AS ms FROM missions
    WHERE status IN ('queued', 'running') AND NOT EXISTS (SELECT FROM mission_queue_pauses)`);
  return row?.ms ?? null;
}

/** A claimed mission as it is now, and what it was before. */
export interface Claimed {
  readonly row: Mission;
  readonly before: {
    readonly status: MissionStatus;
    readonly lastEventId: string;
    /** When the attempt began that was lost; null when none was. */
    readonly attemptStartedAt: Date | null;
    /** Null before the first attempt. */
    readonly startedAt: Date | null;
  };
}

/** What stands in a mission whose worker vanished. */
export const vanished = {
  message: "The worker vanished during the attempt: it neither finished nor renewed its lease.",
  type: "WorkerVanishedError",
} as const;

const waits = sql`status IN ('queued', 'running')`;
const tenantOfRow = sql`coalesce(tenant_id, '')`;

/**
 * Tenants of which something is in the queue, whoever was served longest ago first. Each is found behind the one before it
 * in the index, so that a thousand missions of one cost no more than one.
 */
const turns = sql`
  WITH RECURSIVE waiting AS (
    (SELECT ${tenantOfRow} AS tenant FROM missions WHERE ${waits} ORDER BY 1 LIMIT 1)
    UNION ALL
    SELECT (SELECT ${tenantOfRow} FROM missions WHERE ${waits} AND ${tenantOfRow} > w.tenant ORDER BY 1 LIMIT 1)
    FROM waiting AS w WHERE w.tenant IS NOT NULL
  )
  SELECT tenant FROM waiting WHERE tenant IS NOT NULL
  ORDER BY (SELECT max(claimed_at) FROM missions WHERE ${tenantOfRow} = waiting.tenant AND claimed_at IS NOT NULL)
    NULLS FIRST, tenant`;

/**
 * The next mission, under the name `m`, of the first tenant that has one which nobody is taking. Nothing sorts behind the
 * turns, so Postgres looks at the tenants one after the other, and locks no mission of those behind.
 */
export const nextInTurn = sql`(${turns}) AS turn CROSS JOIN LATERAL (
    SELECT id, status, last_event_id, attempt_started_at, started_at FROM missions
    WHERE ${tenantOfRow} = turn.tenant AND ${waits} AND due_at <= now()
      AND NOT EXISTS (SELECT FROM mission_queue_pauses)
    ORDER BY priority DESC, place LIMIT 1 FOR UPDATE SKIP LOCKED
  ) AS m`;

/**
 * Claims the next mission: tenants take turns; of each the highest priority first, inside a priority in order of place.
 * Else whoever calls all its missions urgent, or hands in a thousand, would have the workers to itself. A running one whose lease has
 * ended counts as a failed attempt; if that was the last, the mission has failed and `row.status` says so. One statement:
 * rows that others are claiming are skipped, so that no two workers get the same one and none waits for another.
 *
 * Read and then written, as it was once, the same mission goes to several workers (test/modules/missions/claim.test.ts).
 *
 * @returns null when nothing is due, or the queue is paused
 * @see https://www.postgresql.org/docs/current/sql-select.html#SQL-FOR-UPDATE-SHARE
 */
export async function claimMission(
  tx: Tx,
  owner: string,
  leaseMs: number,
  eventId: string,
  now: Date,
): Promise<Claimed | null> {
  // A CTE that locks is evaluated once and never merged into the outer query.
  const due = tx.$with("due").as(
    tx
      .select({
        id: sql<string>`m.id`.as("due_id"),
        status: sql<MissionStatus>`m.status`.as("old_status"),
        lastEventId: sql<string>`m.last_event_id`.as("old_event_id"),
        attemptStartedAt: sql<Date | null>`m.attempt_started_at`
          .mapWith(table.attemptStartedAt)
          .as("old_attempt_at"),
        startedAt: sql<Date | null>`m.started_at`.mapWith(table.startedAt).as("old_started_at"),
      })
      .from(nextInTurn)
      .limit(1),
  );
  const lost = sql`old_status = 'running'`;
  const exhausted = sql`(${lost} AND ${table.attempt} >= ${table.attemptLimit})`;
  const [found] = await tx
    .with(due)
    .update(table)
    .set({
      status: sql`CASE WHEN ${exhausted} THEN 'failed' ELSE 'running' END`,
      attempt: sql`CASE WHEN ${exhausted} THEN ${table.attempt} ELSE ${table.attempt} + 1 END`,
      leaseOwner: sql`CASE WHEN ${exhausted} THEN NULL ELSE ${owner}::uuid END`,
      dueAt: sql`CASE WHEN ${exhausted} THEN NULL ELSE ${inMs(leaseMs)} END`,
      startedAt: sql`coalesce(${table.startedAt}, ${now.toISOString()}::timestamptz)`,
      attemptStartedAt: now,
      claimedAt: sql`clock_timestamp()`,
      finishedAt: sql`CASE WHEN ${exhausted} THEN ${now.toISOString()}::timestamptz END`,
      error: sql`CASE WHEN ${lost} THEN ${vanished.message} ELSE ${table.error} END`,
      errorType: sql`CASE WHEN ${lost} THEN ${vanished.type} ELSE ${table.errorType} END`,
      lastEventId: eventId,
      updatedAt: now,
    })
    .from(due)
    .where(eq(table.id, due.id))
    .returning({
      row: getTableColumns(table),
      before: {
        status: due.status,
        lastEventId: due.lastEventId,
        attemptStartedAt: due.attemptStartedAt,
        startedAt: due.startedAt,
      },
    });
  return (found as Claimed | undefined) ?? null;
}

/** What an attempt must still hold to write anything: the lease, by its owner, for this very attempt. */
export interface Hold {
  readonly id: string;
  readonly owner: string;
  readonly attempt: number;
}

const held = ({ id, owner, attempt }: Hold) =>
  and(eq(table.id, id), eq(table.status, "running"), eq(table.leaseOwner, owner), eq(table.attempt, attempt));

/** Locks the mission for the attempt, so that nobody cancels or claims it before the transaction ends; false when it is lost. */
export async function keepHold(tx: Tx, hold: Hold): Promise<boolean> {
  const [row] = await tx.select({ id: table.id }).from(table).where(held(hold)).for("update");
  return row !== undefined;
}

/** Extends the lease from now on; false when the mission was cancelled or taken over. */
export async function renewLease(db: Database, hold: Hold, leaseMs: number): Promise<boolean> {
  const rows = await translated(
    db.statements
      .update(table)
      .set({ dueAt: inMs(leaseMs) })
      .where(held(hold))
      .returning({ id: table.id }),
  );
  return rows.length > 0;
}

/** Replaces what the mission is to do by the same in another form; nothing happens when it is not held any more. */
export async function storePayload(db: Database, hold: Hold, payload: JsonObject): Promise<void> {
  await translated(db.statements.update(table).set({ payload }).where(held(hold)));
}

/** @returns null when the attempt no longer holds the mission: nothing was changed */
export async function completeMission(
  tx: Tx,
  hold: Hold,
  result: JsonObject,
  eventId: string,
  now: Date,
): Promise<Mission | null> {
  const [row] = await tx
    .update(table)
    .set({
      status: "completed",
      result,
      dueAt: null,
      leaseOwner: null,
      finishedAt: now,
      updatedAt: now,
      lastEventId: eventId,
    })
    .where(held(hold))
    .returning();
  return row ?? null;
}

/** How an attempt ended that failed. */
export interface FailedAttempt {
  /** Null: the mission has failed for good. */
  readonly retryInMs: number | null;
  readonly failure: { readonly detail: string; readonly type: string };
  /** Of the event that tells of it. */
  readonly eventId: string;
  readonly now: Date;
}

/**
 * Ends a failed attempt: back into the queue for later, at its old place, or failed for good.
 *
 * @returns null when the attempt no longer holds the mission: nothing was changed
 */
export async function endAttempt(
  tx: Tx,
  hold: Hold,
  { retryInMs, failure, eventId, now }: FailedAttempt,
): Promise<Mission | null> {
  const next =
    retryInMs === null
      ? { status: "failed" as const, dueAt: null, finishedAt: now }
      : { status: "queued" as const, dueAt: inMs(retryInMs), finishedAt: null };
  const [row] = await tx
    .update(table)
    .set({
      ...next,
      leaseOwner: null,
      error: failure.detail,
      errorType: failure.type,
      updatedAt: now,
      lastEventId: eventId,
    })
    .where(held(hold))
    .returning();
  return row ?? null;
}
