import { sql } from "drizzle-orm";
import { withFewer } from "../core/promises/in-parts.ts";
import type { Database } from "../db/database.ts";
import { inStreamOrder, sentEvents, sentId, splitId, withEntry } from "../db/stream-ids.ts";
import { isOfTenant } from "../db/tenant-rows.ts";
import { type DetailsRow, detailColumns, type RecordedDetails, toDetails } from "./history.ts";

/** How far an export has come: the last id of each shard that it has given. */
export type ExportCursor = ReadonlyMap<number, string>;

export interface ExportPage {
  readonly events: readonly RecordedDetails[];
  /** Where the next page begins, also when nothing is left now. */
  readonly cursor: ExportCursor;
  /** Whether there is more at once. */
  readonly more: boolean;
}

export interface ExportFilter {
  readonly after: ExportCursor;
  readonly limit: number;
  /** Whose events alone; left out or null: those of all. */
  readonly tenantId?: string | null;
}

/**
 * A page of what was sent, in the order in which it was: complete, because a shard's ids only grow, while places in the
 * record are given before the commit. Events with the same key keep their order: within a shard by id, and over a change
 * of the number of shards by the time of sending, before and behind which the relay waits for everybody.
 *
 * An event that Redis lost was sent again under another id, and comes a second time with the same `id`.
 */
export function exportEvents(db: Database, filter: ExportFilter): Promise<ExportPage> {
  return withFewer(filter.limit, (limit) => readExport(db, { ...filter, limit }));
}

async function readExport(
  db: Database,
  { after, limit, tenantId = null }: ExportFilter,
): Promise<ExportPage> {
  const parts = [...after].map(([shard, id]) => [String(shard), ...splitId(id)] as const);
  const column = (index: 0 | 1 | 2) => sql.param(parts.map((part) => part[index]));
  // A clock that was set back must not turn ids of a shard round: its time of sending never falls.
  const found = await db.rows<DetailsRow>(sql`
    SELECT ${tenantId === null ? detailColumns : placeColumns} FROM (
      SELECT s.*, max(s.sent_at) OVER (PARTITION BY s.shard ORDER BY ${inStreamOrder}) AS sent_by
      FROM relay_shards r
        LEFT JOIN unnest(${column(0)}::integer[], ${column(1)}::numeric[], ${column(2)}::numeric[]) AS c(shard, ms, seq)
          ON c.shard = r.shard
        CROSS JOIN LATERAL (
          SELECT s.* FROM ${tenantId === null ? sql`stream_entries s` : sentEvents}
          WHERE s.shard = r.shard AND ${sentId} > (coalesce(c.ms, 0), coalesce(c.seq, 0))
            AND ${tenantId === null ? sql`true` : isOfTenant(sql`e.tenant_id`, tenantId)}
          ORDER BY ${inStreamOrder} LIMIT ${limit + 1}
        ) s
    ) s JOIN events e ON e.position = s.position
    ORDER BY s.sent_by, s.shard, ${inStreamOrder} LIMIT ${limit + 1}`);
  const rows = tenantId === null ? found : await detailsOf(db.ofTenant(tenantId), found);
  const events = rows.slice(0, limit).map(toDetails);
  const cursor = new Map(after);
  for (const { shard, stream_message_id: id } of events)
    if (shard !== null && id !== null) cursor.set(shard, id);
  return { events, cursor, more: found.length > limit };
}

const placeColumns = sql`e.position::text AS position`;

/**
 * What is at these places, in their order, as the tenant's own database gives it. Its policy cannot be asked in the order
 * of the stream: comparisons of numbers of any size are not leakproof, so Postgres would read the record from its
 * beginning. Places tell nothing of an event.
 */
async function detailsOf(
  db: Database,
  places: readonly Pick<DetailsRow, "position">[],
): Promise<DetailsRow[]> {
  if (places.length === 0) return [];
  const positions = sql.param(places.map(({ position }) => position));
  return db.rows<DetailsRow>(sql`
    SELECT ${detailColumns} FROM unnest(${positions}::bigint[]) WITH ORDINALITY AS p(position, place)
      JOIN events e ON e.position = p.position ${withEntry}
    ORDER BY p.place`);
}
