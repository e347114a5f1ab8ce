import { alertsInTransaction } from "@brain/engine";
import { type SQL, sql } from "drizzle-orm";
import { type RuleName, rules } from "./rules.ts";

/** The statements of signs: two for a batch. */

export interface SignRow {
  readonly rule: RuleName;
  readonly subject: string;
  readonly event_id: string;
  readonly tenant_id: string | null;
  /** ISO 8601. */
  readonly at: string;
}

/** As wide as the column. A longer one ends with its digest, so that those that begin alike are not one. */
const widestSubject = 255;

/** One batch at a time looks at windows, on whatever shard, so that none overlooks what another one brings. */
const lock = sql.raw("SELECT pg_advisory_xact_lock(hashtextextended('security_monitoring', 0))");
/** As long as claims are kept at least: what a replay may bring again. */
const keptDays = sql.raw("interval '180 days'");

/**
 * Keeps the signs of a batch; those that are known stay as they are. Also forgets some that are old.
 *
 * @param batch its own number
 */
export const keepSigns = (batch: string, signs: readonly SignRow[]): SQL => sql`
  WITH locked AS MATERIALIZED (${lock}), old AS (
    DELETE FROM security_signs WHERE id IN (SELECT id FROM security_signs WHERE noted_at < now() - ${keptDays} LIMIT 500)
  )
  INSERT INTO security_signs (rule, subject, event_id, tenant_id, occurred_at, batch)
  SELECT s.rule, CASE WHEN length(s.subject) <= ${widestSubject}::integer THEN s.subject
      ELSE left(s.subject, ${widestSubject}::integer - 65) || '~' || encode(sha256(convert_to(s.subject, 'UTF8')), 'hex') END,
    s.event_id, s.tenant_id, s.at, ${batch}::uuid
  FROM locked, json_to_recordset(${JSON.stringify(signs)}::json)
    AS s (rule text, subject text, event_id text, tenant_id text, at timestamptz)
  ON CONFLICT (rule, subject, event_id) DO NOTHING`;

/**
 * Raises the alerts that the signs of a batch complete, together with the signs around them. A sign belongs to an alert
 * when enough signs stand in a window of its rule that ends at one of them. So neither the order in which signs came nor
 * their division into batches matters.
 */
export const raiseAlerts = (batch: string): SQL => sql`
  WITH rule AS (
    SELECT * FROM json_to_recordset(${rulesJson}::json)
      AS r (name text, severity text, threshold integer, minutes integer, message text)
  ), touched AS (
    SELECT s.rule, s.subject, min(s.occurred_at) AS first_at, max(s.occurred_at) AS last_at
    FROM security_signs s WHERE s.batch = ${batch}::uuid GROUP BY s.rule, s.subject
  ), near AS (
    SELECT s.id, s.rule, s.subject, s.event_id, s.tenant_id, s.occurred_at, s.is_alerted, r.severity, r.message,
      r.minutes * interval '1 minute' AS width,
      lag(s.occurred_at, r.threshold - 1) OVER in_order > s.occurred_at - r.minutes * interval '1 minute' AS is_full
    FROM touched t JOIN rule r ON r.name = t.rule JOIN security_signs s ON s.rule = t.rule AND s.subject = t.subject
      AND s.occurred_at BETWEEN t.first_at - r.minutes * interval '2 minutes' AND t.last_at + r.minutes * interval '2 minutes'
    WINDOW in_order AS (PARTITION BY s.rule, s.subject ORDER BY s.occurred_at, s.event_id)
  ), counted AS (
    SELECT *, min(occurred_at) FILTER (WHERE is_full) OVER (PARTITION BY rule, subject ORDER BY occurred_at, event_id
        ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_full
    FROM near
  ), hit AS (
    SELECT * FROM counted WHERE NOT is_alerted AND next_full < occurred_at + width
  ), marked AS (
    UPDATE security_signs s SET is_alerted = true FROM hit WHERE s.id = hit.id RETURNING s.id
  )
  ${alertsInTransaction.raisingCounted(sql`
    SELECT n.rule, n.subject, n.severity, format(n.message, n.subject, count(*)),
      CASE WHEN count(DISTINCT n.tenant_id) = 1 THEN min(n.tenant_id) END,
      array_agg(n.event_id ORDER BY n.occurred_at, n.event_id), count(*)::integer, min(n.occurred_at), max(n.occurred_at)
    FROM hit n JOIN marked m ON m.id = n.id GROUP BY n.rule, n.subject, n.severity, n.message`)}`;

const rulesJson = JSON.stringify(Object.entries(rules).map(([name, rule]) => ({ name, ...rule })));
