import { type SQL, sql } from "drizzle-orm";
import { barSql } from "../../consume/apply/dedup.ts";
import { uuidPattern } from "../../core/encoding/uuid.ts";
import { ConflictError, NotFoundError } from "../../core/errors.ts";
import type { Database, Tx } from "../../db/database.ts";
import { isoText } from "../../db/iso-text.ts";
import { isOfTenant } from "../../db/tenant-rows.ts";
import { isRowId } from "../bulk/bulk-view.ts";
import { actionColumns, type Operator, type OperatorActionView, recordAction } from "../operator-actions.ts";

/*
 * What operators see of dead letters, and giving them up. `open` is the only state that anything can be done from, and
 * every change asks for it in its WHERE clause: of two operators at once, one wins and the other is told.
 */

export type LetterStatus = "open" | "requeued" | "resolved" | "discarded";

/** A dead letter as lists show it: everything but the event's body. */
export interface LetterView {
  readonly id: string;
  /** `*`: nobody can read the entry, so the letter is everybody's. */
  readonly subscriber: string;
  readonly stream: string;
  readonly stream_message_id: string;
  readonly shard: number;
  /** Null when the entry could not be decoded. */
  readonly event_id: string | null;
  readonly event_type: string | null;
  readonly tenant_id: string | null;
  readonly correlation_id: string | null;
  readonly key: string | null;
  readonly reason: string;
  readonly error_class: string;
  readonly error_message: string;
  readonly fingerprint: string;
  readonly attempts: number;
  readonly redrives: number;
  readonly status: LetterStatus;
  /** The redrive or replay that took it last. */
  readonly job_id: string | null;
  readonly replay_epoch: number;
  readonly first_failed_at: string;
  readonly last_failed_at: string;
  /** Why it was discarded, or how it was resolved. */
  readonly resolution: string | null;
  readonly resolved_at: string | null;
  /** Id of the copy that an operator edited; a redrive runs that copy. */
  readonly edited_event_id: string | null;
}

/** A dead letter with the event's body and with what operators did about it. */
export interface LetterDetails extends LetterView {
  /** The entry as it stood on the stream; null when its body was trimmed. */
  readonly raw_fields: Readonly<Record<string, string>> | null;
  /** Where a handler threw the error, and where its causes were thrown; null when no handler did. */
  readonly error_stack: string | null;
  readonly edited_fields: Readonly<Record<string, string>> | null;
  /** False when neither the letter nor the record has the event's body: it cannot be redriven. */
  readonly has_body: boolean;
  readonly actions: readonly OperatorActionView[];
}

const letterColumns = sql`l.id::text AS id, l.subscriber_name AS subscriber, l.stream_name AS stream,
  l.stream_message_id, l.shard, l.event_id, l.event_type, l.tenant_id, l.correlation_id, l.key, l.reason, l.error_class,
  l.error_message, l.fingerprint, l.attempts, l.redrives, l.status, l.job_id::text AS job_id, l.replay_epoch,
  ${isoText(sql`l.first_failed_at`)} AS first_failed_at, ${isoText(sql`l.last_failed_at`)} AS last_failed_at,
  l.resolution, ${isoText(sql`l.resolved_at`)} AS resolved_at, l.edited_event_id`;

/** True for letters `l` whose event's body is still somewhere: on the letter, as an edited copy, or in the record. */
export const hasBody: SQL = sql`(coalesce(jsonb_typeof(l.edited_fields) = 'object', false)
  OR coalesce(jsonb_typeof(l.raw_fields) = 'object', false)
  OR EXISTS (SELECT FROM events e WHERE e.id = CASE WHEN l.event_id ~ ${uuidPattern} THEN l.event_id::uuid END))`;

/** Which dead letters; all conditions must hold. Times bound the last failure, from inclusive, to exclusive. */
export interface LetterFilter {
  readonly ids?: readonly string[] | undefined;
  readonly subscriber?: string | undefined;
  /** One, or all the names that a type has. */
  readonly type?: string | readonly string[] | undefined;
  readonly fingerprint?: string | undefined;
  readonly tenant_id?: string | undefined;
  readonly key?: string | undefined;
  /** Taken by this redrive last, or failed in this redrive or replay last. */
  readonly job_id?: string | undefined;
  readonly failed_from?: string | undefined;
  readonly failed_to?: string | undefined;
}

