import { sql } from "drizzle-orm";
import { maxSkewMs } from "../core/clock.ts";
import type { Invocation } from "../invocation.ts";

/**
 * By how much the clock of Postgres is ahead of that of the worker which asks, ms; negative: behind it. 0 as long as what
 * it says can be of the time in which it was asked.
 *
 * @throws {TransientError} Postgres is not reachable
 */
export async function databaseAheadMs({ db, now }: Pick<Invocation, "db" | "now">): Promise<number> {
  const askedMs = now();
  const [row] = await db.rows<{ ms: number }>(
    sql`SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`,
  );
  const [toldMs, nowMs] = [row?.ms ?? askedMs, now()];
  if (toldMs > nowMs + maxSkewMs) return Math.round(toldMs - nowMs);
  if (toldMs < askedMs - maxSkewMs) return Math.round(toldMs - askedMs);
  return 0;
}
