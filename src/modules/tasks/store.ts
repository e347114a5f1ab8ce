import { type Database, isoText, type Tx } from "@brain/engine";
import { type SQL, sql } from "drizzle-orm";
import { isoOrNull } from "../iso-or-null.ts";
import { andTenant } from "../of-tenant.ts";
import type { ListQuery, Task } from "./model.ts";
import { type RunRows, rowsIn, rowsOf } from "./postgres-events.ts";
import type { TaskPriority, TaskStatus } from "./tables.ts";

/** The statements about task items, one a function. Where a tenant is asked for, null means those of all. */

/** A row as SQL gives it; times as ISO text. */
interface TaskRow {
  readonly task_id: string;
  readonly tenant_id: string | null;
  readonly title: string;
  readonly priority: TaskPriority;
  readonly status: TaskStatus;
  readonly version: number;
  readonly completion_notes: string | null;
  readonly created_by: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly completed_at: string | null;
  readonly deleted_at: string | null;
  readonly refs: readonly string[];
}

const timeOf = (column: string): SQL => sql`${isoText(sql.raw(`t.${column}`))} AS ${sql.raw(column)}`;

const columns = sql`
  t.task_id, t.tenant_id, t.title, t.priority, t.status, t.version, t.completion_notes, t.created_by,
  ${timeOf("created_at")}, ${timeOf("updated_at")}, ${timeOf("completed_at")}, ${timeOf("deleted_at")},
  coalesce((
    SELECT jsonb_agg(r.referenced_id ORDER BY r.referenced_id COLLATE "C")
    FROM task_references r JOIN task_items other ON other.task_id = r.referenced_id AND other.status <> 'DELETED'
    WHERE r.task_id = t.task_id
  ), '[]'::jsonb) AS refs`;

function toTask(row: TaskRow): Task {
  const time = (text: string | null) => (text === null ? null : new Date(text));
  return {
    taskId: row.task_id,
    tenantId: row.tenant_id,
    title: row.title,
    priority: row.priority,
    status: row.status,
    version: row.version,
    completionNotes: row.completion_notes,
    createdBy: row.created_by,
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    completedAt: time(row.completed_at),
    deletedAt: time(row.deleted_at),
    references: row.refs,
  };
}

/** Null: there is no such task. */
export async function findTask(db: Database, taskId: string, tenantId: string | null): Promise<Task | null> {
  const [row] = await db.rows<TaskRow>(
    sql`SELECT ${columns} FROM task_items t WHERE t.task_id = ${taskId} ${andTenant(sql`t.tenant_id`, tenantId)}`,
  );
  return row === undefined ? null : toTask(row);
}

/**
 * Reads a task for a change; others that want to change it wait until the commit. Null: there is no such task.
 *
 * Two statements: one that waited for the lock would read the references as they were before it waited. See
 * https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED
 */
export async function lockTask(tx: Tx, taskId: string, tenantId: string | null): Promise<Task | null> {
  const run = rowsIn(tx);
  const isMeant = sql`t.task_id = ${taskId} ${andTenant(sql`t.tenant_id`, tenantId)}`;
  await run(sql`SELECT 1 FROM task_items t WHERE ${isMeant} FOR NO KEY UPDATE`);
  const [row] = await run<TaskRow>(sql`SELECT ${columns} FROM task_items t WHERE ${isMeant}`);
  return row === undefined ? null : toTask(row);
}

/** The newest first. Without a status, deleted ones are left out. */
export async function listTasks(
  db: Database,
  tenantId: string | null,
  query: Omit<ListQuery, "tenant_id">,
): Promise<Task[]> {
  const { status, priority, limit, cursor } = query;
  const conditions: SQL[] = [status === undefined ? sql`t.status <> 'DELETED'` : sql`t.status = ${status}`];
  if (priority !== undefined) conditions.push(sql`t.priority = ${priority}`);
  if (cursor !== undefined) {
    conditions.push(
      sql`(t.created_at, t.task_id) <
        (SELECT t.created_at, t.task_id FROM task_items t WHERE t.task_id = ${cursor} ${andTenant(sql`t.tenant_id`, tenantId)})`,
    );
  }
  const rows = await db.rows<TaskRow>(sql`
    SELECT ${columns} FROM task_items t WHERE ${sql.join(conditions, sql` AND `)} ${andTenant(sql`t.tenant_id`, tenantId)}
    ORDER BY t.created_at DESC, t.task_id DESC LIMIT ${limit}`);
  return rows.map(toTask);
}

