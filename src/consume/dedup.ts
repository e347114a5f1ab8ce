import { sql } from "drizzle-orm";
import type { Database, Tx } from "../db/database.ts";

/** One delivery to claim for a subscriber. */
export interface Claim {
  readonly messageId: string;
  readonly eventId: string;
  readonly type: string;
  readonly tenantId: string | null;
  /** 0, or the epoch of a forced replay: under it the event may be applied once more. */
  readonly epoch: number;
}

/** What tells one claim of a subscriber from another: the message id, and the epoch when there is one. */
export function claimId({ messageId, epoch }: Pick<Claim, "messageId" | "epoch">): string {
  return epoch === 0 ? messageId : `${messageId}#${epoch}`;
}

/** The same in SQL. */
const claimIdSql = sql`CASE WHEN replay_epoch = 0 THEN stream_message_id
  ELSE stream_message_id || '#' || replay_epoch END`;

/** All sets hold `claimId`s. */
export interface ClaimResult {
  /** Ours now; their effects belong in the same transaction. */
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
      ...(claim.epoch === 0 ? {} : { p: claim.epoch }),
    })),
  );
  const inserted = await tx.execute<{ m: string }>(sql`
    INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id, event_type, tenant_id,
      replay_epoch)
    SELECT ${subscriber}, ${stream}, c.m, c.e, c.t, c.n, coalesce(c.p, 0)
    FROM json_to_recordset(${rows}::json) AS c(m text, e text, t text, n text, p integer)
    ON CONFLICT DO NOTHING
    RETURNING ${claimIdSql} AS m`);
  const claimed = new Set(inserted.rows.map((row) => row.m));
  const refused = claims.filter((claim) => !claimed.has(claimId(claim)));
  if (refused.length === 0) return { claimed, redelivered: new Set(), publishedTwice: new Set() };
  const ids = refused.map(({ messageId }) => messageId);
  const known = await tx.execute<{ m: string }>(sql`
    SELECT ${claimIdSql} AS m FROM processed_events
    WHERE subscriber_name = ${subscriber} AND stream_message_id = ANY(${sql.param(ids)}::text[])`);
  const redelivered = new Set(known.rows.map((row) => row.m));
  const twice = refused.map(claimId).filter((id) => !redelivered.has(id));
  return { claimed, redelivered, publishedTwice: new Set(twice) };
}

/** Gives claims back that this transaction will not use; nobody else has seen them. */
export async function unclaim(
  tx: Tx,
  subscriber: string,
  claims: readonly Pick<Claim, "messageId" | "epoch">[],
): Promise<void> {
  const rows = JSON.stringify(claims.map(({ messageId, epoch }) => ({ m: messageId, p: epoch })));
  await tx.execute(sql`
    DELETE FROM processed_events e USING json_to_recordset(${rows}::json) AS c(m text, p integer)
    WHERE e.subscriber_name = ${subscriber} AND e.stream_message_id = c.m AND e.replay_epoch = c.p`);
}

/** True when the subscriber has applied this very entry. */
export async function isApplied(
  db: Database,
  subscriber: string,
  { messageId, epoch }: Pick<Claim, "messageId" | "epoch">,
): Promise<boolean> {
  const rows = await db.rows(sql`
    SELECT FROM processed_events WHERE subscriber_name = ${subscriber} AND stream_message_id = ${messageId}
      AND replay_epoch = ${epoch}`);
  return rows.length > 0;
}
