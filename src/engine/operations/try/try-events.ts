import { encodeEntry, type JsonObject, type MessageId, parseMessageId } from "@brain/schemas";
import { type SQL, sql } from "drizzle-orm";
import { messageIdOfRow } from "../../core/beside-ids.ts";
import { isUuid, uuidPattern } from "../../core/encoding/uuid.ts";
import { ConflictError, NotFoundError, ValidationError } from "../../core/errors.ts";
import type { Database } from "../../db/database.ts";
import { entryId, withEntry } from "../../db/stream-ids.ts";
import { isOfTenant } from "../../db/tenant-rows.ts";
import type { Invocation } from "../../invocation.ts";
import { type EnvelopeRow, outgoingColumns, toEnvelope } from "../../publish/record.ts";
import { fieldsToObject, objectToFields } from "../../stream/entry-fields.ts";
import { isRowId } from "../bulk/bulk-view.ts";
import { admitCopy } from "../bulk/edited-copy.ts";
import { noLetter } from "../consumers/dead-letters.ts";
import { requireOffered, tryOffers, whoDoes } from "./offers.ts";
import { runTry } from "./run-try.ts";
import type { TryInput } from "./tried.ts";
import type { TryOffer, TryView } from "./try-view.ts";

/** Who asks for a try. */
export interface TryReader {
  /** The database as the reader may see it; the handler runs on that of the invocation, as in a drain. */
  readonly db: Database;
  /** The one tenant whose events are tried; null: those of all. */
  readonly tenantId: string | null;
}

interface LetterRow {
  readonly subscriber: string;
  readonly event_type: string | null;
  readonly stream_message_id: string;
  readonly replay_epoch: number;
  readonly raw_fields: Readonly<Record<string, string>> | null;
  readonly edited_fields: Readonly<Record<string, string>> | null;
  readonly recorded: EnvelopeRow | null;
}

/**
 * Tries the event of a dead letter: what a redrive of it would do now.
 *
 * @param payload null: as it is, or as it was edited before; else as an edited redrive with it
 * @throws {NotFoundError} no dead letter has the id, or its consumer is not here
 * @throws {ConflictError} its body is lost or cannot be read
 * @throws {NotTriedError} the handler is not offered
 * @throws {ValidationError | TooLargeError} the payload does not fit the event's definition
 */
export async function tryLetter(
  invocation: Invocation,
  reader: TryReader,
  id: string,
  payload: JsonObject | null,
): Promise<TryView> {
  const { tenantId } = reader;
  const letter = await letterOf(reader, id);
  const messageId = parseMessageId(messageIdOfRow(letter.stream_message_id));
  const shared = { messageId, replayGeneration: letter.replay_epoch, tenantId };
  if (payload !== null) {
    const { event } = await admitCopy(reader.db, invocation.publish, id, payload, reader);
    const consumer = requireOffered(invocation.consumers, letter.subscriber, event.type);
    return runTry(invocation, { ...shared, consumer, fields: encodeEntry(event), readFrom: "request" });
  }
  const body = bodyOf(letter);
  if (body === null) {
    throw new ConflictError(
      `The body of the event in dead letter ${id} is lost, so there is nothing to try: the entry was trimmed from the stream, and the record does not hold it.`,
    );
  }
  const type = fieldsToObject(body.fields).type ?? letter.event_type ?? "";
  const consumer = requireOffered(
    invocation.consumers,
    letter.subscriber,
    invocation.catalog.canonicalType(type),
  );
  return runTry(invocation, { ...shared, consumer, ...body });
}

/** Where the body of a letter's event is; null: nowhere. */
function bodyOf({
  edited_fields,
  raw_fields,
  recorded,
}: LetterRow): Pick<TryInput, "fields" | "readFrom"> | null {
  if (edited_fields !== null) return { fields: objectToFields(edited_fields), readFrom: "edited_copy" };
  if (raw_fields !== null) return { fields: objectToFields(raw_fields), readFrom: "letter" };
  return recorded === null ? null : { fields: encodeEntry(toEnvelope(recorded)), readFrom: "record" };
}

