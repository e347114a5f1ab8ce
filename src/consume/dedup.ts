import { sql } from "drizzle-orm";
import type { Database, Tx } from "../db/database.ts";

/** One delivery to claim for a subscriber. */
export interface Claim {
  readonly messageId: string;
  readonly eventId: string;
  readonly type: string;
  readonly tenantId: string | null;
}

export interface ClaimResult {
  /** Message ids that are ours now; their effects belong in the same transaction. */
  readonly claimed: ReadonlySet<string>;
  /** The very entry was applied before: delivered again. */
  readonly redelivered: ReadonlySet<string>;
  /** The event was applied before under another message id: published twice. */
  readonly publishedTwice: ReadonlySet<string>;
}

const maxEventIdLength = 50;
const maxTypeLength = 100;

/**
 * Claims deliveries, one statement for all. Two unique keys guard: (subscriber, message id) and (subscriber, event id).
 * Waits for a transaction that is claiming the same row, so the outcome is never a guess.
 *
 * @see https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT
 */
export async function claimDeliveries(
  tx: Tx,
  subscriber: string,
  stream: string,
  claims: readonly Claim[],
): Promise<ClaimResult> {
  const rows = JSON.stringify(
    claims.map((claim) => ({
      m: claim.messageId,
      e: claim.eventId.length <= maxEventIdLength ? claim.eventId : null,
      t: claim.type.slice(0, maxTypeLength),
      n: claim.tenantId?.slice(0, maxTypeLength) ?? null,
    })),
  );
  const inserted = await tx.execute<{ m: string }>(sql`
    INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id, event_type, tenant_id)
    SELECT ${subscriber}, ${stream}, c.m, c.e, c.t, c.n
    FROM json_to_recordset(${rows}::json) AS c(m text, e text, t text, n text)
    ON CONFLICT DO NOTHING
    RETURNING stream_message_id AS m`);
  const claimed = new Set(inserted.rows.map((row) => row.m));
  const refused = claims.filter((claim) => !claimed.has(claim.messageId)).map((claim) => claim.messageId);
  if (refused.length === 0) return { claimed, redelivered: new Set(), publishedTwice: new Set() };
  const known = await tx.execute<{ m: string }>(sql`
    SELECT stream_message_id AS m FROM processed_events
    WHERE subscriber_name = ${subscriber} AND stream_message_id = ANY(${sql.param(refused)}::text[])`);
  const redelivered = new Set(known.rows.map((row) => row.m));
  return { claimed, redelivered, publishedTwice: new Set(refused.filter((id) => !redelivered.has(id))) };
}

/** Gives claims back that this transaction will not use; nobody else has seen them. */
export async function unclaim(tx: Tx, subscriber: string, messageIds: readonly string[]): Promise<void> {
  await tx.execute(sql`
    DELETE FROM processed_events
    WHERE subscriber_name = ${subscriber} AND stream_message_id = ANY(${sql.param([...messageIds])}::text[])`);
}

/** True when the subscriber has applied this very entry. */
export async function isApplied(db: Database, subscriber: string, messageId: string): Promise<boolean> {
  const rows = await db.rows(sql`
    SELECT FROM processed_events WHERE subscriber_name = ${subscriber} AND stream_message_id = ${messageId}`);
  return rows.length > 0;
}
