import { sql } from "drizzle-orm";
import { isOfTenant } from "../db/tenant-rows.ts";
import type { Invocation } from "../invocation.ts";
import { mostObserved, type ObserveOptions } from "./observed-types.ts";

/** Pairs of types that are told. */
const maxFlows = 2_000;

/** Events of one type that others led to, among the newest of the record. */
export interface ObservedFlow {
  readonly cause: string;
  readonly effect: string;
  /** `meta.source_module` and `meta.producer` of the effect. */
  readonly module: string;
  readonly producer: string;
  /** No request and no job published it: a handler did, or another program. */
  readonly is_handled: boolean;
  readonly count: number;
}

/**
 * Which events led to which, as `causation_id` says: one round trip, a step into the index of ids for each event. The cause
 * may be older than the newest; one that the record no longer has is left out.
 *
 * @param tenantId null: the events of all
 */
export async function observeFlows(
  { db }: Pick<Invocation, "db">,
  tenantId: string | null,
  { newest = mostObserved, since = null }: Pick<ObserveOptions, "newest" | "since"> = {},
): Promise<readonly ObservedFlow[]> {
  // LIMIT in the lateral part: a join would be made by reading the whole record once it seems cheaper.
  const rows = await db.rows(sql`
    SELECT c.type AS cause, e.type AS effect, e.source_module AS module, e.producer, e.is_handled, count(*)::integer AS count
    FROM (SELECT type, source_module, producer, origin IS NULL AS is_handled, stored_at,
        CASE WHEN causation_id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN causation_id::uuid END AS cause_id
      FROM events WHERE ${isOfTenant(sql`tenant_id`, tenantId)} ORDER BY position DESC LIMIT ${newest}) e
    CROSS JOIN LATERAL (SELECT type FROM events WHERE id = e.cause_id AND ${isOfTenant(sql`tenant_id`, tenantId)} LIMIT 1) c
    WHERE e.cause_id IS NOT NULL AND (${since}::text IS NULL OR e.stored_at >= ${since}::timestamptz)
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 6 DESC, 1, 2 LIMIT ${maxFlows}`);
  return rows as unknown as readonly ObservedFlow[];
}
