import { defineJob, type ScheduledJob } from "@brain/engine";
import { sql } from "drizzle-orm";
import type { AnalyticsSettings } from "./settings.ts";

/** Rows that are deleted at once. */
const pageSize = 5_000;

/** Deletes hours and days whose time is over, and kinds of which nothing is left. */
export function analyticsKeeping({ hourDays, dayDays }: AnalyticsSettings): ScheduledJob {
  return defineJob({
    name: "analytics_keeping",
    async run({ db, now, isOver }) {
      for (const [grain, days] of [
        ["h", hourDays],
        ["d", dayDays],
      ] as const) {
        for (let deleted = pageSize; deleted === pageSize; ) {
          if (isOver()) return now();
          deleted = (
            await db.rows(sql`
              DELETE FROM analytics_counts WHERE ctid = ANY(ARRAY(
                SELECT ctid FROM analytics_counts WHERE grain = ${grain}
                  AND bucket < ${now().toISOString()}::timestamptz - make_interval(days => ${days}::integer)
                LIMIT ${pageSize}::integer))
              RETURNING 1`)
          ).length;
        }
      }
      await db.rows(sql`
        DELETE FROM analytics_kinds k WHERE NOT EXISTS (
          SELECT FROM analytics_counts c WHERE c.tenant_id = k.tenant_id AND c.metric = k.metric AND c.kind = k.kind)`);
      return null;
    },
  });
}
