import { compareMessageIds, type MessageId } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { sentEvents, sentId, splitId } from "../db/stream-ids.ts";
import type { Invocation } from "../invocation.ts";
import { askEach, isAway, toShards } from "../stream/databases.ts";
import { parseStreamState, streamStateCommand } from "../stream/group-states.ts";
import { type Operator, recordAction } from "./operator-actions.ts";

/** What is set for one tenant, and what waits for it. */
export interface TenantState extends TenantQuotas {
  /** Empty: what belongs to no tenant. */
  readonly tenant_id: string;
  readonly weight: number;
  /** Rows that it kept when the janitor counted them, at most one table's more than its quota; null: it has none. */
  readonly rows_kept: number | null;
  /** Events in the record that are not on the stream yet. */
  readonly unsent: number;
  /** Events on the stream that the slowest consumer of their shard has not read; null while nobody can tell. */
  readonly unread: number | null;
  /** Deliveries that wait in Postgres. */
  readonly deferred: number;
}

/** Rows looked at for each number: a larger backlog shows as this many. */
const countedAtMost = 100_000;

/** What waits for tenants, as far as it can be told. */
export interface TenantStates {
  /** Those for whom something is set or waits, those with the largest backlog first, 500 at most. */
  readonly tenants: readonly TenantState[];
  /** Shards whose Redis does not answer: what is unread on them is in no number. */
  readonly shards_away: readonly number[];
}

/** What waits for each tenant. Without Redis it is what Postgres knows. */
export async function listTenants(invocation: Invocation): Promise<TenantStates> {
  const { cursors, away } = await slowestCursors(invocation);
  const rows = await invocation.db.rows<TenantState>(sql`
    WITH cursors AS (
      SELECT * FROM json_to_recordset(${JSON.stringify(cursors ?? [])}::json) AS c(shard integer, ms numeric, seq numeric)
    ), unsent AS (
      SELECT coalesce(tenant_id, '') AS tenant, count(*) AS n FROM (
        SELECT tenant_id FROM unsent_events ORDER BY position LIMIT ${countedAtMost}) u GROUP BY 1
    ), unread AS (
      SELECT coalesce(u.tenant_id, '') AS tenant, count(*) AS n
      FROM cursors c CROSS JOIN LATERAL (
        SELECT e.tenant_id FROM ${sentEvents} WHERE s.shard = c.shard AND ${sentId} > (c.ms, c.seq)
        LIMIT ${countedAtMost}) u
      GROUP BY 1
    ), deferred AS (
      SELECT coalesce(tenant_id, '') AS tenant, count(*) AS n FROM (
        SELECT tenant_id FROM deliveries LIMIT ${countedAtMost}) d GROUP BY 1
    ), named AS (
      SELECT tenant FROM unsent UNION SELECT tenant FROM unread UNION SELECT tenant FROM deferred
      UNION SELECT tenant_id FROM tenant_limits
    )
    SELECT n.tenant AS tenant_id, coalesce(l.weight, 1)::float8 AS weight,
      coalesce(a.n, 0)::integer AS unsent, CASE WHEN ${cursors !== null}::boolean THEN coalesce(b.n, 0)::integer END AS unread,
      coalesce(d.n, 0)::integer AS deferred,
      coalesce(l.quotas, '{}') AS quotas, CASE WHEN l.quotas ->> 'rows' IS NOT NULL THEN l.rows_kept END::float8 AS rows_kept
    FROM named n LEFT JOIN unsent a ON a.tenant = n.tenant LEFT JOIN unread b ON b.tenant = n.tenant
      LEFT JOIN deferred d ON d.tenant = n.tenant LEFT JOIN tenant_limits l ON l.tenant_id = n.tenant
    ORDER BY coalesce(a.n, 0) + coalesce(b.n, 0) + coalesce(d.n, 0) DESC, n.tenant LIMIT 500`);
  const tenants = rows.map((row) => {
    const { quotas, ...state } = row as TenantState & { quotas: TenantQuotas };
    return { ...state, ...quotas };
  });
  return { tenants, shards_away: away };
}

/**
 * Of each shard whose database is there, the id up to which the slowest of our consumers has read; null without a stream,
 * and while no database is there.
 */
async function slowestCursors({ databases, keys, publish, consumers }: Invocation) {
  if (databases === null) return { cursors: null, away: [] };
  const groups = new Set([...consumers.values()].map(({ group }) => group));
  const replies = await askEach(
    databases,
    toShards(databases, publish.shards, (shard) => streamStateCommand(keys.stream(shard))),
  );
  const away = replies.flatMap((reply, shard) => (isAway(reply) ? [shard] : []));
  const cursors = replies.flatMap((reply, shard) => {
    if (isAway(reply)) return [];
    const read = (parseStreamState(reply)?.groups ?? [])
      .filter(({ group }) => groups.has(group))
      .map(({ lastDelivered }): MessageId => lastDelivered)
      .sort(compareMessageIds);
    if (read[0] === undefined) return [];
    const [ms, seq] = splitId(read[0]);
    return [{ shard, ms, seq }];
  });
  return { cursors: away.length === replies.length ? null : cursors, away };
}

/** How much one tenant may do. Null: any number. Left out: as set for all. */
export interface TenantQuotas {
  readonly events_per_minute?: number | null | undefined;
  /** Rows that it keeps. Beyond it nothing is taken from it that adds some. */
  readonly rows?: number | null | undefined;
  /** Missions that are not over. */
  readonly missions?: number | null | undefined;
}

/** Sets the weight and the quotas of a tenant; what is left out becomes what is set for all. Holds within a minute. */
export async function setTenantLimits(
  { db }: Invocation,
  tenantId: string,
  {
    weight,
    quotas,
    reason,
  }: { readonly weight: number; readonly quotas: TenantQuotas; readonly reason: string },
  by: Operator,
): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`
      INSERT INTO tenant_limits (tenant_id, weight, quotas) VALUES (${tenantId}, ${weight}, ${JSON.stringify(quotas)}::jsonb)
      ON CONFLICT (tenant_id) DO UPDATE SET weight = excluded.weight, quotas = excluded.quotas, changed_at = now()`);
    const filter = { tenant_id: tenantId, weight, ...quotas };
    await recordAction(tx, { ...by, action: "tenant.limited", reason, filter });
  });
}
