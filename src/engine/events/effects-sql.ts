import { type SQL, sql } from "drizzle-orm";
import { besideId } from "../core/beside-ids.ts";
import { isoText } from "../db/iso-text.ts";
import { entryId, withEntry } from "../db/stream-ids.ts";
import { isOfTenant } from "../db/tenant-rows.ts";

/* What Postgres knows of one event, for `effects.ts`: each statement goes through an index to a few rows. */

/** A delivery that waits in Postgres; also of what was applied, before it is replayed. */
export interface DeferredEffect {
  readonly cause: string;
  /** The redrive or replay. */
  readonly job_id: string | null;
  readonly queued_at: string;
  readonly due_at: string;
  readonly attempts: number;
  readonly error: string | null;
}

export interface LetterOfEvent {
  readonly id: string;
  readonly status: string;
  readonly reason: string;
  readonly error: string;
  readonly attempts: number;
  readonly first_failed_at: string;
  readonly last_failed_at: string;
  /** The redrive that took it last. */
  readonly job_id: string | null;
  readonly redrives: number;
}

/** An event as another one refers to it. */
export interface RelatedEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly timestamp: string;
  readonly position: number;
}

/** Effects of one answer. */
export const maxEffects = 100;

export interface EventRow {
  readonly id: string;
  readonly type: string;
  readonly position: string;
  readonly stored_at: string;
  readonly sent_at: string | null;
  readonly shard: number | null;
  readonly stream_message_id: string | null;
  readonly causation_id: string | null;
  readonly origin: unknown;
}

export interface ClaimRow {
  readonly subscriber: string;
  readonly applied_at: string;
  /** 0, or the forced replay. */
  readonly job_id: string;
  readonly metadata: unknown;
}

export type Of<T> = T & { readonly subscriber: string };

/** What Postgres knows of each consumer's delivery. */
export interface Traces {
  readonly claims: readonly ClaimRow[];
  readonly deferred: readonly Of<DeferredEffect>[];
  readonly letters: readonly Of<LetterOfEvent>[];
}

export interface Asked {
  readonly id: string;
  readonly subscribers: readonly string[];
  readonly tenantId: string | null;
}

export const eventSql = ({ id, tenantId }: Asked): SQL => sql`
  SELECT e.id::text AS id, e.type, e.position::text AS position, ${isoText(sql`e.stored_at`)} AS stored_at,
    ${isoText(sql`s.sent_at`)} AS sent_at, s.shard, ${entryId} AS stream_message_id, e.causation_id, e.origin
  FROM events e ${withEntry} WHERE e.id = ${id}::uuid AND ${isOfTenant(sql`e.tenant_id`, tenantId)}`;

const relatedColumns = sql`e.id::text AS id, e.type, e.source, ${isoText(sql`e.occurred_at`)} AS timestamp, e.position::text AS position`;

export type RelatedRow = Omit<RelatedEvent, "position"> & { readonly position: string };
export const toRelated = (row: RelatedRow): RelatedEvent => ({ ...row, position: Number(row.position) });

/** A causation id may be any text of another program. */
export const causeSql = ({ id, tenantId }: Asked): SQL => sql`
  SELECT ${relatedColumns} FROM events e WHERE ${isOfTenant(sql`e.tenant_id`, tenantId)} AND e.id = (
    SELECT CASE WHEN causation_id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN causation_id::uuid END
    FROM events WHERE events.id = ${id}::uuid)`;

export const effectsSql = ({ id, tenantId }: Asked): SQL => sql`
  SELECT ${relatedColumns} FROM events e
  WHERE e.causation_id = ${id} AND ${isOfTenant(sql`e.tenant_id`, tenantId)}
  ORDER BY e.position LIMIT ${maxEffects + 1}`;

/** The statements whose rows `toTraces` takes. */
export function traceStatements({ id, subscribers, tenantId }: Asked): SQL[] {
  const isOwn = isOfTenant(sql`tenant_id`, tenantId);
  return [
    sql`SELECT subscriber_name AS subscriber, ${isoText(sql`processed_at`)} AS applied_at, '0' AS job_id, metadata
      FROM processed_events WHERE event_id = ${id} AND ${isOwn}
      UNION ALL
      SELECT subscriber_name, ${isoText(sql`processed_at`)}, replay_epoch::text, metadata
      FROM replay_claims WHERE event_id = ${id} AND ${isOwn} ORDER BY 3`,
    // They are found by the stream id; by their event there is no index.
    sql`SELECT subscriber_name AS subscriber, cause, job_id::text AS job_id, ${isoText(sql`queued_at`)} AS queued_at,
        ${isoText(sql`due_at`)} AS due_at, attempts, last_error AS error
      FROM deliveries WHERE subscriber_name = ANY(${sql.param([...subscribers])}::text[])
        AND stream_message_id IN (SELECT ${entryId} || suffix FROM events e ${withEntry},
          unnest(ARRAY['', ${besideId("", id)}]) suffix WHERE e.id = ${id}::uuid)
        AND event_id = ${id} AND ${isOwn} ORDER BY replay_epoch`,
    sql`SELECT subscriber_name AS subscriber, id::text AS id, status, reason, left(error_message, 500) AS error, attempts,
        ${isoText(sql`first_failed_at`)} AS first_failed_at, ${isoText(sql`last_failed_at`)} AS last_failed_at, job_id::text AS job_id, redrives
      FROM dead_letters WHERE event_id = ${id} AND ${isOwn} ORDER BY dead_letters.id`,
  ];
}

export function toTraces([claims, deferred, letters]: readonly (readonly unknown[])[]): Traces {
  return {
    claims: (claims ?? []) as ClaimRow[],
    deferred: (deferred ?? []) as Of<DeferredEffect>[],
    letters: (letters ?? []) as Of<LetterOfEvent>[],
  };
}

export const subscribersOf = ({ claims, deferred, letters }: Traces): string[] => [
  ...new Set([...claims, ...deferred, ...letters].map(({ subscriber }) => subscriber)),
];
