import { type Envelope, isMessageId } from "@brain/schemas";
import { sql } from "drizzle-orm";
import type { Consumer } from "../../consume/consumer.ts";
import { interpretEntry } from "../../consume/drain/interpret.ts";
import { messageIdOfRow } from "../../core/beside-ids.ts";
import { ConflictError } from "../../core/errors.ts";
import type { Tx } from "../../db/database.ts";
import type { Invocation } from "../../invocation.ts";
import { objectToFields } from "../../stream/entry-fields.ts";
import { noLetter, notOpen } from "../consumers/dead-letters.ts";
import { type Operator, recordAction } from "../operator-actions.ts";

/*
 * An entry that nobody could read is one dead letter for all. When the code has learned to read it, a redrive gives it
 * to everybody who handles its type, and the letter is done: what fails then is a letter of that consumer.
 */

/** A consumer that handles the event which the entry is. */
export interface Reader {
  readonly consumer: Consumer;
  readonly event: Envelope;
  /** Ordering key; null: none. */
  readonly key: string | null;
}

/**
 * Who can handle the entry of a letter of everybody now.
 *
 * @throws {NotFoundError} no dead letter has the id
 * @throws {ConflictError} the entry still cannot be read, or nobody here handles its type
 */
export async function readersOf(
  { db, catalog, consumers }: Invocation,
  id: string,
): Promise<readonly Reader[]> {
  const [letter] = await db.rows<{ fields: Record<string, string> | null; message_id: string }>(sql`
    SELECT raw_fields AS fields, stream_message_id AS message_id FROM dead_letters WHERE id = ${id}::bigint`);
  if (letter === undefined || !isMessageId(messageIdOfRow(letter.message_id))) throw noLetter(id);
  const fields = objectToFields(letter.fields ?? {});
  const meanings = [...consumers.values()].map((consumer) => ({
    consumer,
    ...interpretEntry(catalog, consumer, fields),
  }));
  const readers = meanings.flatMap(({ consumer, content, key }): Reader[] =>
    content.kind === "handle" ? [{ consumer, event: content.event, key }] : [],
  );
  if (readers.length > 0) return readers;
  const [refused] = meanings.flatMap(({ content }) =>
    content.kind === "refuse" ? [content.error.message] : [],
  );
  throw new ConflictError(
    refused === undefined
      ? `Nobody here handles what the entry of dead letter ${id} is. Discard it, or bring a consumer.`
      : `The entry of dead letter ${id} still cannot be read. ${refused} Publish the event anew, and discard the letter.`,
  );
}

/** @throws {ConflictError} the letter is not open; nothing changed then */
export async function deferForReaders(
  tx: Tx,
  id: string,
  readers: readonly Reader[],
  reason: string | null,
  by: Operator,
): Promise<void> {
  const names = readers.map(({ consumer }) => consumer.subscriber);
  const { rows } = await tx.execute(sql`
    UPDATE dead_letters SET status = 'resolved', redrives = redrives + 1, resolved_at = now(),
      resolution = ${`read after all, and given to ${names.join(", ")}`}
    WHERE id = ${id}::bigint AND status = 'open' RETURNING 1`);
  if (rows.length === 0) throw await notOpen(tx, id, by);
  const deliveries = readers.map(({ consumer: { subscriber }, event, key }) => ({
    subscriber,
    event_id: event.id,
    event_type: event.type,
    tenant_id: event.tenant_id,
    key,
  }));
  const given = await tx.execute<{ subscriber: string }>(sql`
    INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, tenant_id,
      key, raw_fields, cause)
    SELECT d.subscriber, l.shard, l.stream_name, l.stream_message_id, d.event_id, d.event_type, d.tenant_id, d.key,
      l.raw_fields, 'redrive'
    FROM dead_letters l, json_to_recordset(${JSON.stringify(deliveries)}::json)
      AS d(subscriber text, event_id text, event_type text, tenant_id text, key text)
    WHERE l.id = ${id}::bigint
    ON CONFLICT (subscriber_name, stream_message_id, replay_epoch) DO UPDATE SET due_at = deliveries.due_at
      WHERE deliveries.event_id = excluded.event_id
    RETURNING subscriber_name AS subscriber`);
  if (given.rows.length < deliveries.length) {
    const has = new Set(given.rows.map(({ subscriber }) => subscriber));
    throw new ConflictError(
      `Another event under the message id of dead letter ${id} is deferred for ${names.filter((name) => !has.has(name)).join(", ")}; the letter stays open. Look again when it is handled.`,
    );
  }
  await recordAction(tx, {
    ...by,
    action: "dead_letter.redriven",
    reason,
    subscriber: "*",
    filter: { ids: [id], given_to: names },
    affected: names.length,
  });
}
