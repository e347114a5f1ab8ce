import type { Catalog } from "@brain/schemas";
import { type SQL, sql } from "drizzle-orm";
import { withEntry } from "../db/stream-ids.ts";
import type { Invocation } from "../invocation.ts";
import { type Operator, recordAction } from "../operations/operator-actions.ts";
import { tenantOfSubject } from "../publish/personal.ts";
import { type DetailsRow, detailColumns, type RecordedDetails, toDetails } from "./history.ts";

/** What operators do for a person: hand out what is known of it, and have it forgotten. */

/** Whose data. */
export interface Subject {
  /** An id of ours, as events name it: a user's. */
  readonly subject: string;
  /** Null: of no tenant. */
  readonly tenantId: string | null;
}

/**
 * Deletes the key of a person: what was sealed with it can be read by nobody any more, wherever it was copied to. Events
 * that come later get another key. Holds in this isolate at once, and in all within a minute.
 *
 * @returns false: there was no key, so nothing of the person was sealed
 */
export async function eraseSubject(
  { db, publish }: Invocation,
  { subject, tenantId }: Subject,
  reason: string,
  { actorId, requestId }: Operator,
): Promise<boolean> {
  const rows = await db.transaction(async (tx) => {
    const deleted = await tx.execute<{ key_id: string }>(sql`
      DELETE FROM subject_keys WHERE tenant_id = ${tenantOfSubject(tenantId)} AND subject = ${subject}
      RETURNING key_id::text`);
    const filter = { subject, tenant_id: tenantId };
    const affected = deleted.rows.length;
    await recordAction(tx, { action: "subject.erased", actorId, requestId, reason, filter, affected });
    return deleted.rows;
  });
  publish.personal?.forget(rows.map(({ key_id }) => key_id));
  return rows.length > 0;
}

/** Events of one page. */
const pageSize = 500;

/** Names of the fields that say in some event whose data it holds. */
function subjectFields(catalog: Catalog): readonly string[] {
  return [...new Set(catalog.all.flatMap(({ personal }) => personal.map(({ subject }) => subject)))];
}

/** Whether an event `e` is about a person, or caused by it. */
function isAbout(catalog: Catalog, subject: string): SQL {
  const named = subjectFields(catalog).map((field) => sql`e.payload ->> ${field}::text = ${subject}`);
  return sql.join([sql`e.actor_id = ${subject}`, ...named], sql` OR `);
}

/** Tenants that are named at most. */
const maxTenants = 100;

/**
 * The tenants that know a person by this id, in which it may be another one each time: those with events about it or
 * caused by it, and those with a key of it. Reads the whole record, which the events of a person do as well.
 */
export async function tenantsOfSubject(
  { db, catalog }: Invocation,
  subject: string,
): Promise<readonly string[]> {
  const rows = await db.rows<{ readonly tenant_id: string }>(sql`
    SELECT e.tenant_id FROM events e WHERE e.tenant_id IS NOT NULL AND (${isAbout(catalog, subject)})
    UNION SELECT tenant_id FROM subject_keys WHERE subject = ${subject} AND tenant_id <> ''
    ORDER BY tenant_id LIMIT ${maxTenants}`);
  return rows.map(({ tenant_id }) => tenant_id);
}

/** All events of the record that are about a person, or that it caused, page by page in the order of the record. */
export async function* eventsOfSubject(
  { db, catalog, publish }: Invocation,
  { subject, tenantId }: Subject,
): AsyncGenerator<readonly RecordedDetails[]> {
  // IS NOT DISTINCT FROM finds no index.
  const isTheirs = tenantId === null ? sql`e.tenant_id IS NULL` : sql`e.tenant_id = ${tenantId}`;
  for (let after = "0"; ; ) {
    const rows = await db.rows<DetailsRow>(sql`
      SELECT ${detailColumns} FROM events e ${withEntry}
      WHERE e.position > ${after}::bigint AND ${isTheirs} AND (${isAbout(catalog, subject)})
      ORDER BY e.position LIMIT ${pageSize}`);
    const events = rows.map(toDetails);
    if (events.length > 0) yield (await publish.personal?.reveal(events)) ?? events;
    const last = rows.at(-1);
    if (rows.length < pageSize || last === undefined) return;
    after = last.position;
  }
}
