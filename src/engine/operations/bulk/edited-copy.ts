import { type Catalog, decodeEntry, type Envelope, encodeEntry, type JsonObject } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { isUuid } from "../../core/encoding/uuid.ts";
import { ConflictError } from "../../core/errors.ts";
import type { Database } from "../../db/database.ts";
import { isOfTenant } from "../../db/tenant-rows.ts";
import { newEventId } from "../../publish/event-id.ts";
import { admitEnvelope, type PublishSettings, sealed } from "../../publish/publish.ts";
import { type EnvelopeRow, envelopeColumns, type RecordedEvent, toEnvelope } from "../../publish/record.ts";
import { fieldsToObject } from "../../stream/entry-fields.ts";
import { noLetter } from "../consumers/dead-letters.ts";
import type { Operator } from "../operator-actions.ts";
import { isRowId } from "./bulk-view.ts";

/** The event of a dead letter with another payload. */
export interface EditedCopy {
  readonly eventId: string;
  readonly key: string | null;
  /** As an entry of the stream. */
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Builds the copy that an edited redrive runs: the letter's event with a new id and the given payload, caused by the
 * original. It is checked as an event that is published.
 *
 * @throws {NotFoundError} no dead letter has the id
 * @throws {ConflictError} there is no event to copy: the body is lost or cannot be read
 * @throws {ValidationError | TooLargeError} the payload does not fit the event's definition; names each field
 */
export async function editCopy(
  db: Database,
  settings: PublishSettings,
  letterId: string,
  payload: JsonObject,
  by: Pick<Operator, "tenantId"> = {},
): Promise<EditedCopy> {
  const copy = await admitCopy(db, settings, letterId, payload, by);
  const [{ event, key } = copy] = await sealed(settings, [copy]);
  return { eventId: event.id, key, fields: fieldsToObject(encodeEntry(event)) };
}

/** The copy with personal fields in clear, as its handler would see it. @throws as `editCopy` */
export async function admitCopy(
  db: Database,
  settings: PublishSettings,
  letterId: string,
  payload: JsonObject,
  { tenantId = null }: Pick<Operator, "tenantId"> = {},
): Promise<RecordedEvent> {
  const original = await originalOf(db, settings.catalog, letterId, tenantId);
  const definition = settings.catalog.find(original.type);
  // The copy is no row of the record, so it has no position.
  const { schema_version: _old, position: _position, ...meta } = original.meta;
  return admitEnvelope(settings, {
    ...original,
    id: newEventId(settings.now()),
    payload,
    meta: {
      schema_version: definition?.version ?? 1,
      ...meta,
      // The decoder says "unknown" where an old entry said nothing.
      ...(definition !== undefined && meta.source_module === "unknown"
        ? { source_module: definition.module }
        : {}),
      causation_id: original.id,
    },
  });
}

interface Source {
  readonly fields: Record<string, string> | null;
  readonly event_id: string | null;
}

/** The letter's event as it came, not as it was edited before. */
async function originalOf(
  db: Database,
  catalog: Catalog,
  letterId: string,
  tenantId: string | null,
): Promise<Envelope> {
  const [letter] = isRowId(letterId)
    ? await db.rows<Source>(
        sql`SELECT raw_fields AS fields, event_id FROM dead_letters
          WHERE id = ${letterId}::bigint AND ${isOfTenant(sql`tenant_id`, tenantId)}`,
      )
    : [];
  if (letter === undefined) throw noLetter(letterId);
  if (letter.fields !== null) {
    const decoded = decodeEntry(catalog, letter.fields);
    if (decoded.ok) return decoded.event;
    throw new ConflictError(
      `The entry of dead letter ${letterId} cannot be read as an event, so there is nothing to edit: ${decoded.message} Publish the event anew, and discard the letter.`,
    );
  }
  const [row] = isUuid(letter.event_id ?? "")
    ? await db.rows<EnvelopeRow>(
        sql`SELECT ${envelopeColumns} FROM events e WHERE e.id = ${letter.event_id}::uuid`,
      )
    : [];
  if (row !== undefined) return toEnvelope(row);
  throw new ConflictError(
    `The body of the event in dead letter ${letterId} is lost: the entry was trimmed from the stream, and the record does not hold it. Publish the event anew, and discard the letter.`,
  );
}