/** The filter as a condition on `dead_letters l`. */
export function letterCondition(filter: LetterFilter): SQL {
  const conditions: SQL[] = [sql`true`];
  if (filter.ids !== undefined) conditions.push(sql`l.id = ANY(${sql.param([...filter.ids])}::bigint[])`);
  if (filter.subscriber !== undefined) conditions.push(sql`l.subscriber_name = ${filter.subscriber}`);
  if (filter.type !== undefined)
    conditions.push(sql`l.event_type = ANY(${sql.param([filter.type].flat())}::text[])`);
  if (filter.fingerprint !== undefined) conditions.push(sql`l.fingerprint = ${filter.fingerprint}`);
  if (filter.tenant_id !== undefined) conditions.push(sql`l.tenant_id = ${filter.tenant_id}`);
  if (filter.key !== undefined) conditions.push(sql`l.key = ${filter.key}`);
  if (filter.job_id !== undefined) conditions.push(sql`l.job_id = ${filter.job_id}::bigint`);
  if (filter.failed_from !== undefined)
    conditions.push(sql`l.last_failed_at >= ${filter.failed_from}::timestamptz`);
  if (filter.failed_to !== undefined)
    conditions.push(sql`l.last_failed_at < ${filter.failed_to}::timestamptz`);
  return sql.join(conditions, sql` AND `);
}

