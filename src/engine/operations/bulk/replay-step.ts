import { type SQL, sql } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import { isoText } from "../../db/iso-text.ts";
import { isUnderItsId, isUnderOrBesideItsId } from "../../db/of-event.ts";
import { entryId, withEntry } from "../../db/stream-ids.ts";
import type { StreamKeys } from "../../stream/keys.ts";
import { type HandedOver, releaseLetters } from "./redrive-step.ts";

export type ReplayMode = "only_missing" | "force";

/** Which events of the record. Times bound `stored_at`, from inclusive, to exclusive. */
export interface ReplayFilter {
  /** Null: whatever the consumer handles. */
  readonly types: readonly string[] | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly tenant_id: string | null;
  readonly correlation_id: string | null;
  /** Left out: any event. */
  readonly event_id?: string | null;
  /** The operation stops before an event that is older than the claims, because it could be applied twice. */
  readonly within_claims?: boolean;
}

/** The filter as a condition on `events e`. */
function eventCondition(filter: ReplayFilter, untilPosition: string | null): SQL {
  const conditions: SQL[] = [sql`true`];
  if (untilPosition !== null) conditions.push(sql`e.position <= ${untilPosition}::bigint`);
  if (filter.types !== null) conditions.push(sql`e.type = ANY(${sql.param([...filter.types])}::text[])`);
  if (filter.from !== null) conditions.push(sql`e.stored_at >= ${filter.from}::timestamptz`);
  if (filter.to !== null) conditions.push(sql`e.stored_at < ${filter.to}::timestamptz`);
  if (filter.tenant_id !== null) conditions.push(sql`e.tenant_id = ${filter.tenant_id}`);
  if (filter.correlation_id !== null) conditions.push(sql`e.correlation_id = ${filter.correlation_id}`);
  if (filter.event_id != null) conditions.push(sql`e.id = ${filter.event_id}::uuid`);
  return sql.join(conditions, sql` AND `);
}

/** The same as a condition on `archived_entries e`. An entry that is no event, or may be one of ours, is left out. */
function foreignCondition(filter: ReplayFilter, untilPosition: string | null): SQL {
  const conditions: SQL[] = [sql`e.event_type IS NOT NULL AND e.unread IS NULL AND NOT e.undecided`];
  if (untilPosition !== null) conditions.push(sql`e.position <= ${untilPosition}::bigint`);
  if (filter.types !== null)
    conditions.push(sql`e.event_type = ANY(${sql.param([...filter.types])}::text[])`);
  if (filter.from !== null) conditions.push(sql`e.archived_at >= ${filter.from}::timestamptz`);
  if (filter.to !== null) conditions.push(sql`e.archived_at < ${filter.to}::timestamptz`);
  if (filter.tenant_id !== null) conditions.push(sql`e.tenant_id = ${filter.tenant_id}`);
  if (filter.correlation_id !== null) conditions.push(sql`e.correlation_id = ${filter.correlation_id}`);
  if (filter.event_id != null) conditions.push(sql`e.event_id = ${filter.event_id}`);
  return sql.join(conditions, sql` AND `);
}

const ofEvent = { id: sql`e.id::text`, messageId: sql`e.stream_message_id` };

/** True when the subscriber has a claim, also of a forced replay, that names the event in column `id` of `e`. */
function hasClaimByName(subscriber: string): SQL {
  return sql`(EXISTS (SELECT FROM processed_events p WHERE p.subscriber_name = ${subscriber} AND p.event_id = e.id::text)
    OR EXISTS (SELECT FROM replay_claims r WHERE r.subscriber_name = ${subscriber} AND r.event_id = e.id::text))`;
}

/** The same, also for a claim that names no event: it is found by the column `stream_message_id` of `e`. */
export function hasClaim(subscriber: string): SQL {
  return sql`(${hasClaimByName(subscriber)} OR EXISTS (SELECT FROM processed_events p
    WHERE p.subscriber_name = ${subscriber} AND ${isUnderItsId(sql`p`, ofEvent)}))`;
}

const ofRecord = sql`e.position, e.id::text AS id, e.type, e.tenant_id, e.key, s.shard, ${entryId} AS stream_message_id, e.stored_at,
  NULL::text AS stream_name, NULL::jsonb AS raw_fields`;
const ofForeign = sql`e.position, e.event_id AS id, e.event_type AS type, e.tenant_id, e.key, coalesce(e.shard, 0) AS shard,
  e.stream_message_id, e.archived_at AS stored_at, e.stream_name, e.raw_fields`;

/**
 * What a replay may bring, the first behind a position: events of the record, and entries of other programs with their
 * bodies. Each table by its own order. Of what is not sent those that the subscriber applied: Redis lost their entries, and
 * `stream_message_id` is null until they are sent again. The others come by themselves.
 *
 * @param page.untilPosition null: to the end
 */
export function pageSql(
  {
    subscriber,
    filter,
    cursor,
    untilPosition,
  }: Pick<RunningReplay, "subscriber" | "filter" | "cursor"> & { readonly untilPosition: string | null },
  limit: number,
): SQL {
  const wanted = sql`(s.ms IS NOT NULL OR ${hasClaimByName(subscriber)})`;
  const rows = (columns: SQL, from: SQL, condition: SQL) => sql`(SELECT ${columns} FROM ${from}
    WHERE e.position > ${cursor}::bigint AND ${condition} ORDER BY e.position LIMIT ${limit})`;
  return sql`SELECT * FROM (
      ${rows(ofRecord, sql`events e ${withEntry}`, sql`${eventCondition(filter, untilPosition)} AND ${wanted}`)}
      UNION ALL ${rows(ofForeign, sql`archived_entries e`, foreignCondition(filter, untilPosition))}
    ) e ORDER BY e.position LIMIT ${limit}`;
}

