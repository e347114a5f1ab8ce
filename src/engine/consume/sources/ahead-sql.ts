import type { MessageId } from "@brain/schemas";
import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../../db/database.ts";
import { keepNamedSql, keepSql } from "../../db/kept-sql.ts";
import { isUnderItsId } from "../../db/of-event.ts";
import { entryId, inStreamOrder, sentEvents, sentId, splitId, withSentEntry } from "../../db/stream-ids.ts";
import { type AheadIds, aheadFromText, aheadToText } from "../lease/shard-state.ts";

/* What is looked for in the record behind what a group has read: see `look-ahead.ts`. */

export interface AheadQuestion {
  readonly subscriber: string;
  readonly shard: number;
  /** Types that the consumer handles; null: all. */
  readonly types: readonly string[] | null;
  /** The group has read up to here. */
  readonly cursor: MessageId;
  /** Looks for events behind this id; the cursor or later. */
  readonly from: MessageId;
  /** Tenants that need no help. */
  readonly served: readonly string[];
  /** Events that those who are served had read: each other tenant may have as many, by weight. */
  readonly readSince: number;
  /** Events looked at, at most. */
  readonly window: number;
  readonly takeAtMost: number;
}

/** An event of the record that is to be deferred. */
export interface AheadEvent {
  /** Decimal. */
  readonly position: string;
  /** Empty: none. */
  readonly tenant: string;
  readonly id: MessageId;
}

export interface Found {
  /** In the order of the stream; of each tenant all up to some id. */
  readonly chosen: readonly AheadEvent[];
  /** Nobody else waits among the events that were looked at. */
  readonly isAll: boolean;
  /** Id of the last event that was looked at; null when there was none. */
  readonly end: MessageId | null;
  /** Up to where each tenant's events had been taken ahead. Redis may say more, when a worker ended in between. */
  readonly ahead: AheadIds;
}

export async function findAhead(db: Database, question: AheadQuestion): Promise<Found> {
  const { cursor, from, ...others } = question;
  const [cursorMs, cursorSeq] = splitId(cursor);
  const [fromMs, fromSeq] = splitId(from);
  const [, rows] = await db.batch([
    inOrderSql(),
    findSql({ ...others, cursorMs, cursorSeq, fromMs, fromSeq }),
  ]);
  const [row] = (rows ?? []) as FoundRow[];
  const chosen = row?.chosen ?? [];
  return {
    chosen,
    isAll: row?.waiting === chosen.length,
    end: row?.end_id ?? null,
    ahead: aheadFromText(row?.ahead ?? "{}"),
  };
}

interface FoundRow {
  readonly end_id: MessageId | null;
  readonly waiting: number;
  readonly chosen: AheadEvent[] | null;
  /** JSON text; null when the consumer never began here. */
  readonly ahead: string | null;
}

/** The stretch is read from the index, in its order, also of a table that was never analyzed. */
const inOrderSql = keepSql(
  () => sql`
    SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
      set_config('jit', 'off', true)`,
);

/** An id by its parts, because ids are compared by number and not as text. */
type FindValues = Omit<AheadQuestion, "cursor" | "from"> & {
  readonly cursorMs: string;
  readonly cursorSeq: string;
  readonly fromMs: string;
  readonly fromSeq: string;
};

/**
 * Chooses among the next events on the stream. Nothing is found while an entry of another program is unread, or may be.
 *
 * Of 10,000 unread events, 10 another tenant's: some ten milliseconds, most of it for reading the stretch. Giving each row the parts
 * of its id took as long again, so only those that wait get them.
 */
