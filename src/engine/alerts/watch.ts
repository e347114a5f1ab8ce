import { sql } from "drizzle-orm";
import type { AlertKind } from "../core/alert-kind.ts";
import { type AlertWatch, watchMark, watchMarkWords } from "../db/alert-watch.ts";
import type { StreamInvocation } from "../invocation.ts";
import { type Alert, alertsInTransaction } from "./alerts.ts";
import { engineWatches } from "./engine-watches.ts";

/*
 * What is looked for instead of being told: conditions over tables, each of them a query of the alerts that hold now. All
 * of them are one statement, which raises what it finds and ends what it finds no more. It runs with the sweep, and with
 * each tick of cron while one of those conditions may have changed; an idle system asks nothing.
 */

type Row = Alert & { readonly tells: "new" | "over" | "open"; readonly any_brief: boolean };

/** What was seen elsewhere than in tables. */
export interface Found {
  /** What was looked for. */
  readonly kinds: readonly AlertKind[];
  /** Alerts of these kinds that hold now. */
  readonly alerts: readonly Alert[];
}

/** A drain may have marked anew behind the look. KEYS: failing work. ARGV: field, the value that was there before the look. */
const takeMarkScript = `
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end
return 1`;

/**
 * Looks at all watches, in one statement.
 *
 * @param mark the mark for which it was begun: the last look, or a drain, said that one is worth it; null: there was none
 * @param more what is looked for in this look alone
 * @returns true when an alert was raised or is over
 * @throws {TransientError} Postgres is not reachable
 */
export async function lookAtWatches(
  invocation: StreamInvocation,
  found: Found,
  mark: string | null,
  more: AlertWatch | null = null,
): Promise<boolean> {
  const { db, redis, keys, log } = invocation;
  const watches = [...engineWatches(invocation), givenWatch(found), more ?? [], invocation.watches].flat();
  const kinds = (list: readonly AlertWatch[]) => JSON.stringify(list.flatMap((watch) => watch.kinds));
  const rows = await db.rows<Row>(sql`
    WITH seen AS MATERIALIZED (
      SELECT DISTINCT ON (kind, subject) * FROM (
        ${sql.join(
          watches.map(({ seen }) => sql`(${seen})`),
          sql` UNION ALL `,
        )}
      ) AS s (kind, subject, severity, message, tenant_id, event_ids) ORDER BY kind, subject
    ), raised AS (${alertsInTransaction.raising(sql`SELECT * FROM seen`)}
    ), ended AS (
      UPDATE alerts SET resolved_at = now()
      WHERE resolved_at IS NULL AND kind IN (SELECT json_array_elements_text(${kinds(watches)}::json))
        AND NOT EXISTS (SELECT FROM seen WHERE seen.kind = alerts.kind AND seen.subject = alerts.subject)
      RETURNING kind, subject, severity, message
    ), brief AS (
      SELECT EXISTS (SELECT FROM seen WHERE kind IN (
        SELECT json_array_elements_text(${kinds(watches.filter(({ isBrief }) => isBrief === true))}::json))) AS any_brief
    )
    SELECT CASE WHEN r.is_new THEN 'new' ELSE 'open' END AS tells, s.kind, s.subject, s.severity, s.message, b.any_brief
    FROM raised r JOIN seen s ON s.kind = r.kind AND s.subject = r.subject CROSS JOIN brief b
    UNION ALL SELECT 'over', e.kind, e.subject, e.severity, e.message, b.any_brief FROM ended e CROSS JOIN brief b`);
  for (const row of rows) {
    if (row.tells === "new") alertsInTransaction.logRaised(log, row);
    if (row.tells === "over") log.info({ alert: row.kind, subject: row.subject }, "An alert is over.");
  }
  const isMarkedNow = rows[0]?.any_brief === true;
  if (isMarkedNow) await redis.command(["HSET", ...watchMarkWords(keys.failing())]);
  else if (mark !== null) await redis.eval(takeMarkScript, [keys.failing()], [watchMark, mark]);
  return rows.some(({ tells }) => tells !== "open");
}

function givenWatch({ kinds, alerts }: Found): AlertWatch {
  return {
    kinds,
    isBrief: true,
    seen: sql`SELECT g.kind, g.subject, g.severity, g.message, NULL::text, '{}'::text[]
      FROM json_to_recordset(${JSON.stringify(alerts.slice(0, 100))}::json)
        AS g (kind text, subject text, severity text, message text)`,
  };
}
