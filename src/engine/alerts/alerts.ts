import { type SQL, sql } from "drizzle-orm";
import type { Logger } from "../core/log.ts";
import type { Database } from "../db/database.ts";

/** What may need somebody: kinds and what each is about (its subject). */
export type AlertKind =
  /** A group keeps a stream long. Subject: `{group}:{shard}`. */
  | "trim_held_back"
  /** Days are due for the archive and there is none. Subject: `archive`. */
  | "archive_missing"
  /** A day cannot be archived or deleted yet. Subject: the day. */
  | "archive_held"
  /** A consumer was stopped because what it needs is down. Subject: `{group}:{shard}`. */
  | "brake_open"
  /** The cron has not come for long. Subject: `cron`. */
  | "missing_tick"
  /** A group passed events that nobody has handled. Subject: `{subscriber}:{shard}`. */
  | "claims_missing"
  /** Somebody else reads in a group of ours. Subject: `{group}:{shard}`. */
  | "foreign_reader"
  /** Something fails at every try. Subject: the work, see `failing-work.ts`. */
  | "work_failing"
  /** The number of shards waits for consumers that have not handled what was sent before. Subject: `shards`. */
  | "reshard_waits"
  /** An outgoing webhook was switched off, because its receiver failed for days. Subject: the endpoint. */
  | "webhook_disabled"
  /** A payment was received for what cannot be delivered. Subject: the payment. */
  | "refund_due";

export interface Alert {
  readonly kind: AlertKind;
  readonly subject: string;
  readonly severity: "warning" | "critical";
  /** What was seen, what was expected, what to do. */
  readonly message: string;
}

export interface AlertDeps {
  readonly db: Database;
  readonly log: Logger;
}

/** @param rows a query of kind, subject, severity and message */
const raisingAll = (rows: SQL): SQL => sql`
    INSERT INTO alerts AS a (kind, subject, severity, message) ${rows}
    ON CONFLICT (kind, subject) WHERE resolved_at IS NULL DO UPDATE SET
      severity = excluded.severity, message = excluded.message, count = a.count + 1, last_seen_at = now()
    RETURNING subject, count = 1 AS is_new`;

const raising = ({ kind, subject, severity, message }: Alert): SQL =>
  raisingAll(sql`VALUES (${kind}, ${subject}, ${severity}, ${message})`);

function logRaised(log: Logger, { kind, subject, severity, message }: Alert): void {
  log.error({ alert: kind, subject, severity }, message);
}

const resolving = (kind: AlertKind, subject: string, condition: SQL = sql`true`): SQL => sql`
    UPDATE alerts SET resolved_at = now()
    WHERE kind = ${kind} AND subject = ${subject} AND resolved_at IS NULL AND ${condition} RETURNING id`;

/** The same for modules: an alert commits with the change that it is about. */
export const alertsInTransaction = {
  /**
   * A statement that raises alerts, to be a CTE of a statement of the caller. It gives `subject`, and `is_new` for those
   * that the caller is to log.
   */
  raising: raisingAll,
  logRaised,
  /** A statement that ends an alert when the condition holds. That it is over stands in its row, and in no log. */
  resolvingIf: (kind: AlertKind, subject: string, condition: SQL): SQL => resolving(kind, subject, condition),
};

/**
 * Notes an alert. The same kind and subject counts on while it is open; only a new one is logged, at error level.
 *
 * @returns true when it is new
 */
export async function raiseAlert({ db, log }: AlertDeps, alert: Alert): Promise<boolean> {
  const [row] = await db.rows<{ is_new: boolean }>(raising(alert));
  const isNew = row?.is_new === true;
  if (isNew) logRaised(log, alert);
  return isNew;
}

/** Ends an alert; nothing happens when none is open. @returns true when one was */
export async function resolveAlert(
  { db, log }: AlertDeps,
  kind: AlertKind,
  subject: string,
): Promise<boolean> {
  const resolved = await db.rows(resolving(kind, subject));
  if (resolved.length > 0) log.info({ alert: kind, subject }, "An alert is over.");
  return resolved.length > 0;
}

/**
 * Ends the open alerts of a kind, apart from those about `still`.
 *
 * @param subjectEnd only those whose subject ends like this; empty: all of the kind
 */
export async function resolveOthers(
  { db, log }: AlertDeps,
  kind: AlertKind,
  subjectEnd: string,
  still: readonly string[],
): Promise<void> {
  const resolved = await db.rows<{ subject: string }>(sql`
    UPDATE alerts SET resolved_at = now()
    WHERE kind = ${kind} AND resolved_at IS NULL AND right(subject, length(${subjectEnd}::text)) = ${subjectEnd}
      AND subject NOT IN (SELECT json_array_elements_text(${JSON.stringify(still)}::json))
    RETURNING subject`);
  for (const { subject } of resolved) log.info({ alert: kind, subject }, "An alert is over.");
}

/** An alert as an operator sees it. */
export interface AlertState extends Alert {
  readonly id: string;
  /** Times it was seen. */
  readonly count: number;
  readonly first_seen_at: string;
  readonly last_seen_at: string;
  /** Null while it is open. */
  readonly resolved_at: string | null;
}

export interface AlertPage {
  readonly alerts: readonly AlertState[];
  /** For the next page; null at the end. */
  readonly nextCursor: string | null;
}

const iso = (column: SQL) => sql`to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** Alerts, newest first. @param cursor `nextCursor` of the page before */
export async function listAlerts(
  db: Database,
  filter: { readonly status: "open" | "all"; readonly limit: number; readonly cursor?: string | undefined },
): Promise<AlertPage> {
  const conditions = [sql`true`];
  if (filter.status === "open") conditions.push(sql`resolved_at IS NULL`);
  if (filter.cursor !== undefined) conditions.push(sql`id < ${filter.cursor}::bigint`);
  const rows = await db.rows<AlertState>(sql`
    SELECT id::text AS id, kind, subject, severity, message, count, ${iso(sql`first_seen_at`)} AS first_seen_at,
      ${iso(sql`last_seen_at`)} AS last_seen_at, ${iso(sql`resolved_at`)} AS resolved_at
    FROM alerts WHERE ${sql.join(conditions, sql` AND `)} ORDER BY alerts.id DESC LIMIT ${filter.limit + 1}`);
  const alerts = rows.slice(0, filter.limit);
  return { alerts, nextCursor: rows.length > filter.limit ? (alerts.at(-1)?.id ?? null) : null };
}
