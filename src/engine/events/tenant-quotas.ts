import { type SQL, sql } from "drizzle-orm";
import type { Invocation } from "../invocation.ts";

/*
 * What is set for single tenants, kept in the isolate, so that no request waits for it: it is read again behind a request
 * when it is older than a minute. The first requests of an isolate find what is set for all.
 */

const believedMs = 60_000;

interface Known {
  readonly perMinute: ReadonlyMap<string, number | null>;
  readonly overRows: ReadonlyMap<string, OverRows>;
  readonly readAtMs: number;
}

/** A tenant that keeps more than it may. */
export interface OverRows {
  readonly most: number;
  readonly kept: number;
}

/**
 * By system; one that is being read stands in `isolateReading`, with when that began. A host may end an invocation with its
 * reading, which then never settles: one that is older than a minute is gone.
 */
const isolateKnown = new Map<string, Known>();
const isolateReading = new Map<string, number>();

/**
 * Events a minute that a tenant may hand in, when that is set for it alone; null: any number.
 *
 * @param waitUntil keeps the invocation alive for the reading
 * @returns undefined: nothing is set for it, or nobody knows yet
 */
export function ownEventsPerMinute(
  invocation: Invocation,
  tenantId: string,
  waitUntil: (work: Promise<unknown>) => void,
): number | null | undefined {
  return knownOf(invocation, waitUntil)?.perMinute.get(tenantId);
}

/**
 * Null: it keeps no more rows than it may, when the janitor counted them last, or nobody knows yet.
 *
 * @param waitUntil keeps the invocation alive for the reading
 */
export function overRowsOf(
  invocation: Invocation,
  tenantId: string,
  waitUntil: (work: Promise<unknown>) => void,
): OverRows | null {
  return knownOf(invocation, waitUntil)?.overRows.get(tenantId) ?? null;
}

/** A number that is set for a tenant, to be part of a statement; null: any number. */
export function tenantQuotaSql(tenantId: string, quota: "missions"): SQL {
  return sql`(SELECT (quotas ->> ${quota})::bigint FROM tenant_limits WHERE tenant_id = ${tenantId})`;
}

function knownOf(invocation: Invocation, waitUntil: (work: Promise<unknown>) => void): Known | undefined {
  const { scope, now } = invocation;
  const known = isolateKnown.get(scope);
  const atMs = now();
  // A clock may be set back.
  const isOver = (sinceMs: number | undefined) =>
    sinceMs === undefined || Math.abs(atMs - sinceMs) >= believedMs;
  if (isOver(known?.readAtMs) && isOver(isolateReading.get(scope))) {
    isolateReading.set(scope, atMs);
    waitUntil(
      read(invocation).finally(() => {
        // A later reading may have begun.
        if (isolateReading.get(scope) === atMs) isolateReading.delete(scope);
      }),
    );
  }
  return known;
}

async function read({ db, scope, now, log }: Invocation): Promise<void> {
  try {
    const rows = await db.rows<{
      tenant_id: string;
      is_limited: boolean;
      per_minute: number | null;
      most: number | null;
      kept: number | null;
    }>(sql`
      SELECT tenant_id, quotas ? 'events_per_minute' AS is_limited, (quotas ->> 'events_per_minute')::float8 AS per_minute,
        (quotas ->> 'rows')::float8 AS most, rows_kept::float8 AS kept FROM tenant_limits
      WHERE quotas ? 'events_per_minute' OR rows_kept > (quotas ->> 'rows')::float8`);
    const perMinute = new Map<string, number | null>();
    const overRows = new Map<string, OverRows>();
    for (const { tenant_id, is_limited, per_minute, most, kept } of rows) {
      if (is_limited) perMinute.set(tenant_id, per_minute);
      if (most !== null && kept !== null && kept > most) overRows.set(tenant_id, { most, kept });
    }
    isolateKnown.set(scope, { perMinute, overRows, readAtMs: now() });
  } catch (error) {
    log.warn(
      { error_class: error instanceof Error ? error.name : typeof error },
      "Limits of tenants could not be read.",
    );
  }
}
