import { type SQL, sql } from "drizzle-orm";
import type { Database, Tx } from "../db/database.ts";
import { isoText } from "../db/iso-text.ts";
import { isOfTenant } from "../db/tenant-rows.ts";

/** Who acts, as the audit keeps it. */
export interface Operator {
  /** Id of the user; null: the holder of the key. */
  readonly actorId: string | null;
  readonly requestId: string | null;
  /** The one tenant that the credential is for; left out or null: all of them. */
  readonly tenantId?: string | null;
}

/** What an operator did. Left out or null: it does not apply. */
export interface OperatorAction extends Operator {
  /** Subject and past participle, e.g. `consumer.paused`; at most 50 characters. */
  readonly action: string;
  readonly reason?: string | null;
  readonly subscriber?: string | null;
  /** What it was about, as JSON: the filter given, ids, a key. */
  readonly filter?: unknown;
  /** Events, dead letters or keys concerned. */
  readonly affected?: number | null;
  /** Id of the redrive or replay. */
  readonly operationId?: string | null;
}

/**
 * Notes an action in the transaction of the change, so that neither is ever there without the other. Its tenant is that
 * of the transaction.
 */
export async function recordAction(tx: Tx, action: OperatorAction): Promise<void> {
  const { actorId, requestId, reason, subscriber, filter, affected, operationId } = action;
  await tx.execute(sql`
    INSERT INTO operator_actions (action, actor_id, reason, subscriber_name, filter, affected, job_id, request_id)
    VALUES (${action.action}, ${actorId}, ${reason ?? null}, ${subscriber ?? null},
      ${filter === undefined || filter === null ? null : JSON.stringify(filter)}::jsonb, ${affected ?? null}::integer,
      ${operationId ?? null}::bigint, ${requestId})`);
}

/** An action as the audit shows it. */
export interface OperatorActionView {
  readonly id: string;
  readonly action: string;
  /** Null: the holder of the key, on nobody's behalf. */
  readonly actor_id: string | null;
  readonly reason: string | null;
  readonly subscriber: string | null;
  readonly filter: unknown;
  readonly affected: number | null;
  readonly job_id: string | null;
  readonly request_id: string | null;
  readonly at: string;
}

/** Columns of `operator_actions a` as `OperatorActionView`. */
export const actionColumns: SQL = sql`a.id::text AS id, a.action, a.actor_id, a.reason,
  a.subscriber_name AS subscriber, a.filter, a.affected, a.job_id::text AS job_id, a.request_id,
  ${isoText(sql`a.at`)} AS at`;

export interface ActionFilter {
  readonly subscriber?: string | undefined;
  readonly action?: string | undefined;
  /** Of this request alone: what one change noted. */
  readonly request_id?: string | undefined;
  /** Of its own operators alone; left out or null: of all. */
  readonly tenant_id?: string | null | undefined;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** A page of the audit, the newest first. */
export async function listActions(
  db: Database,
  filter: ActionFilter,
): Promise<{ readonly actions: readonly OperatorActionView[]; readonly nextCursor: string | null }> {
  const conditions: SQL[] = [isOfTenant(sql`a.tenant_id`, filter.tenant_id ?? null)];
  if (filter.subscriber !== undefined) conditions.push(sql`a.subscriber_name = ${filter.subscriber}`);
  if (filter.action !== undefined) conditions.push(sql`a.action = ${filter.action}`);
  if (filter.request_id !== undefined) conditions.push(sql`a.request_id = ${filter.request_id}`);
  if (filter.cursor !== undefined) conditions.push(sql`a.id < ${filter.cursor}::bigint`);
  const rows = await db.rows<OperatorActionView>(sql`
    SELECT ${actionColumns} FROM operator_actions a WHERE ${sql.join(conditions, sql` AND `)}
    ORDER BY a.id DESC LIMIT ${filter.limit + 1}`);
  const actions = rows.slice(0, filter.limit);
  return { actions, nextCursor: rows.length > filter.limit ? (actions.at(-1)?.id ?? null) : null };
}
