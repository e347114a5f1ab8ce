import type { Envelope } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { isUuid } from "../core/encoding/uuid.ts";
import type { Database } from "../db/database.ts";
import { isoText } from "../db/iso-text.ts";
import { entryId, withEntry } from "../db/stream-ids.ts";
import { isOfTenant } from "../db/tenant-rows.ts";
import { type EnvelopeRow, envelopeColumns, toEnvelope } from "../publish/record.ts";

/** An event of the record with what became of it. */
export interface RecordedDetails extends Envelope {
  /** Grows in the order of the commits, among events with the same key. */
  readonly position: number;
  readonly stored_at: string;
  /** Null until the relay sent it. */
  readonly sent_at: string | null;
  readonly stream_message_id: string | null;
  /** Null until the relay sent it. */
  readonly shard: number | null;
  readonly key: string | null;
}

export interface DetailsRow extends EnvelopeRow {
  readonly position: string;
  readonly stored_at: string;
  readonly sent_at: string | null;
  readonly stream_message_id: string | null;
  readonly shard: number | null;
  readonly key: string | null;
}

/** Columns of `events e` behind which `withEntry` stands. */
export const detailColumns = sql`${envelopeColumns}, e.position::text AS position, s.shard, e.key,
  ${entryId} AS stream_message_id, ${isoText(sql`e.stored_at`)} AS stored_at, ${isoText(sql`s.sent_at`)} AS sent_at`;

/** An event as it leaves the record: envelope, position, and where it went. */
export function toDetails(row: DetailsRow): RecordedDetails {
  const { position, stored_at, sent_at, stream_message_id, shard, key } = row;
  return {
    ...toEnvelope(row),
    position: Number(position),
    stored_at,
    sent_at,
    stream_message_id,
    shard,
    key,
  };
}

/** One event by its id; null when the record does not hold it, or it is not the tenant's. @param tenantId null: of any */
export async function findRecorded(
  db: Database,
  id: string,
  tenantId: string | null = null,
): Promise<RecordedDetails | null> {
  if (!isUuid(id)) return null;
  const [row] = await db.rows<DetailsRow>(
    sql`SELECT ${detailColumns} FROM events e ${withEntry} WHERE e.id = ${id}::uuid AND ${isOfTenant(sql`e.tenant_id`, tenantId)}`,
  );
  return row === undefined ? null : toDetails(row);
}
