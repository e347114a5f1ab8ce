import { type SQL, sql } from "drizzle-orm";
import { NotFoundError } from "../../core/errors.ts";
import type { Database } from "../../db/database.ts";
import { isoText } from "../../db/iso-text.ts";
import { isOfTenant } from "../../db/tenant-rows.ts";

/** What a bulk operation does: redrive of dead letters, replay of the record, or first fill of a new consumer. */
export type BulkKind = "redrive" | "replay" | "backfill";
export type BulkStatus = "running" | "paused" | "stopped" | "completed" | "cancelled";

/** A bulk operation as operators see it. */
export interface BulkView {
  readonly id: string;
  readonly kind: BulkKind;
  /** Null: a redrive over several subscribers. */
  readonly subscriber: string | null;
  readonly name: string;
  readonly status: BulkStatus;
  /** Why it has this status, when nobody asked for it. */
  readonly status_reason: string | null;
  /** Null for a redrive. */
  readonly mode: "only_missing" | "force" | null;
  readonly filter: unknown;
  /** Events in the set when it was frozen. */
  readonly total: number;
  /** Handed to the consumers so far. */
  readonly queued: number;
  readonly succeeded: number;
  /** Became dead letters (again). */
  readonly failed: number;
  /** Not needed when their turn came. */
  readonly skipped: number;
  /** Handed over and not come to an end yet. */
  readonly in_flight: number;
  /** 0 … 1. */
  readonly progress: number;
  readonly rate_per_second: number | null;
  /** Size of the coming step. */
  readonly step: number;
  readonly max_step: number;
  readonly stop_ratio: number | null;
  readonly reason: string | null;
  readonly actor_id: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly finished_at: string | null;
}

type JobRow = Omit<BulkView, "in_flight" | "progress">;

const operationColumns = sql`j.id::text AS id, j.kind, j.subscriber_name AS subscriber,
  coalesce(j.given_name, j.name) AS name, j.status, j.status_reason,
  j.mode, j.filter, j.total, j.queued, j.succeeded, j.failed, j.skipped,
  round(j.rate_per_second::numeric, 4)::float8 AS rate_per_second, j.step, j.max_step,
  round(j.stop_ratio::numeric, 4)::float8 AS stop_ratio, j.reason, j.actor_id,
  ${isoText(sql`j.created_at`)} AS created_at, ${isoText(sql`j.updated_at`)} AS updated_at,
  ${isoText(sql`j.finished_at`)} AS finished_at`;

function toView(row: JobRow): BulkView {
  const ended = row.succeeded + row.failed;
  const progress = row.total === 0 ? 1 : Math.min(1, (ended + row.skipped) / row.total);
  return {
    id: row.id,
    kind: row.kind,
    subscriber: row.subscriber,
    name: row.name,
    status: row.status,
    status_reason: row.status_reason,
    mode: row.mode,
    filter: row.filter,
    total: row.total,
    queued: row.queued,
    succeeded: row.succeeded,
    failed: row.failed,
    skipped: row.skipped,
    in_flight: Math.max(0, row.queued - ended),
    progress: row.status === "completed" ? 1 : progress,
    rate_per_second: row.rate_per_second,
    step: row.step,
    max_step: row.max_step,
    stop_ratio: row.stop_ratio,
    reason: row.reason,
    actor_id: row.actor_id,
    created_at: row.created_at,
    updated_at: row.updated_at,
    finished_at: row.finished_at,
  };
}

/** A number that Postgres gave as an id; anything else is nobody's id. */
export function isRowId(text: string): boolean {
  return /^[1-9]\d{0,17}$/.test(text);
}

/**
 * @param tenantId whose operations alone; null: those of all
 * @throws {NotFoundError} no operation of these kinds has the id, or it is not the tenant's
 */
export async function findBulkOperation(
  db: Database,
  kinds: readonly BulkKind[],
  id: string,
  tenantId: string | null = null,
): Promise<BulkView> {
  const rows = isRowId(id)
    ? await db.rows<JobRow>(sql`
        SELECT ${operationColumns} FROM jobs j
        WHERE j.id = ${id}::bigint AND ${isOfTenant(sql`j.tenant_id`, tenantId)} AND j.kind = ANY(${sql.param([...kinds])}::text[])`)
    : [];
  const [row] = rows;
  if (row === undefined)
    throw new NotFoundError(`There is no ${kinds.join(" or ")} with the id "${id.slice(0, 40)}".`);
  return toView(row);
}

export interface BulkFilter {
  readonly subscriber?: string | undefined;
  readonly status?: BulkStatus | undefined;
  /** Whose operations alone; left out or null: those of all. */
  readonly tenant_id?: string | null | undefined;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** A page of them, the newest first. */
export async function listBulkOperations(
  db: Database,
  kinds: readonly BulkKind[],
  filter: BulkFilter,
): Promise<{ readonly operations: readonly BulkView[]; readonly nextCursor: string | null }> {
  const conditions: SQL[] = [sql`j.kind = ANY(${sql.param([...kinds])}::text[])`];
  conditions.push(isOfTenant(sql`j.tenant_id`, filter.tenant_id ?? null));
  if (filter.subscriber !== undefined) conditions.push(sql`j.subscriber_name = ${filter.subscriber}`);
  if (filter.status !== undefined) conditions.push(sql`j.status = ${filter.status}`);
  if (filter.cursor !== undefined) conditions.push(sql`j.id < ${filter.cursor}::bigint`);
  const rows = await db.rows<JobRow>(sql`
    SELECT ${operationColumns} FROM jobs j WHERE ${sql.join(conditions, sql` AND `)}
    ORDER BY j.id DESC LIMIT ${filter.limit + 1}`);
  const page = rows.slice(0, filter.limit);
  return {
    operations: page.map(toView),
    nextCursor: rows.length > filter.limit ? (page.at(-1)?.id ?? null) : null,
  };
}