export interface LetterPage extends LetterFilter {
  readonly status: LetterStatus | "all";
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** A page of dead letters, the newest first. */
export async function listLetters(
  db: Database,
  page: LetterPage,
): Promise<{ readonly letters: readonly LetterView[]; readonly nextCursor: string | null }> {
  const conditions: SQL[] = [letterCondition(page)];
  if (page.status !== "all") conditions.push(sql`l.status = ${page.status}`);
  if (page.cursor !== undefined) conditions.push(sql`l.id < ${page.cursor}::bigint`);
  const rows = await db.rows<LetterView>(sql`
    SELECT ${letterColumns} FROM dead_letters l WHERE ${sql.join(conditions, sql` AND `)}
    ORDER BY l.id DESC LIMIT ${page.limit + 1}`);
  const letters = rows.slice(0, page.limit);
  return { letters, nextCursor: rows.length > page.limit ? (letters.at(-1)?.id ?? null) : null };
}

/** Dead letters of one kind of failure. */
export interface LetterGroup {
  readonly fingerprint: string;
  readonly subscriber: string;
  readonly event_type: string | null;
  readonly error_class: string;
  /** Of the letter that failed last. */
  readonly reason: string;
  readonly error_message: string;
  readonly sample_id: string;
  readonly count: number;
  readonly open: number;
  readonly first_failed_at: string;
  readonly last_failed_at: string;
  /** How many failed last in each of the last 24 hours, the oldest first. */
  readonly trend: readonly number[];
}

const trendHours = 24;

/** Letters that are counted, grouped or changed at once, at most; a long outage leaves millions. */
export const lettersAtOnce = 100_000;

/** Letters that were taken, of which there may be more. */
export interface SomeLetters {
  readonly count: number;
  /** There are more than these. */
  readonly more: boolean;
}

/** Groups shown at most; the largest come first. */
const maxGroups = 500;

/**
 * Dead letters by kind of failure, the largest group first.
 *
 * @param most letters that are looked at, the newest; `more`: there are older ones
 */
export async function groupLetters(
  db: Database,
  filter: Pick<LetterFilter, "subscriber" | "fingerprint" | "tenant_id"> & {
    readonly status: LetterStatus | "all";
  },
  most = lettersAtOnce,
): Promise<{ readonly groups: LetterGroup[]; readonly more: boolean }> {
  const { status, ...narrowed } = filter;
  const chosen = sql`${letterCondition(narrowed)} AND ${status === "all" ? sql`true` : sql`l.status = ${status}`}`;
  const found = await db.rows<
    LetterGroup & { readonly hours: Readonly<Record<string, number>> | null; readonly more: boolean }
  >(sql`
    WITH found AS MATERIALIZED (
      SELECT l.id, l.fingerprint, l.subscriber_name, l.event_type, l.error_class, l.status, l.first_failed_at, l.last_failed_at
      FROM dead_letters l WHERE ${chosen} ORDER BY l.id DESC LIMIT ${most + 1}
    ), looked AS MATERIALIZED (
      SELECT * FROM found ORDER BY id DESC LIMIT ${most}
    ), grouped AS (
      SELECT l.fingerprint, l.subscriber_name, l.event_type, l.error_class, count(*)::integer AS count,
        (count(*) FILTER (WHERE l.status = 'open'))::integer AS open,
        min(l.first_failed_at) AS first_failed_at, max(l.last_failed_at) AS last_failed_at,
        (array_agg(l.id ORDER BY l.last_failed_at DESC, l.id DESC))[1] AS sample_id
      FROM looked l
      GROUP BY l.fingerprint, l.subscriber_name, l.event_type, l.error_class
      ORDER BY count(*) DESC, max(l.last_failed_at) DESC LIMIT ${maxGroups}
    ), hours AS (
      SELECT l.fingerprint, l.subscriber_name, l.event_type, l.error_class, count(*)::integer AS count,
        floor(extract(epoch FROM now() - l.last_failed_at) / 3600)::integer AS ago
      FROM looked l
      WHERE l.last_failed_at > now() - make_interval(hours => ${trendHours}) AND l.last_failed_at <= now()
      GROUP BY l.fingerprint, l.subscriber_name, l.event_type, l.error_class, ago
    )
    SELECT g.fingerprint, g.subscriber_name AS subscriber, g.event_type, g.error_class, s.reason, s.error_message,
      g.sample_id::text AS sample_id, g.count, g.open, ${isoText(sql`g.first_failed_at`)} AS first_failed_at,
      ${isoText(sql`g.last_failed_at`)} AS last_failed_at,
      (SELECT json_object_agg(h.ago, h.count) FROM hours h WHERE h.fingerprint = g.fingerprint
        AND h.subscriber_name = g.subscriber_name AND h.error_class = g.error_class
        AND h.event_type IS NOT DISTINCT FROM g.event_type) AS hours,
      (SELECT count(*) FROM found) > ${most} AS more
    FROM grouped g JOIN dead_letters s ON s.id = g.sample_id
    ORDER BY g.count DESC, g.last_failed_at DESC`);
  const groups = found.map(({ hours, more: _, ...group }) => ({
    ...group,
    trend: Array.from({ length: trendHours }, (_, place) => hours?.[trendHours - 1 - place] ?? 0),
  }));
  return { groups, more: found[0]?.more === true };
}

/** Actions shown with a letter, at most. */
const maxActions = 50;

/** An action on letters that were named by their ids may be on those of several consumers. */
const ofOneOrSeveral = sql`(a.subscriber_name = l.subscriber_name OR a.subscriber_name IS NULL)`;

/**
 * @param tenantId whose letters alone; null: those of all
 * @throws {NotFoundError} no dead letter has the id, or it is not the tenant's
 */
export async function findLetter(
  db: Database,
  id: string,
  tenantId: string | null = null,
): Promise<LetterDetails> {
  if (!isRowId(id)) throw noLetter(id);
  const [letters, actions] = await db.batch([
    sql`SELECT ${letterColumns}, l.error_stack, l.raw_fields, l.edited_fields, ${hasBody} AS has_body
      FROM dead_letters l WHERE l.id = ${id}::bigint AND ${isOfTenant(sql`l.tenant_id`, tenantId)}`,
    sql`SELECT ${actionColumns} FROM operator_actions a JOIN dead_letters l ON l.id = ${id}::bigint
      WHERE ${isOfTenant(sql`l.tenant_id`, tenantId)} AND ${isOfTenant(sql`a.tenant_id`, tenantId)} AND ((${ofOneOrSeveral} AND a.filter -> 'ids' ? ${id}) OR a.job_id = l.job_id)
      ORDER BY a.id DESC LIMIT ${maxActions}`,
  ]);
  const [letter] = (letters ?? []) as Omit<LetterDetails, "actions">[];
  if (letter === undefined) throw noLetter(id);
  return { ...letter, actions: (actions ?? []) as OperatorActionView[] };
}

export function noLetter(id: string): NotFoundError {
  return new NotFoundError(`There is no dead letter with the id "${id.slice(0, 40)}".`);
}

/**
 * Behind a CTE named `discarded`: an event that was given up is not applied when something brings it back, such as an
 * entry sent again after a loss, or a replay of what is missing.
 */
const barDiscardedSql = barSql(sql`discarded`, sql`d.stream_message_id`, "discarded");

/**
 * Gives one dead letter up.
 *
 * @throws {NotFoundError} no dead letter has the id
 * @throws {ConflictError} it is not open
 */
export async function discardLetter(db: Database, id: string, reason: string, by: Operator): Promise<void> {
  if (!isRowId(id)) throw noLetter(id);
  await db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ subscriber: string }>(sql`
      WITH discarded AS (
        UPDATE dead_letters SET status = 'discarded', resolution = ${reason}, resolved_at = now()
        WHERE id = ${id}::bigint AND status = 'open' AND ${isOfTenant(sql`tenant_id`, by.tenantId ?? null)} RETURNING *
      ), ${barDiscardedSql}
      SELECT subscriber_name AS subscriber FROM discarded`);
    const [letter] = rows;
    if (letter === undefined) throw await notOpen(tx, id, by);
    await recordAction(tx, {
      ...by,
      action: "dead_letter.discarded",
      reason,
      subscriber: letter.subscriber,
      filter: { ids: [id] },
      affected: 1,
    });
  });
}

