import type { JsonValue } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { isoText } from "../db/iso-text.ts";
import { entryId, messageIdIn } from "../db/stream-ids.ts";
import type { RecordedDetails } from "./history.ts";

/** An entry of another program, with what could be read of it: the fields of an event, where it is one. */
export interface ForeignDetails {
  readonly foreign: true;
  /** Null: the entry has none. */
  readonly id: string | null;
  readonly type: string | null;
  readonly source: string | null;
  readonly target: string | null;
  /** Null, as the other fields of an event: the entry is none, or nobody tried to read it. */
  readonly payload: JsonValue;
  readonly timestamp: string | null;
  readonly meta: JsonValue;
  readonly mission_id: string | null;
  readonly task_id: string | null;
  readonly correlation_id: string | null;
  readonly tenant_id: string | null;
  readonly actor_id: string | null;
  readonly severity: string | null;
  /** Among those of the record. */
  readonly position: number;
  readonly stored_at: string;
  readonly sent_at: null;
  readonly stream_message_id: string;
  readonly shard: number | null;
  readonly key: string | null;
  readonly stream_name: string;
  /** The entry as it stood on the stream. */
  readonly raw_fields: JsonValue;
  readonly decode_notes: JsonValue;
  /** Why it is no event; null: it is one, or nobody tried. */
  readonly unread: string | null;
}

/** What a search finds. */
export type Found = RecordedDetails | ForeignDetails;

type Parsed = "payload" | "meta" | "raw_fields" | "decode_notes";

/** As Postgres gives it: JSON as text. */
export interface ForeignRow
  extends Omit<ForeignDetails, Parsed | "position" | "foreign" | "sent_at">,
    Readonly<Record<Parsed, string | null>> {
  readonly position: string;
}

/** Columns of `archived_entries e`, for `toForeignDetails`. */
export const foreignColumns = sql`e.event_id AS id, e.event_type AS type, e.source, e.target, e.payload::text AS payload,
  ${isoText(sql`e.occurred_at`)} AS timestamp, e.meta::text AS meta, e.mission_id, e.task_id, e.correlation_id, e.tenant_id,
  e.actor_id, e.severity, e.position::text AS position, ${isoText(sql`e.archived_at`)} AS stored_at, e.stream_message_id,
  e.shard, e.key, e.stream_name, e.raw_fields::text AS raw_fields, e.decode_notes::text AS decode_notes, e.unread`;

/** Columns of `archived_entries e` as an envelope, for `toEnvelope`: of what is an event alone. */
export const foreignEnvelope = sql`e.event_id AS id, e.event_type AS type, e.source, e.target, e.payload::text AS payload,
  ${isoText(sql`e.occurred_at`)} AS timestamp, (e.meta || jsonb_build_object('position', e.position))::text AS meta,
  e.mission_id, e.task_id, e.correlation_id, e.tenant_id, e.actor_id, e.severity`;

/** A row among others: it is ours when somebody else's has that place. */
export const isDecided = sql`NOT (e.undecided AND EXISTS (SELECT FROM events o JOIN stream_entries s ON s.position = o.position WHERE o.id = CASE
    WHEN e.event_id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN e.event_id::uuid END AND ${entryId} = ${messageIdIn(sql`e.stream_message_id`)}))`;

export function toForeignDetails(row: ForeignRow): ForeignDetails {
  const { id, type, source, target, timestamp, mission_id, task_id, correlation_id, tenant_id } = row;
  const { actor_id, severity, stored_at, stream_message_id, shard, key, stream_name, unread } = row;
  const parsed = (text: string | null): JsonValue => (text === null ? null : JSON.parse(text));
  return {
    ...{ foreign: true, id, type, source, target, payload: parsed(row.payload), timestamp },
    ...{ meta: parsed(row.meta), mission_id, task_id, correlation_id, tenant_id, actor_id, severity },
    ...{
      position: Number(row.position),
      stored_at,
      sent_at: null,
      stream_message_id,
      shard,
      key,
      stream_name,
    },
    ...{ raw_fields: parsed(row.raw_fields), decode_notes: parsed(row.decode_notes), unread },
  };
}
