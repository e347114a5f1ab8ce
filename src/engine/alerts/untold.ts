import { type SQL, sql } from "drizzle-orm";
import type { Tx } from "../db/database.ts";
import { isoText } from "../db/iso-text.ts";
import { type AlertSeverity, severities } from "./alerts.ts";

/*
 * What people were not told yet. Each alert notes itself what was told of it, so nothing that raises or ends one has to
 * do anything for it: a row without the note is news, whoever wrote it.
 */

/** News older than this is none, days: nobody was there to be told. */
const newsDays = 2;

const recent = sql.raw(`greatest(last_seen_at, resolved_at) > now() - interval '${newsDays} days'`);

/**
 * A condition: the alert, or its end, is news for those who want to hear of this severity. Who was told of it hears of its
 * end, however severe it was then.
 */
const isNews = (least: AlertSeverity): SQL => sql`
  (told_at IS NULL OR (resolved_at IS NOT NULL AND told_over_at IS NULL)) AND ${recent}
  AND ((resolved_at IS NOT NULL AND told_at IS NOT NULL) OR severity IN (
    SELECT json_array_elements_text(${JSON.stringify(severities.slice(severities.indexOf(least)))}::json)))`;

/** An expression: somebody should be told something. */
export const hasNews = (least: AlertSeverity): SQL => sql`EXISTS (SELECT FROM alerts WHERE ${isNews(least)})`;

/** One thing to be told. */
export interface AlertNews {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly tenant_id: string | null;
  readonly severity: AlertSeverity;
  /** `over`: it has ended. Who never heard of it hears of both at once. */
  readonly state: "open" | "reopened" | "over";
  readonly message: string;
  readonly count: number;
  readonly first_seen_at: string;
  readonly last_seen_at: string;
}

/**
 * Takes what is news, and notes that it is told: in the transaction that stores the messages, so that neither is there
 * without the other. Two at once take different ones.
 *
 * @param limit at most so many, the oldest first
 */
export async function takeNews(tx: Tx, least: AlertSeverity, limit: number): Promise<AlertNews[]> {
  const { rows } = await tx.execute<AlertNews & Record<string, unknown>>(sql`
    WITH news AS (
      SELECT id FROM alerts WHERE ${isNews(least)} ORDER BY id LIMIT ${limit}::integer FOR UPDATE SKIP LOCKED
    ), told AS (
      UPDATE alerts a SET told_at = coalesce(told_at, now()), told_over_at = CASE WHEN resolved_at IS NULL THEN NULL ELSE now() END
      FROM news WHERE a.id = news.id RETURNING a.*
    )
    SELECT id::text AS id, kind, subject, tenant_id, severity,
      CASE WHEN resolved_at IS NOT NULL THEN 'over' WHEN state = 'reopened' THEN 'reopened' ELSE 'open' END AS state,
      message, count, ${isoText(sql`first_seen_at`)} AS first_seen_at, ${isoText(sql`last_seen_at`)} AS last_seen_at
    FROM told ORDER BY told.id`);
  return rows;
}
