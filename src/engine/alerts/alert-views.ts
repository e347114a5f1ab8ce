import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { isoText } from "../db/iso-text.ts";
import { isOfTenant } from "../db/tenant-rows.ts";
import type { AlertSeverity } from "./alerts.ts";

/** Alerts as people see them. */

/** `reopened`: it is open, and had ended before. `closed`: it has ended, by itself or because somebody closed it. */
export type AlertStatus = "open" | "acknowledged" | "reopened" | "closed";
export const alertStates = [
  "open",
  "acknowledged",
  "reopened",
  "closed",
] as const satisfies readonly AlertStatus[];

export interface AlertState {
  readonly id: string;
  /** One of `AlertKind`, or one that a later release knows. */
  readonly kind: string;
  readonly subject: string;
  /** Null: it is the whole system's. */
  readonly tenant_id: string | null;
  readonly severity: AlertSeverity;
  readonly state: AlertStatus;
  readonly message: string;
  /** Times it was seen. */
  readonly count: number;
  readonly first_seen_at: string;
  readonly last_seen_at: string;
  /** Null while it is open. */
  readonly resolved_at: string | null;
  /** Ids of events that led to it, the newest last; at most 20. */
  readonly event_ids: readonly string[];
  /** The alert of the same kind and subject that had ended before; null: there was none. */
  readonly reopens: string | null;
}

/** What somebody did about an alert. */
export interface AlertAction {
  readonly action: "acknowledged" | "closed";
  /** Null: the holder of the key, on nobody's behalf. */
  readonly actor_id: string | null;
  readonly note: string | null;
  readonly at: string;
}

export interface AlertDetails extends AlertState {
  /** The oldest first. That it was raised, and that it ended by itself, its times say. */
  readonly actions: readonly AlertAction[];
}

export interface AlertPage {
  readonly alerts: readonly AlertState[];
  /** For the next page; null at the end. */
  readonly nextCursor: string | null;
}

export interface AlertFilter {
  readonly status: "open" | "all";
  readonly state?: AlertStatus | undefined;
  /** Nobody has acknowledged it. */
  readonly unattended?: boolean | undefined;
  readonly kind?: string | undefined;
  /** One of these; left out: any. */
  readonly kinds?: readonly string[] | undefined;
  readonly severity?: AlertSeverity | undefined;
  readonly subject?: string | undefined;
  /** Of its alerts alone; left out or null: of all. */
  readonly tenant_id?: string | null | undefined;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

// A worker of the release before ends an alert without a word on its state.
const state = sql.raw("CASE WHEN a.resolved_at IS NULL THEN a.state ELSE 'closed' END");

const columns = sql`a.id::text AS id, a.kind, a.subject, a.tenant_id, a.severity, ${state} AS state, a.message, a.count,
  ${isoText(sql`a.first_seen_at`)} AS first_seen_at, ${isoText(sql`a.last_seen_at`)} AS last_seen_at,
  ${isoText(sql`a.resolved_at`)} AS resolved_at, to_jsonb(a.event_ids) AS event_ids, a.reopens::text AS reopens`;

/** Alerts, newest first. */
export async function listAlerts(db: Database, filter: AlertFilter): Promise<AlertPage> {
  const conditions = [isOfTenant(sql`a.tenant_id`, filter.tenant_id ?? null)];
  if (filter.status === "open" && filter.state !== "closed") conditions.push(sql`a.resolved_at IS NULL`);
  if (filter.state !== undefined) conditions.push(sql`${state} = ${filter.state}`);
  for (const name of ["kind", "severity", "subject"] as const) {
    if (filter[name] !== undefined) conditions.push(sql`${sql.raw(`a.${name}`)} = ${filter[name]}`);
  }
  if (filter.unattended === true) conditions.push(sql`a.state <> 'acknowledged'`);
  if (filter.kinds !== undefined) {
    conditions.push(sql`a.kind IN (SELECT json_array_elements_text(${JSON.stringify(filter.kinds)}::json))`);
  }
  if (filter.cursor !== undefined) conditions.push(sql`a.id < ${filter.cursor}::bigint`);
  const rows = await db.rows<AlertState>(sql`
    SELECT ${columns} FROM alerts a WHERE ${sql.join(conditions, sql` AND `)}
    ORDER BY a.id DESC LIMIT ${filter.limit + 1}`);
  const alerts = rows.slice(0, filter.limit);
  return { alerts, nextCursor: rows.length > filter.limit ? (alerts.at(-1)?.id ?? null) : null };
}

/** Rows: how many are open of each severity. @param tenantId of its alerts alone; null: of all */
export const openBySeveritySql = (
  tenantId: string | null,
): SQL => sql`SELECT a.severity, count(*)::integer AS count
  FROM alerts a WHERE a.resolved_at IS NULL AND ${isOfTenant(sql`a.tenant_id`, tenantId)} GROUP BY a.severity`;

/**
 * One alert, with who did what about it.
 *
 * @param tenantId it must be that one's; null: anybody's
 * @returns null: there is none
 */
export async function findAlert(
  db: Pick<Database, "rows">,
  id: string,
  tenantId: string | null,
): Promise<AlertDetails | null> {
  const [row] = await db.rows<AlertDetails>(oneAlert(id, tenantId));
  return row ?? null;
}

/** The statement of it, for transactions. */
export const oneAlert = (id: string, tenantId: string | null): SQL => sql`
    SELECT ${columns}, (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'action', d.action, 'actor_id', d.actor_id, 'note', d.note, 'at', ${isoText(sql`d.at`)}) ORDER BY d.id), '[]')
      FROM alert_actions d WHERE d.alert_id = a.id) AS actions
    FROM alerts a WHERE a.id = ${id}::bigint AND ${isOfTenant(sql`a.tenant_id`, tenantId)}`;
