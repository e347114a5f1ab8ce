import { type SQL, sql } from "drizzle-orm";
import { isoText } from "../db/iso-text.ts";
import { isOfTenant } from "../db/tenant-rows.ts";
import type { Invocation } from "../invocation.ts";
import type { DeclaredPayload, ObservedPayloads } from "./observed-payloads.ts";

/*
 * What the record shows of types: who wrote them, how often and when last. Against what is declared in the catalogue this
 * tells what nobody would notice otherwise.
 */

/** At most so many of the newest of the record, and of the entries of other programs: all cost more the longer it lives. */
export const mostObserved = 10_000;
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
  /** ISO 8601; when the first and the last of these were stored. */
  readonly first_at: string;
  readonly last_at: string;
}

/** How far the record is looked at. */
export interface ObserveOptions {
  /** Events, and entries of other programs, 1 to `mostObserved`, which is the default. */
  readonly newest?: number | undefined;
  /** Nothing that was stored before is looked at, ISO 8601. Default: no limit. */
  readonly since?: string | null | undefined;
  /** Events whose payloads are looked into. Default: none. */
  readonly payloads?: readonly DeclaredPayload[];
}

export interface ObservedTypes {
  readonly seen: readonly SeenType[];
  /**
   * Of all catalogued types the first and the last time in the whole record; null: no event of it is in there. Null
   * altogether: not asked, for one tenant.
   */
  readonly ever: ReadonlyMap<string, { readonly first_at: string; readonly last_at: string } | null> | null;
  /** Open dead letters. */
  readonly letters: readonly { readonly subscriber: string; readonly type: string; readonly count: number }[];
  /** How many of the newest were looked at, at most. */
  readonly newest: number;
  /** ISO 8601; null: all of the newest. */
  readonly since: string | null;
  /** Of the events in the record that were looked at, when the first was stored, ISO 8601; null: there was none. */
  readonly from: string | null;
  /** Null: not looked into. */
  readonly inside: ObservedPayloads | null;
}

/** What is looked at. */
interface Look {
  readonly tenantId: string | null;
  readonly newest: number;
  readonly since: string | null;
}

const isSince = (time: SQL, { since }: Look) =>
  sql`(${since}::text IS NULL OR ${time} >= ${since}::timestamptz)`;

const recordSql = (look: Look) => sql`
  SELECT type, producer, source, false AS is_entry, count(*)::integer AS count, ${isoText(sql`min(stored_at)`)} AS first_at,
    ${isoText(sql`max(stored_at)`)} AS last_at
  FROM (SELECT type, meta ->> 'producer' AS producer, source, stored_at FROM events
    WHERE ${isOfTenant(sql`tenant_id`, look.tenantId)} ORDER BY position DESC LIMIT ${look.newest}) n
  WHERE ${isSince(sql`stored_at`, look)}
  GROUP BY type, producer, source ORDER BY type, count DESC LIMIT ${maxRows}`;

const entriesSql = (look: Look) => sql`
  SELECT type, producer, source, true AS is_entry, count(*)::integer AS count, ${isoText(sql`min(archived_at)`)} AS first_at,
    ${isoText(sql`max(archived_at)`)} AS last_at
  FROM (SELECT event_type AS type, producer, source, archived_at FROM archived_entries
    WHERE event_type IS NOT NULL AND NOT undecided AND ${isOfTenant(sql`tenant_id`, look.tenantId)}
    ORDER BY position DESC LIMIT ${look.newest}) n
  WHERE ${isSince(sql`archived_at`, look)}
  GROUP BY type, producer, source ORDER BY type, count DESC LIMIT ${maxRows}`;

/** Two steps into the index for each type, however many events it has. */
const everSql = (types: readonly string[]) => sql`
  SELECT t.type, ${isoText(sql`f.stored_at`)} AS first_at, ${isoText(sql`e.stored_at`)} AS last_at
  FROM jsonb_array_elements_text(${JSON.stringify(types)}::jsonb) AS t(type)
  LEFT JOIN LATERAL (SELECT stored_at FROM events WHERE type = t.type ORDER BY position LIMIT 1) f ON true
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
  options: ObserveOptions = {},
): Promise<ObservedTypes> {
  const { newest = mostObserved, since = null, payloads = [] } = options;
  const look: Look = { tenantId, newest, since };
  const types = catalog.all.map(({ type }) => type);
  // Loaded when it is asked for: nothing else needs its SQL.
  const inside = payloads.length === 0 ? null : await import("./observed-payloads.ts");
  const asked = {
    record: recordSql(look),
    entries: entriesSql(look),
    letters: lettersSql(tenantId),
    // A tenant's last event of a type may stand behind any number of others': that is no one step.
    ...(tenantId === null ? { ever: everSql(types) } : {}),
    ...(inside === null ? {} : { inside: inside.payloadsSql(payloads, look) }),
  };
  const answers = await db.batch(Object.values(asked));
  const answerOf = (name: string) => answers[Object.keys(asked).indexOf(name)] ?? null;
  const record = (answerOf("record") ?? []) as unknown as readonly SeenType[];
  const ever = answerOf("ever") as readonly EverRow[] | null;
  return {
    seen: [...record, ...((answerOf("entries") ?? []) as unknown as readonly SeenType[])],
    letters: (answerOf("letters") ?? []) as ObservedTypes["letters"],
    ever: ever === null ? null : new Map(ever.map((row) => [row.type, timesOf(row)])),
    newest,
    since,
    from: record.map(({ first_at }) => first_at).toSorted()[0] ?? null,
    inside: inside?.readPayloads(payloads, answerOf("inside") ?? []) ?? null,
  };
}

interface EverRow {
  readonly type: string;
  readonly first_at: string | null;
  readonly last_at: string | null;
}

const timesOf = ({ first_at, last_at }: EverRow) =>
  first_at === null || last_at === null ? null : { first_at, last_at };
