import { type SQL, sql } from "drizzle-orm";
import type { AlertKind } from "../core/alert-kind.ts";
import type { Logger } from "../core/telemetry/log.ts";
import type { Invocation } from "../invocation.ts";

/** The severities, the least first. */
export const severities = ["warning", "high", "critical"] as const;
export type AlertSeverity = (typeof severities)[number];

export interface Alert {
  readonly kind: AlertKind;
  readonly subject: string;
  readonly severity: AlertSeverity;
  /** What was seen, what was expected, what to do. */
  readonly message: string;
  /** Whose it is, who then sees it, too; null or left out: the whole system's. The subject tells tenants apart. */
  readonly tenantId?: string | null;
  /** Ids of events that led to it. */
  readonly eventIds?: readonly string[];
}

export type AlertDeps = Pick<Invocation, "db" | "log" | "redis" | "keys" | "scheduled" | "now">;

/** Ids of events that an alert names. */
const keptEventIds = 20;

const rank = (severity: SQL): SQL =>
  sql`array_position(ARRAY[${sql.raw(severities.map((name) => `'${name}'`).join(", "))}], ${severity}::text)`;

/**
 * What is open counts on; what had ended begins anew, as `reopened`. An alert that gets worse is told again, also when
 * somebody has acknowledged what it was before.
 *
 * @param rows a query of kind, subject, severity, message, tenant_id and event_ids (text[]), in this order
 */
const raisingAll = (rows: SQL): SQL => raisingCounted(sql`SELECT r.*, 1, now(), now() FROM (${rows}) AS r`);

/** @param rows the same with how often each was seen, and when first and last */
const raisingCounted = (rows: SQL): SQL => sql`
    INSERT INTO alerts AS a (kind, subject, severity, message, tenant_id, event_ids, count, first_seen_at, last_seen_at,
      reopens, state)
    SELECT g.kind, g.subject, g.severity, g.message, g.tenant_id,
      g.event_ids[greatest(1, cardinality(g.event_ids) - ${sql.raw(String(keptEventIds - 1))}):], g.count, g.first_at, g.last_at,
      b.id, CASE WHEN b.id IS NULL THEN 'open' ELSE 'reopened' END
    FROM (${rows}) AS g (kind, subject, severity, message, tenant_id, event_ids, count, first_at, last_at) LEFT JOIN LATERAL (
      SELECT max(e.id) AS id FROM alerts e WHERE e.kind = g.kind AND e.subject = g.subject AND e.resolved_at IS NOT NULL
    ) AS b ON true
    ON CONFLICT (kind, subject) WHERE resolved_at IS NULL DO UPDATE SET
      severity = excluded.severity, message = excluded.message, count = a.count + excluded.count,
      first_seen_at = least(a.first_seen_at, excluded.first_seen_at),
      last_seen_at = greatest(a.last_seen_at, excluded.last_seen_at),
      told_at = CASE WHEN ${rank(sql`excluded.severity`)} > ${rank(sql`a.severity`)} THEN NULL ELSE a.told_at END,
      state = CASE WHEN ${rank(sql`excluded.severity`)} > ${rank(sql`a.severity`)} AND a.state = 'acknowledged'
        THEN 'reopened' ELSE a.state END,
      event_ids = ARRAY(SELECT id FROM (
        SELECT id, max(place) AS place FROM unnest(a.event_ids || excluded.event_ids) WITH ORDINALITY AS u (id, place)
        GROUP BY id ORDER BY place DESC LIMIT ${sql.raw(String(keptEventIds))}) AS newest ORDER BY place)
    RETURNING subject, kind, xmax = 0 AS is_new`;

const raising = ({ kind, subject, severity, message, tenantId, eventIds }: Alert): SQL =>
  raisingAll(
    sql`VALUES (${kind}, ${subject}, ${severity}, ${message}, ${tenantId ?? null}::text,
      ARRAY(SELECT json_array_elements_text(${JSON.stringify(eventIds ?? [])}::json)))`,
  );

function logRaised(log: Logger, { kind, subject, severity, message }: Alert): void {
  log.error({ alert: kind, subject, severity }, message);
}