/** Why a letter could not be taken: it is not there, or somebody else was first. */
export async function notOpen(
  tx: Tx,
  id: string,
  { tenantId = null }: Operator,
): Promise<NotFoundError | ConflictError> {
  const { rows } = await tx.execute<{ status: LetterStatus; job: string | null; at: string | null }>(sql`
    SELECT status, job_id::text AS job, ${isoText(sql`resolved_at`)} AS at FROM dead_letters
    WHERE id = ${id}::bigint AND ${isOfTenant(sql`tenant_id`, tenantId)}`);
  const [letter] = rows;
  if (letter === undefined) return noLetter(id);
  const what = {
    open: "has just come back",
    requeued: `is being redriven${letter.job === null ? "" : ` (job ${letter.job})`}`,
    resolved: `was resolved${letter.at === null ? "" : ` at ${letter.at}`}`,
    discarded: `was discarded${letter.at === null ? "" : ` at ${letter.at}`}`,
  }[letter.status];
  return new ConflictError(
    `The dead letter ${id} ${what}; only an open one can be changed. Look at it again.`,
  );
}

/** How many open dead letters the filter meets. */
export async function countOpen(
  db: Database,
  filter: LetterFilter,
  most = lettersAtOnce,
): Promise<SomeLetters> {
  const [row] = await db.rows<{ count: number }>(sql`
    SELECT count(*)::integer AS count FROM (SELECT FROM dead_letters l
      WHERE l.status = 'open' AND ${letterCondition(filter)} LIMIT ${most + 1}) AS l`);
  const count = row?.count ?? 0;
  return { count: Math.min(count, most), more: count > most };
}

/** Gives up open dead letters that the filter meets, the oldest first, and tells how many those were. */
export function discardLetters(
  db: Database,
  filter: LetterFilter,
  reason: string,
  by: Operator,
  most = lettersAtOnce,
): Promise<SomeLetters> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ count: number; more: boolean }>(sql`
      WITH found AS (${openLettersSql(filter, sql`true`, most + 1)}), chosen AS (
        SELECT id FROM found ORDER BY id LIMIT ${most}
      ), discarded AS (
        UPDATE dead_letters d SET status = 'discarded', resolution = ${reason}, resolved_at = now()
        FROM chosen WHERE d.id = chosen.id RETURNING d.*
      ), ${barDiscardedSql}
      SELECT count(*)::integer AS count, (SELECT count(*) FROM found) > ${most} AS more FROM discarded`);
    const { count = 0, more = false } = rows[0] ?? {};
    if (count > 0) {
      await recordAction(tx, {
        ...by,
        action: "dead_letters.discarded",
        reason,
        subscriber: filter.subscriber ?? null,
        filter,
        affected: count,
      });
    }
    return { count, more };
  });
}

/**
 * Ids of the open letters that the filter meets, locked in the order of their ids, so that two operators with
 * overlapping filters wait for each other instead of blocking each other.
 */
export function openLettersSql(filter: LetterFilter, more: SQL, most: number): SQL {
  return sql`SELECT l.id FROM dead_letters l
    WHERE l.status = 'open' AND ${letterCondition(filter)} AND ${more} ORDER BY l.id LIMIT ${most} FOR UPDATE OF l`;
}