async function letterOf({ db, tenantId }: TryReader, id: string): Promise<LetterRow> {
  if (!isRowId(id)) throw noLetter(id);
  const [letter] = await db.rows<LetterRow>(sql`
    SELECT l.subscriber_name AS subscriber, l.event_type, l.stream_message_id, l.replay_epoch,
      nullif(l.raw_fields, 'null'::jsonb) AS raw_fields, nullif(l.edited_fields, 'null'::jsonb) AS edited_fields,
      CASE WHEN coalesce(jsonb_typeof(l.raw_fields), 'null') = 'null' AND l.event_id ~ ${uuidPattern} THEN
        (SELECT to_jsonb(row) FROM (${recordedSql(sql`l.event_id::uuid`)}) AS row) END AS recorded
    FROM dead_letters l WHERE l.id = ${id}::bigint AND ${isOfTenant(sql`l.tenant_id`, tenantId)}`);
  if (letter === undefined) throw noLetter(id);
  return letter;
}

const recordedSql = (id: SQL) =>
  sql`SELECT ${outgoingColumns}, ${entryId} AS stream_message_id FROM events e ${withEntry} WHERE e.id = ${id}`;

type RecordedRow = EnvelopeRow & { readonly stream_message_id: string | null };

/** @throws {NotFoundError} the record does not hold it, or it is another tenant's */
async function recordedOf({ db, tenantId }: TryReader, id: string): Promise<RecordedRow> {
  const [row] = isUuid(id)
    ? await db.rows<RecordedRow>(
        sql`${recordedSql(sql`${id}::uuid`)} AND ${isOfTenant(sql`e.tenant_id`, tenantId)}`,
      )
    : [];
  if (row !== undefined) return row;
  throw new NotFoundError(
    `The record holds no event with the id "${id.slice(0, 60)}". An event of another program, or of an archived day, can be tried only as a dead letter.`,
  );
}

/** Before it was sent an event has no place on the stream; its handler is told one in time all the same. */
function messageIdOf({ stream_message_id, timestamp }: RecordedRow): MessageId {
  return parseMessageId(stream_message_id ?? `${Math.max(0, Date.parse(timestamp))}-0`);
}

/**
 * Tries an event of the record with one of its consumers: what a delivery of it would do now.
 *
 * @param subscriber null: nobody was named
 * @throws {NotFoundError} no such event or consumer
 * @throws {ValidationError} nobody was named; says who handles it
 * @throws {NotTriedError} the consumer does not handle it, or its handler is not offered
 */
export async function tryRecorded(
  invocation: Invocation,
  reader: TryReader,
  id: string,
  subscriber: string | null,
): Promise<TryView> {
  const row = await recordedOf(reader, id);
  const { consumers } = invocation;
  const type = invocation.catalog.canonicalType(row.type);
  if (subscriber === null) {
    throw new ValidationError(`Say which consumer is to try the event. ${whoDoes(consumers, type)}`, {
      issues: [{ path: "subscriber", message: "expected the name of a consumer that handles the event" }],
      extra: { consumers: tryOffers(consumers, type) },
    });
  }
  const consumer = requireOffered(consumers, subscriber, type);
  const { tenantId } = reader;
  const fields = encodeEntry(toEnvelope(row));
  const messageId = messageIdOf(row);
  return runTry(invocation, {
    consumer,
    fields,
    messageId,
    replayGeneration: 0,
    readFrom: "record",
    tenantId,
  });
}

/** Who can try an event of the record. @throws {NotFoundError} no such event */
export async function offersOf(
  { consumers, catalog }: Invocation,
  reader: TryReader,
  id: string,
): Promise<{
  readonly event_id: string;
  readonly event_type: string;
  readonly consumers: readonly TryOffer[];
}> {
  const { id: event_id, type } = await recordedOf(reader, id);
  return { event_id, event_type: type, consumers: tryOffers(consumers, catalog.canonicalType(type)) };
}
