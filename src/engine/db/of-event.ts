import { type SQL, sql } from "drizzle-orm";

/** The columns of an event that rows are compared with. */
export interface EventColumns {
  /** Text; null where nobody knows it. */
  readonly id: SQL;
  readonly messageId: SQL;
}

/**
 * True for a row under the message id of an event, unless it says that it is another one's: Redis may give an id twice, see
 * `core/beside-ids.ts`. The row has the columns `stream_message_id` and `event_id`.
 */
export function isUnderItsId(row: SQL, { id, messageId }: EventColumns): SQL {
  return sql`(${row}.stream_message_id = ${messageId} AND coalesce(${row}.event_id = ${id}, true))`;
}

/** The same, also for one of its own that stands beside another one's. */
export function isUnderOrBesideItsId(row: SQL, event: EventColumns): SQL {
  return sql`(${isUnderItsId(row, event)}
    OR (${row}.event_id = ${event.id} AND ${row}.stream_message_id LIKE ${event.messageId} || '-%'))`;
}
