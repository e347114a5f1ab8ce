import { sql } from "drizzle-orm";
import type { Invocation } from "../invocation.ts";

/*
 * What is set for single tenants, kept in the isolate, so that no request waits for it: it is read again behind a request
 * when it is older than a minute. The first requests of an isolate find what is set for all.
 */

const believedMs = 60_000;

interface Known {
  readonly perMinute: ReadonlyMap<string, number | null>;
  readonly readAtMs: number;
}

/** By system; one that is being read stands in `isolateReading`. */
const isolateKnown = new Map<string, Known>();
const isolateReading = new Set<string>();

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
  const { scope, now } = invocation;
  const known = isolateKnown.get(scope);
  if ((known === undefined || now() - known.readAtMs >= believedMs) && !isolateReading.has(scope)) {
    isolateReading.add(scope);
    waitUntil(read(invocation).finally(() => isolateReading.delete(scope)));
  }
  return known?.perMinute.get(tenantId);
}

async function read({ db, scope, now, log }: Invocation): Promise<void> {
  try {
    const rows = await db.rows<{ tenant_id: string; most: number | null }>(sql`
      SELECT tenant_id, (quotas ->> 'events_per_minute')::float8 AS most FROM tenant_limits
      WHERE quotas ? 'events_per_minute'`);
    const perMinute = new Map(rows.map((row) => [row.tenant_id, row.most]));
    isolateKnown.set(scope, { perMinute, readAtMs: now() });
  } catch (error) {
    log.warn(
      { error_class: error instanceof Error ? error.name : typeof error },
      "Limits of tenants could not be read.",
    );
  }
}