const findSql = keepNamedSql<FindValues>(
  ({
    subscriber,
    shard,
    types,
    cursorMs,
    cursorSeq,
    fromMs,
    fromSeq,
    served,
    readSince,
    window,
    takeAtMost,
  }) => {
    const weightOf = (tenant: SQL) =>
      sql`coalesce((SELECT l.weight FROM tenant_limits l WHERE l.tenant_id = ${tenant}), 1)`;
    return sql`
    WITH known AS MATERIALIZED (
      SELECT s.ahead FROM consumer_shards s WHERE s.subscriber_name = ${subscriber} AND s.shard = ${shard}
    ), taken AS MATERIALIZED (
      SELECT t.tenant, split_part(t.id, '-', 1)::numeric AS ms, split_part(t.id, '-', 2)::numeric AS seq
      FROM known, jsonb_each_text(known.ahead) AS t(tenant, id)
    ), near AS MATERIALIZED (
      SELECT e.position, e.type, coalesce(e.tenant_id, '') AS tenant, e.key, s.ms, s.seq
      FROM ${sentEvents}
      WHERE s.shard = ${shard} AND ${sentId} > (${fromMs}::numeric, ${fromSeq}::numeric)
        AND (SELECT (r.foreign_ms, r.foreign_seq) <= (${cursorMs}::numeric, ${cursorSeq}::numeric)
          FROM relay_shards r WHERE r.shard = ${shard})
      ORDER BY ${inStreamOrder} LIMIT ${window}
    ), others AS MATERIALIZED (
      SELECT e.position, e.tenant, e.key, e.ms, e.seq
      FROM near e
      WHERE NOT e.tenant = ANY(${served}::text[]) AND (${types}::text[] IS NULL OR e.type = ANY(${types}::text[]))
    ), waiting AS MATERIALIZED (
      SELECT n.*, row_number() OVER (PARTITION BY n.tenant ORDER BY n.ms, n.seq) AS place
      FROM others n LEFT JOIN taken t ON t.tenant = n.tenant
      WHERE t.tenant IS NULL OR (n.ms, n.seq) > (t.ms, t.seq)
    ), weights AS MATERIALIZED (
      SELECT w.tenant, ${weightOf(sql.raw("w.tenant"))} AS weight FROM (SELECT DISTINCT tenant FROM waiting) w
    ), share AS MATERIALIZED (
      SELECT ${readSince}::integer / sum(${weightOf(sql.raw("s.tenant"))}) AS of_one FROM unnest(${served}::text[]) AS s(tenant)
    ), turns AS MATERIALIZED (
      SELECT n.*, (n.place - 1) / w.weight AS turn FROM waiting n JOIN weights w ON w.tenant = n.tenant
      WHERE n.place <= greatest(1, ceil(w.weight * (SELECT of_one FROM share)))
      ORDER BY turn, n.ms, n.seq LIMIT ${takeAtMost}
    ), older AS MATERIALIZED (
      SELECT e.key, coalesce(e.tenant_id, '') AS tenant, s.ms, s.seq
      FROM ${sentEvents}
      WHERE EXISTS (SELECT FROM turns WHERE key IS NOT NULL)
        AND s.shard = ${shard} AND ${sentId} > (${cursorMs}::numeric, ${cursorSeq}::numeric)
        AND ${sentId} < (SELECT ms, seq FROM turns ORDER BY ms DESC, seq DESC LIMIT 1)
        AND e.key = ANY(ARRAY(SELECT DISTINCT key FROM turns WHERE key IS NOT NULL))
    ), held AS (
      SELECT DISTINCT ON (n.tenant) n.tenant, n.ms, n.seq
      FROM turns n JOIN older o ON o.key = n.key AND o.tenant <> n.tenant AND (o.ms, o.seq) < (n.ms, n.seq)
      ORDER BY n.tenant, n.ms, n.seq
    ), chosen AS (
      SELECT n.* FROM turns n LEFT JOIN held h ON h.tenant = n.tenant
      WHERE h.tenant IS NULL OR (n.ms, n.seq) < (h.ms, h.seq)
    )
    SELECT (SELECT ms || '-' || seq FROM near OFFSET (SELECT greatest(count(*), 1) - 1 FROM near) LIMIT 1) AS end_id,
      (SELECT count(*) FROM waiting)::integer AS waiting,
      (SELECT json_agg(json_build_object('position', position::text, 'tenant', tenant, 'id', ms || '-' || seq) ORDER BY ms, seq)
        FROM chosen) AS chosen,
      (SELECT ahead::text FROM known) AS ahead`;
  },
);

export interface NewAhead {
  readonly subscriber: string;
  readonly shard: number;
  readonly stream: string;
  readonly fencingToken: number;
  readonly chosen: readonly AheadEvent[];
  /** Up to where each tenant's events are taken ahead then. */
  readonly ahead: AheadIds;
}

/**
 * Defers events of the record for one consumer, and notes up to where. Those that it had finished are left out.
 * Nothing happens when another worker has raised the fencing token, or for an event that was sent under another id
 * meanwhile.
 */
export async function storeAhead(db: Database, ahead: NewAhead): Promise<void> {
  const { chosen, ...others } = ahead;
  await db.rows(
    storeSql({
      ...others,
      ahead: aheadToText(ahead.ahead),
      positions: chosen.map(({ position }) => position),
      ids: chosen.map(({ id }) => id),
    }),
  );
}

type StoreValues = Omit<NewAhead, "chosen" | "ahead"> & {
  /** JSON. */
  readonly ahead: string;
  readonly positions: readonly string[];
  readonly ids: readonly string[];
};

const storeSql = keepNamedSql<StoreValues>(
  ({ subscriber, shard, fencingToken, ahead, stream, positions, ids }) => sql`
    WITH holder AS (
      UPDATE consumer_shards SET ahead = ${ahead}::jsonb
      WHERE subscriber_name = ${subscriber} AND shard = ${shard} AND epoch = ${fencingToken}::bigint
      RETURNING shard
    )
    INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, tenant_id, key, cause)
    SELECT ${subscriber}, ${shard}, ${stream}, ${entryId}, e.id::text, e.type, e.tenant_id, e.key, 'ahead'
    FROM holder, unnest(${positions}::bigint[], ${ids}::text[]) AS given(position, id)
      JOIN events e ON e.position = given.position ${withSentEntry}
    WHERE ${entryId} = given.id AND NOT EXISTS (SELECT FROM processed_events p
        WHERE p.subscriber_name = ${subscriber} AND p.event_id = e.id::text)
      AND NOT EXISTS (SELECT FROM dead_letters l
        WHERE l.subscriber_name = ${subscriber} AND ${isUnderItsId(sql`l`, { id: sql`e.id::text`, messageId: sql`given.id` })})
    ON CONFLICT (subscriber_name, stream_message_id, replay_epoch) DO NOTHING`,
);
