import { type AlertSeverity, type Database, hasNews, isoText, type Tx } from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import { sql } from "drizzle-orm";

/** The statements of messages, one a function. Times are judged by the database's clock. */

/** What there is to do. */
export interface Outlook {
  readonly news: boolean;
  /** Seconds until a message may be made; 0 or less: now. */
  readonly free_in: number;
  /** Seconds until the next message is due; null: none waits. */
  readonly due_in: number | null;
}

/** One statement, which reads by indexes. @param perHour messages that may be made within an hour, for each sink */
export async function lookOut(
  db: Database,
  least: AlertSeverity,
  { perHour, sinks }: { readonly perHour: number; readonly sinks: number },
): Promise<Outlook> {
  const [row] = await db.rows<Outlook>(sql`
    SELECT ${hasNews(least)} AS news,
      coalesce((SELECT ceil(extract(epoch FROM created_at + interval '1 hour' - now())) FROM alert_messages
        WHERE NOT is_test AND created_at > now() - interval '1 hour'
        ORDER BY created_at DESC OFFSET ${perHour * Math.max(1, sinks) - 1}::integer LIMIT 1), 0)::float8 AS free_in,
      (SELECT extract(epoch FROM min(due_at) - now()) FROM alert_messages WHERE status = 'waiting')::float8 AS due_in`);
  return row ?? { news: false, free_in: 0, due_in: null };
}

export interface NewMessage {
  readonly message_id: string;
  readonly sink: "webhook" | "slack";
  readonly body: JsonObject;
}

/** @returns their ids, in the given order */
export async function insertMessages(
  tx: Tx,
  messages: readonly NewMessage[],
  isTest: boolean,
): Promise<string[]> {
  const { rows } = await tx.execute<{ id: string }>(sql`
    INSERT INTO alert_messages (message_id, sink, is_test, body, status, due_at)
    SELECT message_id, sink, ${isTest}, body, 'waiting', now()
    FROM jsonb_to_recordset(${JSON.stringify(messages)}::jsonb) AS m (message_id uuid, sink text, body jsonb)
    RETURNING id::text AS id`);
  return rows.map(({ id }) => id);
}

/** A message that this run may try. */
export interface Claimed extends NewMessage {
  readonly id: number;
  readonly attempt: number;
  /** How long it has waited, s. */
  readonly age: number;
}

/** Takes what is due for a sink, oldest first. Several may do so at once: what another one has taken is passed over. */
export async function claimMessages(
  db: Database,
  sink: NewMessage["sink"],
  limit: number,
  leaseSeconds: number,
): Promise<Claimed[]> {
  return db.rows<Claimed>(sql`
    WITH due AS (
      SELECT id FROM alert_messages WHERE status = 'waiting' AND due_at <= now() AND sink = ${sink}
      ORDER BY due_at, id LIMIT ${limit}::integer FOR UPDATE SKIP LOCKED
    )
    UPDATE alert_messages m SET attempt = m.attempt + 1, due_at = now() + ${leaseSeconds}::integer * interval '1 s'
    FROM due WHERE m.id = due.id
    RETURNING m.id::float8 AS id, m.message_id, m.sink, m.body, m.attempt, extract(epoch FROM now() - m.created_at)::float8 AS age`);
}

/** @param retrySeconds null: it is over, arrived or given up */
export async function recordTry(
  db: Database,
  { id, attempt }: Claimed,
  error: string | null,
  retrySeconds: number | null,
): Promise<void> {
  await db.rows(sql`
    UPDATE alert_messages SET error = ${error}::text,
      status = CASE WHEN ${retrySeconds}::float8 IS NOT NULL THEN 'waiting' WHEN ${error}::text IS NULL THEN 'delivered' ELSE 'failed' END,
      due_at = now() + ${retrySeconds}::float8 * interval '1 s',
      finished_at = CASE WHEN ${retrySeconds}::float8 IS NULL THEN now() END
    WHERE id = ${id}::bigint AND attempt = ${attempt}::integer AND status = 'waiting'`);
}

/** Days that finished messages are kept. */
const keptDays = 30;

/** Forgets old messages, a bounded number, and gives up what waits for a sink that is not set any more. */
export async function forgetOld(db: Database, sinks: readonly string[]): Promise<void> {
  await db.rows(sql`
    WITH given_up AS (
      UPDATE alert_messages SET status = 'failed', error = 'This sink is not set any more.', due_at = NULL, finished_at = now()
      WHERE status = 'waiting' AND sink NOT IN (SELECT json_array_elements_text(${JSON.stringify(sinks)}::json))
    )
    DELETE FROM alert_messages WHERE id IN (SELECT id FROM alert_messages
      WHERE created_at < now() - ${keptDays}::integer * interval '1 day' AND status <> 'waiting' LIMIT 1000)`);
}

/** What became of the messages of a sink. */
export interface SinkState {
  readonly sink: string;
  readonly waiting: number;
  readonly failed: number;
  readonly last_delivered_at: string | null;
  /** Of the newest message that is not delivered; null: all are. */
  readonly last_error: string | null;
}

export async function sinkStates(db: Database, sinks: readonly string[]): Promise<SinkState[]> {
  return db.rows<SinkState>(sql`
    SELECT s.sink, count(m.id) FILTER (WHERE m.status = 'waiting')::integer AS waiting,
      count(m.id) FILTER (WHERE m.status = 'failed')::integer AS failed,
      ${isoText(sql`max(m.finished_at) FILTER (WHERE m.status = 'delivered')`)} AS last_delivered_at,
      (array_agg(m.error ORDER BY m.id DESC) FILTER (WHERE m.error IS NOT NULL))[1] AS last_error
    FROM json_array_elements_text(${JSON.stringify(sinks)}::json) AS s (sink) LEFT JOIN alert_messages m ON m.sink = s.sink
    GROUP BY s.sink ORDER BY s.sink`);
}