export async function insertTask(tx: Tx, task: Task): Promise<void> {
  await tx.execute(sql`
    INSERT INTO task_items (task_id, tenant_id, title, priority, status, version, created_by, created_at, updated_at)
    VALUES (${task.taskId}, ${task.tenantId}, ${task.title}, ${task.priority}, ${task.status}, ${task.version}, ${task.createdBy},
      ${isoOrNull(task.createdAt)}::timestamptz, ${isoOrNull(task.updatedAt)}::timestamptz)`);
}

/** Writes a task that `lockTask` has read; its version went up by one. */
export async function updateTaskRow(tx: Tx, task: Task): Promise<void> {
  await tx.execute(sql`
    UPDATE task_items SET title = ${task.title}, priority = ${task.priority}, status = ${task.status},
      version = ${task.version}, completion_notes = ${task.completionNotes},
      updated_at = ${isoOrNull(task.updatedAt)}::timestamptz,
      completed_at = ${isoOrNull(task.completedAt)}::timestamptz,
      deleted_at = ${isoOrNull(task.deletedAt)}::timestamptz
    WHERE task_id = ${task.taskId}`);
}

/**
 * Sets what a task refers to.
 *
 * @returns the ids among `references` that are no task of its tenant, or a deleted one; nothing was changed then
 */
export async function setReferences(tx: Tx, { taskId, tenantId, references }: Task): Promise<string[]> {
  const wanted = JSON.stringify(references);
  const run: RunRows = rowsIn(tx);
  const missing = await run<{ id: string }>(sql`
    SELECT id FROM jsonb_array_elements_text(${wanted}::jsonb) AS w(id)
    WHERE NOT EXISTS (SELECT 1 FROM task_items t WHERE t.task_id = w.id AND t.status <> 'DELETED'
      AND t.tenant_id IS NOT DISTINCT FROM ${tenantId}::varchar)`);
  if (missing.length > 0) return missing.map(({ id }) => id);
  await run(sql`
    WITH wanted AS (SELECT jsonb_array_elements_text(${wanted}::jsonb) AS id), gone AS (
      DELETE FROM task_references WHERE task_id = ${taskId} AND referenced_id NOT IN (SELECT id FROM wanted)
    )
    INSERT INTO task_references (task_id, referenced_id) SELECT ${taskId}, id FROM wanted
    ON CONFLICT DO NOTHING`);
  return [];
}

/** Tasks by status. */
export async function countTasks(db: Database, tenantId: string | null): Promise<Record<string, number>> {
  const rows = await rowsOf(db)<{ status: string; count: number }>(sql`
    SELECT status, count(*)::integer AS count FROM task_items t
    WHERE true ${andTenant(sql`t.tenant_id`, tenantId)} GROUP BY status ORDER BY status`);
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

export interface HistoryEntry {
  readonly event_id: string;
  readonly field: string;
  readonly old_value: unknown;
  readonly new_value: unknown;
  readonly changed_at: string;
}

/** What updates changed, the newest first; only what the task's own tenant told. */
export async function listHistory(
  db: Database,
  { taskId, tenantId }: Task,
  limit: number,
): Promise<HistoryEntry[]> {
  return db.rows<HistoryEntry>(sql`
    SELECT event_id, field, old_value, new_value,
      to_char(changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS changed_at
    FROM task_history WHERE task_id = ${taskId} AND tenant_id IS NOT DISTINCT FROM ${tenantId}::varchar
    ORDER BY task_history.changed_at DESC, field LIMIT ${limit}`);
}

export interface DayCount {
  readonly day: string;
  readonly event_type: string;
  readonly count: number;
}

/** Counts of the last days, the newest first. */
export async function listStats(db: Database, tenantId: string | null, since: string): Promise<DayCount[]> {
  return db.rows<DayCount>(sql`
    SELECT t.day::text AS day, t.event_type, sum(t.count)::integer AS count FROM task_stats t
    WHERE t.day >= ${since}::date ${andTenant(sql`t.tenant_id`, tenantId)}
    GROUP BY t.day, t.event_type ORDER BY t.day DESC, t.event_type`);
}
