import { sql } from "drizzle-orm";
import type { Database } from "../../db/database.ts";
import { isoText } from "../../db/iso-text.ts";
import { isClaimOf } from "./dedup.ts";

/** What the claims of a consumer say of an event. */
export interface ClaimState {
  /** ISO 8601. */
  readonly at: string;
  /** Of the entry that was applied. */
  readonly stream_message_id: string;
  /** 0, or the generation of the forced replay. */
  readonly replay_epoch: number;
  /** `discarded`, `edited`: it was given up, or a copy was to take its place, and this consumer did not apply it. */
  readonly instead: "applied" | "discarded" | "edited";
}

/** The last claim of an event by a consumer, committed; null when there is none. Waits for nobody who is claiming it. */
export async function claimState(
  db: Database,
  subscriber: string,
  { messageId, eventId }: { readonly messageId: string; readonly eventId: string },
): Promise<ClaimState | null> {
  const from = (table: "processed_events" | "replay_claims") => sql`
    SELECT processed_at, stream_message_id, replay_epoch, CASE WHEN metadata ? 'discarded' THEN 'discarded'
      WHEN metadata ? 'edited' THEN 'edited' ELSE 'applied' END AS instead
    FROM ${sql.raw(table)} WHERE subscriber_name = ${subscriber}
      AND ${isClaimOf(sql.raw(table), sql`${messageId}`, sql`${eventId}::text`)}`;
  const [claim] = await db.rows<ClaimState>(sql`
    SELECT ${isoText(sql`c.processed_at`)} AS at, c.stream_message_id,
      c.replay_epoch, c.instead
    FROM (${from("processed_events")} UNION ALL ${from("replay_claims")}) c
    ORDER BY c.instead = 'applied' DESC, c.processed_at DESC LIMIT 1`);
  return claim ?? null;
}