/** Events looked at in one step, at most; those that are not needed cost little. */
const scanLimit = 5_000;

/** The part of an operation's row that a step of a replay needs. */
export interface RunningReplay {
  readonly id: string;
  readonly subscriber: string;
  readonly mode: ReplayMode;
  readonly filter: ReplayFilter;
  readonly replayGeneration: number;
  readonly cursor: string;
  readonly untilPosition: string;
}

/** Largest number of shards that the settings allow, so that every stream has its name. */
const maxShards = 64;

/**
 * Defers the next events of a replay, in the order of the record. Looks at no more than `scanLimit` of them; `cursor`
 * null says that there were none left. An open dead letter of an event is taken along and becomes resolved with it. A
 * forced replay stops before what is to be sent again: the stream brings it as a repetition, which is not applied. Nothing
 * inserted and nothing passed says that it waits for that.
 */
export async function deferEvents(
  tx: Tx,
  keys: StreamKeys,
  operation: RunningReplay,
  limit: number,
): Promise<HandedOver> {
  const { subscriber } = operation;
  const force = operation.mode === "force";
  const streams = sql.param(Array.from({ length: maxShards }, (_, shard) => keys.stream(shard)));
  const { rows } = await tx.execute<{
    inserted: number;
    passed: number;
    cursor: string | null;
    chosen: number;
  }>(sql`
    WITH page AS MATERIALIZED (
      ${pageSql(operation, Math.max(limit, scanLimit))}
    ), due AS MATERIALIZED (
      SELECT * FROM page WHERE NOT ${force}::boolean
        OR position < coalesce((SELECT min(position) FROM page WHERE stream_message_id IS NULL), position + 1)
    ), judged AS MATERIALIZED (
      SELECT e.*, l.id AS letter_id, l.status AS letter_status, ${hasClaim(subscriber)} AS applied
      FROM due e LEFT JOIN dead_letters l
        ON l.subscriber_name = ${subscriber} AND ${isUnderOrBesideItsId(sql`l`, ofEvent)}
    ), chosen AS MATERIALIZED (
      SELECT * FROM judged
      WHERE ${force}::boolean OR (NOT applied AND letter_status IS DISTINCT FROM 'discarded')
      ORDER BY position LIMIT ${limit}
    ), bound AS (
      SELECT CASE WHEN (SELECT count(*) FROM chosen) < ${limit}::integer THEN (SELECT max(position) FROM due)
        ELSE (SELECT max(position) FROM chosen) END AS position
    ), taken AS (
      UPDATE dead_letters l SET status = 'requeued', job_id = ${operation.id}::bigint, redrives = l.redrives + 1
      FROM chosen c WHERE l.id = c.letter_id AND l.status = 'open' RETURNING l.id
    ), inserted AS (
      INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, tenant_id,
        key, raw_fields, cause, job_id, dead_letter_id, replay_epoch)
      SELECT ${subscriber}, c.shard, coalesce(c.stream_name, (${streams}::text[])[c.shard + 1]), c.stream_message_id, c.id,
        c.type, c.tenant_id, c.key, c.raw_fields, 'replay', ${operation.id}::bigint, t.id,
        CASE WHEN c.applied THEN ${operation.replayGeneration}::integer ELSE 0 END
      FROM chosen c LEFT JOIN taken t ON t.id = c.letter_id
      ORDER BY c.position
      ON CONFLICT (subscriber_name, stream_message_id, replay_epoch) DO NOTHING
      RETURNING place
    )
    SELECT (SELECT count(*) FROM inserted)::integer AS inserted, (SELECT count(*) FROM chosen)::integer AS chosen,
      (SELECT count(*) FROM due, bound WHERE due.position <= bound.position)::integer
        - (SELECT count(*) FROM inserted)::integer AS passed,
      coalesce((SELECT position FROM bound), (SELECT ${operation.cursor}::bigint FROM page LIMIT 1))::text AS cursor`);
  const [row] = rows;
  if (row === undefined) return { inserted: 0, passed: 0, cursor: null };
  // Its entry is deferred for another reason, so the letter is opened again.
  if (row.inserted < row.chosen) await releaseLetters(tx, operation.id);
  return row;
}

/**
 * Why a replay must not go on: its next event is older than the claims are kept, because it began long ago. In words for
 * an operator; null: it may go on.
 */
export async function claimsGoneReason(
  tx: Tx,
  operation: RunningReplay,
  dedupDays: number,
): Promise<string | null> {
  if (operation.filter.within_claims !== true) return null;
  const { rows } = await tx.execute<{ stored_at: string; gone: boolean }>(sql`
    SELECT ${isoText(sql`e.stored_at`)} AS stored_at,
      e.stored_at < now() - ${dedupDays}::integer * interval '1 day' AS gone
    FROM (${pageSql(operation, 1)}) e`);
  const [next] = rows;
  if (next?.gone !== true) return null;
  return `The next event was stored at ${next.stored_at}, and what was applied is known for ${dedupDays} days only (BRAIN_DEDUP_DAYS): it could be applied twice. Cancel this replay, and start another one that begins later, or one with "accept_duplicates".`;
}
