import type pg from "pg";
import { recorded } from "../recorded.ts";
import type { Violation } from "./checker.ts";

/** Violations that are looked into. */
const traced = 3;

/**
 * What the database says about the first violations: each event of the same key as it was recorded and sent, and when
 * the subscriber claimed it and left its effect.
 */
export async function readTraces(db: pg.Pool, violations: readonly Violation[]): Promise<string[]> {
  const lines: string[] = [];
  for (const { subscriber, of, kind } of violations.slice(0, traced)) {
    lines.push(`trace of ${kind}: ${of} at ${subscriber}`);
    const { rows } = await db.query<{ line: string }>(
      `WITH own AS (
         SELECT key, id FROM events WHERE id::text = $1
         UNION ALL SELECT key, NULL FROM chaos_effects WHERE of = $1 AND key IS NOT NULL LIMIT 1
       ), family AS (
         SELECT e.* FROM ${recorded.replace(/ AS events$/, "")} e JOIN own ON e.id = own.id OR e.key = own.key ORDER BY e.position LIMIT 20
       )
       SELECT concat_ws(' ', 'position', f.position, f.type, f.id, 'stored', f.stored_at::time(3),
         'sent', f.sent_at::time(3), f.stream_message_id, '| claimed', p.processed_at::time(3), p.stream_message_id,
         '| effect', x.place, x.number, x.at::time(3), '| dead letter', d.reason, d.last_failed_at::time(3)) AS line
       FROM family f
       LEFT JOIN processed_events p ON p.subscriber_name = $2 AND p.event_id = f.id::text
       LEFT JOIN chaos_effects x ON x.subscriber = $2 AND x.event_id = f.id::text
       LEFT JOIN dead_letters d ON d.subscriber_name = $2 AND d.event_id = f.id::text
       ORDER BY f.position, x.place`,
      [of, subscriber],
    );
    lines.push(...rows.map(({ line }) => `  ${line}`));
  }
  return lines;
}
