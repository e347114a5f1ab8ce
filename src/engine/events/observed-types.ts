import { type SQL, sql } from "drizzle-orm";
import { isOfTenant } from "../db/tenant-rows.ts";
import type { Invocation } from "../invocation.ts";

/*
 * What the record shows of types: who wrote them, how often and when last. Against what is declared in the catalogue this
 * tells what nobody would notice otherwise.
 */

/** The newest of the record and of the entries of other programs: counting all would cost more the longer it lives. */
const newest = 10_000;
/** Pairs of type and producer that are told. */
const maxRows = 2_000;

/** One producer of one type, in the newest of the record or of the entries of other programs. */
export interface SeenType {
  readonly type: string;
  /** `meta.producer`; null: it did not say. */
  readonly producer: string | null;
  readonly source: string | null;
  /** It came over the stream, from a program that does not write to the record. */
  readonly is_entry: boolean;
  readonly count: number;
  /** ISO 8601; when it was stored. */
  readonly last_at: string;
}

export interface ObservedTypes {
  readonly seen: readonly SeenType[];
  /** Of all catalogued types the last time; null: no event of it is in the record. Null altogether: not asked, for one tenant. */
  readonly last: ReadonlyMap<string, string | null> | null;
  /** Open dead letters. */
  readonly letters: readonly { readonly subscriber: string; readonly type: string; readonly count: number }[];
  /** How many of the newest were looked at, at most. */
  readonly newest: number;
}

const iso = (time: SQL) => sql`to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const recordSql = (tenantId: string | null) => sql`
  SELECT type, producer, source, false AS is_entry, count(*)::integer AS count, ${iso(sql`max(stored_at)`)} AS last_at
  FROM (SELECT type, meta ->> 'producer' AS producer, source, stored_at FROM events
    WHERE ${isOfTenant(sql`tenant_id`, tenantId)} ORDER BY position DESC LIMIT ${newest}) n
  GROUP BY type, producer, source ORDER BY type, count DESC LIMIT ${maxRows}`;

const entriesSql = (tenantId: string | null) => sql`
  SELECT type, producer, source, true AS is_entry, count(*)::integer AS count, ${iso(sql`max(archived_at)`)} AS last_at
  FROM (SELECT event_type AS type, producer, source, archived_at FROM archived_entries
    WHERE event_type IS NOT NULL AND NOT undecided AND ${isOfTenant(sql`tenant_id`, tenantId)}
    ORDER BY position DESC LIMIT ${newest}) n
  GROUP BY type, producer, source ORDER BY type, count DESC LIMIT ${maxRows}`;

/** One step into the index for each type, however many events it has. */
const lastSql = (types: readonly string[]) => sql`
  SELECT t.type, ${iso(sql`e.stored_at`)} AS last_at
  FROM jsonb_array_elements_text(${JSON.stringify(types)}::jsonb) AS t(type)
  LEFT JOIN LATERAL (SELECT stored_at FROM events WHERE type = t.type ORDER BY position DESC LIMIT 1) e ON true`;

const lettersSql = (tenantId: string | null) => sql`
  SELECT subscriber_name AS subscriber, event_type AS type, count(*)::integer AS count FROM dead_letters
  WHERE status = 'open' AND event_type IS NOT NULL AND ${isOfTenant(sql`tenant_id`, tenantId)}
  GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ${maxRows}`;

/**
 * One round trip.
 *
 * @param tenantId null: the events of all
 */
export async function observeTypes(
  { db, catalog }: Pick<Invocation, "db" | "catalog">,
  tenantId: string | null,
): Promise<ObservedTypes> {
  const types = catalog.all.map(({ type }) => type);
  const statements = [recordSql(tenantId), entriesSql(tenantId), lettersSql(tenantId)];
  // A tenant's last event of a type may stand behind any number of others': that is no one step.
  const [record, entries, letters, last] = await db.batch(
    tenantId === null ? [...statements, lastSql(types)] : statements,
  );
  return {
    seen: [...((record ?? []) as SeenType[]), ...((entries ?? []) as SeenType[])],
    letters: (letters ?? []) as ObservedTypes["letters"],
    last:
      last === undefined
        ? null
        : new Map((last as { type: string; last_at: string | null }[]).map((row) => [row.type, row.last_at])),
    newest,
  };
}
