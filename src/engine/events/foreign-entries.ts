import type { Envelope } from "@brain/schemas";
import { type SQL, sql } from "drizzle-orm";
import type { StreamEntry } from "../consume/consumer.ts";
import { besideId } from "../core/beside-ids.ts";
import { isUuid } from "../core/encoding/uuid.ts";
import { archivedPlace } from "../db/archived-place.ts";
import type { Database } from "../db/database.ts";
import { entryId, messageIdIn, withEntry, withSentEntry } from "../db/stream-ids.ts";

/*
 * Entries of other programs. Own events are in the record under the id of their entry; what stands on the stream and is
 * not there under that very id is foreign, also when it repeats the id of an event of ours.
 *
 * Own events are the usual case, so an entry that tells its place in the record (only the relay writes it there) goes to
 * Postgres by its ids alone. What then turns out to be a copy is asked for once more with all it holds.
 */

/** @returns how many were stored; what is stored already counts as not */
export async function keepForeign(
  db: Pick<Database, "rows">,
  entries: readonly StreamEntry[],
): Promise<number> {
  const claimOwn = entries.filter(looksOwn);
  const others = entries.filter((entry) => !looksOwn(entry));
  if (entries.length === 0) return 0;
  const [first] = await db.rows<Kept>(keepSql(claimOwn, others));
  const copies = new Set(first?.copies ?? []);
  if (copies.size === 0) return first?.stored ?? 0;
  const copied = claimOwn.filter(({ streamMessageId }) => copies.has(streamMessageId));
  const [second] = await db.rows<Kept>(keepSql([], copied));
  return (first?.stored ?? 0) + (second?.stored ?? 0);
}

interface Kept {
  readonly stored: number;
  /** Of those that look like ours, the ones that the record does not have under their stream id. */
  readonly copies: readonly string[] | null;
}

function looksOwn({ event }: StreamEntry): boolean {
  return event !== null && isUuid(event.id) && typeof event.meta.position === "number";
}

function keepSql(claimOwn: readonly StreamEntry[], others: readonly StreamEntry[]): SQL {
  const ids = JSON.stringify(claimOwn.map(({ streamMessageId: m, event }) => ({ m, e: event?.id })));
  return sql`
    WITH given AS (
      SELECT r.*, CASE WHEN r.uuid IS NULL THEN false ELSE EXISTS (SELECT FROM events e ${withSentEntry}
          WHERE e.id = r.uuid AND ${entryId} = r.stream_message_id) END AS own,
        CASE WHEN r.uuid IS NULL THEN false ELSE EXISTS (SELECT FROM events e
          JOIN unsent_events u ON u.position = e.position WHERE e.id = r.uuid) END AS unsent
      FROM json_to_recordset(${JSON.stringify(others.map(toRow))}::json) AS r(stream_name text, stream_message_id text,
        beside text, uuid uuid, event_id text, event_type text, raw_fields jsonb, shard integer, source text, target text,
        tenant_id text, actor_id text, correlation_id text, causation_id text, mission_id text, task_id text,
        severity text, schema_version integer, producer text, source_module text, meta jsonb, payload jsonb,
        occurred_at timestamptz, key text, decode_notes jsonb, unread text)
    ), stored AS (
      INSERT INTO archived_entries (stream_name, stream_message_id, event_id, event_type, raw_fields, shard, source,
        target, tenant_id, actor_id, correlation_id, causation_id, mission_id, task_id, severity, schema_version,
        producer, source_module, meta, payload, occurred_at, key, decode_notes, unread, undecided)
      SELECT g.stream_name, ${archivedPlace(sql`g.stream_name`)}, g.event_id, g.event_type, g.raw_fields, g.shard, g.source, g.target,
        g.tenant_id, g.actor_id, g.correlation_id, g.causation_id, g.mission_id, g.task_id, g.severity,
        g.schema_version, g.producer, g.source_module, g.meta, g.payload, g.occurred_at, g.key, g.decode_notes,
        g.unread, g.unsent
      FROM given g WHERE NOT g.own
      ON CONFLICT (stream_name, stream_message_id) DO NOTHING RETURNING 1
    )
    SELECT (SELECT count(*) FROM stored)::integer AS stored, (
      SELECT json_agg(c.m) FROM json_to_recordset(${ids}::json) AS c(m text, e uuid)
      WHERE NOT EXISTS (SELECT FROM events e ${withSentEntry} WHERE e.id = c.e AND ${entryId} = c.m)) AS copies`;
}

/** Text that fits the column. */
const cutTo = (text: string | null, length: number) => text?.slice(0, length).toWellFormed() ?? null;

function toRow(entry: StreamEntry) {
  const { stream, streamMessageId, shard, fields, event, type, unread, notes, key } = entry;
  const id = event?.id ?? cutTo(fields.id ?? null, 255);
  return {
    stream_name: stream,
    stream_message_id: streamMessageId,
    beside: besideId(streamMessageId, id ?? JSON.stringify(fields)),
    uuid: id !== null && isUuid(id) ? id : null,
    event_id: cutTo(id, 255),
    event_type: cutTo(event?.type ?? type ?? fields.type ?? null, 255),
    raw_fields: fields,
    shard,
    ...(event === null ? {} : ofEnvelope(event)),
    key: cutTo(key, 255),
    decode_notes: notes,
    unread: cutTo(unread, 2_000),
  };
}

function ofEnvelope(event: Envelope) {
  const { source, target, actor_id, correlation_id, mission_id, task_id, severity, meta, payload } = event;
  // Cut off, it might be another tenant's name.
  const tenant_id = event.tenant_id !== null && event.tenant_id.length <= 100 ? event.tenant_id : null;
  return {
    source: cutTo(source, 255),
    target: cutTo(target, 255),
    tenant_id,
    actor_id: cutTo(actor_id, 255),
    correlation_id: cutTo(correlation_id, 255),
    causation_id: cutTo(typeof meta.causation_id === "string" ? meta.causation_id : null, 255),
    mission_id: cutTo(mission_id, 255),
    task_id: cutTo(task_id, 255),
    severity,
    schema_version: meta.schema_version,
    producer: cutTo(meta.producer, 255),
    source_module: cutTo(meta.source_module, 100),
    meta,
    payload,
    occurred_at: event.timestamp,
  };
}

/** Undecided entries looked at in one statement. */
export const settledAtOnce = 5_000;

/**
 * Finds out what the undecided entries are: those that the record has under their id by now are removed, the others stay.
 *
 * @returns how many were decided
 */
export async function settleUndecided({ rows }: Pick<Database, "rows">): Promise<number> {
  const [answer] = await rows<{ count: number }>(sql`
    WITH page AS MATERIALIZED (
      SELECT a.id, e.id IS NOT NULL AND s.position IS NULL AS waits,
        coalesce(${entryId} = ${messageIdIn(sql`a.stream_message_id`)}, false) AS own
      FROM archived_entries a LEFT JOIN events e ON e.id = CASE WHEN a.event_id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        THEN a.event_id::uuid END ${withEntry}
      WHERE a.undecided ORDER BY a.position LIMIT ${settledAtOnce}
    ), own AS (
      DELETE FROM archived_entries a USING page p WHERE a.id = p.id AND p.own RETURNING 1
    ), foreign_ones AS (
      UPDATE archived_entries a SET undecided = false FROM page p WHERE a.id = p.id AND NOT p.own AND NOT p.waits
      RETURNING 1
    )
    SELECT ((SELECT count(*) FROM own) + (SELECT count(*) FROM foreign_ones))::integer AS count`);
  return answer?.count ?? 0;
}