const resolving = (kind: AlertKind, subject: string | SQL, condition: SQL = sql`true`): SQL => sql`
    UPDATE alerts SET resolved_at = now()
    WHERE kind = ${kind} AND subject = ${subject} AND resolved_at IS NULL AND ${condition} RETURNING id`;

/** The same for modules: an alert commits with the change that it is about. */
export const alertsInTransaction = {
  /**
   * A statement that raises alerts, to be a CTE of a statement of the caller. It gives `subject`, `kind`, and `is_new` for
   * those that the caller is to log.
   */
  raising: raisingAll,
  /**
   * The same with rows that also say how often each was seen (integer), and when first and last: for what is told by
   * events, whose times are the same however often they are replayed.
   */
  raisingCounted,
  logRaised,
  /**
   * A statement that ends an alert when the condition holds. That it is over stands in its row, and in no log.
   *
   * @param subject in SQL: whatever that gives; null ends none
   */
  resolvingIf: (kind: AlertKind, subject: string | SQL, condition: SQL = sql`true`): SQL =>
    resolving(kind, subject, condition),
};

/**
 * Notes an alert. The same kind and subject counts on while it is open; only a new one is logged, at error level.
 *
 * @returns true when it is new
 */
export async function raiseAlert(deps: AlertDeps, alert: Alert): Promise<boolean> {
  const [row] = await deps.db.rows<{ is_new: boolean }>(raising(alert));
  const isNew = row?.is_new === true;
  if (isNew) {
    logRaised(deps.log, alert);
    await tellOfAlerts(deps);
  }
  return isNew;
}

/** Names of the jobs that tell people of alerts. */
export function jobsThatTell({ scheduled }: Pick<Invocation, "scheduled">): string[] {
  return [...scheduled.values()].flatMap(({ name, tellsOfAlerts }) => (tellsOfAlerts === true ? [name] : []));
}

/**
 * Has the jobs that tell people of alerts run with the next tick. While events flow they run with each one anyway; this is
 * for a system that is otherwise idle. Never throws: the hourly look finds what this could not tell.
 */
async function tellOfAlerts({ redis, keys, scheduled, now, log }: Omit<AlertDeps, "db">): Promise<void> {
  const names = jobsThatTell({ scheduled });
  if (redis === null || names.length === 0) return;
  try {
    const due = names.flatMap((name) => [String(now()), name]);
    await redis.command(["ZADD", keys.jobsDue(), "LT", ...due]);
  } catch {
    log.warn({}, "Who tells of alerts could not be told; it runs within the hour.");
  }
}

/** Ends an alert; nothing happens when none is open. @returns true when one was */
export async function resolveAlert(deps: AlertDeps, kind: AlertKind, subject: string): Promise<boolean> {
  const resolved = await deps.db.rows(resolving(kind, subject));
  if (resolved.length > 0) await tellOver(deps, kind, subject);
  return resolved.length > 0;
}

/** Logs the end of an alert, and has people told of it; for whoever ended it by a statement. Never throws. */
export async function tellOver(deps: Omit<AlertDeps, "db">, kind: AlertKind, subject: string): Promise<void> {
  deps.log.info({ alert: kind, subject }, "An alert is over.");
  await tellOfAlerts(deps);
}

/**
 * Ends the open alerts of a kind, apart from those about `still`.
 *
 * @param subjectEnd only those whose subject ends like this; empty: all of the kind
 */
export async function resolveOthers(
  deps: AlertDeps,
  kind: AlertKind,
  subjectEnd: string,
  still: readonly string[],
): Promise<void> {
  const resolved = await deps.db.rows<{ subject: string }>(sql`
    UPDATE alerts SET resolved_at = now()
    WHERE kind = ${kind} AND resolved_at IS NULL AND right(subject, length(${subjectEnd}::text)) = ${subjectEnd}
      AND subject NOT IN (SELECT json_array_elements_text(${JSON.stringify(still)}::json))
    RETURNING subject`);
  for (const { subject } of resolved) deps.log.info({ alert: kind, subject }, "An alert is over.");
  if (resolved.length > 0) await tellOfAlerts(deps);
}
