import type { PayloadObject } from "@brain/schemas";
import { type SQL, sql } from "drizzle-orm";
import { isoText } from "../db/iso-text.ts";
import { isOfTenant } from "../db/tenant-rows.ts";

/*
 * What the newest events of each type carry: how large they are, which versions still come, which fields have a value and
 * which names nobody declared. Postgres looks and counts; no payload leaves it, and what is sealed stays so: a sealed field
 * is one that has a value.
 *
 * Of 1,000,000 events with 51 types 200 ms, in steps down the index of types, see `test/engine/events/observed-payloads.test.ts`.
 * Half of it measures the texts. Looking at the newest 10,000 of all types instead costs the same, and shows nothing of
 * the types that come seldom.
 */

/** Events of one type, when all are looked at, and when only it is. */
const sampleOfMany = 100;
const sampleOfOne = 1_000;
/** Bytes as they are stored, of one type: large payloads cost time, so of these fewer are looked at. At least one is. */
const maxStoredBytes = 262_144;
/** Names that nobody declared, over all types: they are others' words, and there may be any number. */
const maxUnknown = 500;
/** Characters of such a name. */
const maxName = 100;

/** A catalogued event, and what its payload is declared to hold. */
export interface DeclaredPayload {
  readonly type: string;
  /** The current one: older ones may have other fields. */
  readonly version: number;
  readonly objects: readonly PayloadObject[];
}

/** Payloads of one version of one type. Sizes are bytes of JSON as it travels. */
export interface SeenPayloads {
  readonly type: string;
  readonly version: number;
  readonly count: number;
  readonly p50_bytes: number;
  readonly p95_bytes: number;
  readonly max_bytes: number;
  /** ISO 8601; when the first and the last of these were stored. */
  readonly first_at: string;
  readonly last_at: string;
}

/** A field in events of the current version. */
export interface SeenField {
  readonly type: string;
  /** As in `payloadFields`. */
  readonly path: string;
  /** Events that have the object it belongs to. */
  readonly of: number;
  /** Of these, the ones in which it is there and not null. */
  readonly filled: number;
  readonly declared: boolean;
}

export interface ObservedPayloads {
  readonly payloads: readonly SeenPayloads[];
  /** Of types that were seen; fields whose object never was are left out. */
  readonly fields: readonly SeenField[];
}

/** A text's bytes without the spaces that Postgres writes between what stands in it. */
const bytesOf = sql.raw(`(SELECT octet_length(w.whole) - length(b.bare) + length(replace(b.bare, ' ', ''))
    FROM (SELECT e.payload::text AS whole) w,
      LATERAL (SELECT regexp_replace(w.whole, '"(\\\\.|[^"\\\\])*"', '', 'g') AS bare) b)`);

/** For one tenant the newest of its own: there is no index of its events of one type. */
function newestSql(tenantId: string | null, sample: number, newest: number): SQL {
  const columns = sql`position, schema_version, payload, stored_at, pg_column_size(payload) AS stored_bytes`;
  return tenantId === null
    ? sql`SELECT ${columns} FROM events WHERE type = s.type ORDER BY position DESC LIMIT ${sample}`
    : sql`SELECT ${columns} FROM own WHERE own.type = s.type ORDER BY position DESC LIMIT ${Math.min(sample, newest)}`;
}

/** @param since nothing older is looked at, ISO 8601; null: no limit */
export function payloadsSql(
  declared: readonly DeclaredPayload[],
  { tenantId, newest, since }: { tenantId: string | null; newest: number; since: string | null },
): SQL {
  const sample = Math.min(newest, declared.length === 1 ? sampleOfOne : sampleOfMany);
  const shapes = declared.map(({ type, version, objects }) => ({
    type,
    version,
    objects: objects.map(({ jsonPath, names }) => ({ at: `${jsonPath} ? (@.type() == "object")`, names })),
  }));
  const own = sql`own AS MATERIALIZED (
    SELECT type, position, schema_version, payload, stored_at FROM events
    WHERE ${isOfTenant(sql`tenant_id`, tenantId)} ORDER BY position DESC LIMIT ${newest}),`;
  return sql`
  WITH ${tenantId === null ? sql`` : own} shape AS MATERIALIZED (
    SELECT t.type, t.version, t.objects
    FROM jsonb_to_recordset(${JSON.stringify(shapes)}::jsonb) AS t(type text, version integer, objects jsonb)),
  sample AS MATERIALIZED (
    SELECT s.type, s.version, e.position, e.schema_version, e.payload, e.stored_at, ${bytesOf} AS bytes
    FROM shape s CROSS JOIN LATERAL (
      SELECT n.*, sum(n.stored_bytes) OVER (ORDER BY n.position DESC) - n.stored_bytes AS before
      FROM (${newestSql(tenantId, sample, newest)}) n) e
    WHERE e.before < ${maxStoredBytes} AND (${since}::text IS NULL OR e.stored_at >= ${since}::timestamptz)),
  object AS MATERIALIZED (
    SELECT s.type, o.place::integer - 1 AS place, (o.object ->> 'at')::jsonpath AS at, o.object -> 'names' AS names
    FROM shape s CROSS JOIN LATERAL jsonb_array_elements(s.objects) WITH ORDINALITY AS o(object, place)),
  field AS MATERIALIZED (
    SELECT o.type, o.place, k.key, grouping(k.key) = 1 AS is_whole, o.names ? k.key AS is_known,
      count(DISTINCT s.position)::integer AS of,
      (count(DISTINCT s.position) FILTER (WHERE k.value <> 'null'))::integer AS filled
    FROM object o JOIN sample s ON s.type = o.type AND s.schema_version = s.version
      CROSS JOIN LATERAL jsonb_path_query(s.payload, o.at) AS i(instance)
      LEFT JOIN LATERAL jsonb_each(i.instance) AS k(key, value) ON true
    GROUP BY GROUPING SETS ((o.type, o.place, o.names), (o.type, o.place, o.names, k.key)))
  SELECT
    (SELECT json_agg(r) FROM (
      SELECT type, schema_version AS version, count(*)::integer AS count,
        percentile_disc(0.5) WITHIN GROUP (ORDER BY bytes) AS p50_bytes,
        percentile_disc(0.95) WITHIN GROUP (ORDER BY bytes) AS p95_bytes, max(bytes) AS max_bytes,
        ${isoText(sql`min(stored_at)`)} AS first_at, ${isoText(sql`max(stored_at)`)} AS last_at
      FROM sample GROUP BY type, schema_version ORDER BY type, schema_version LIMIT 2000) r) AS payloads,
    (SELECT json_agg(r) FROM (
      SELECT type, place, key, is_whole, "of", filled FROM field WHERE is_whole OR is_known) r) AS known,
    (SELECT json_agg(r) FROM (
      SELECT type, place, left(key, ${maxName}) AS key, filled FROM field
      WHERE NOT is_whole AND NOT is_known ORDER BY "of" DESC, type, key LIMIT ${maxUnknown}) r) AS unknown`;
}

interface CountedKey {
  readonly type: string;
  readonly place: number;
  readonly key: string;
  readonly filled: number;
}

interface Row {
  readonly payloads: readonly SeenPayloads[] | null;
  readonly known: readonly (CountedKey & { readonly is_whole: boolean; readonly of: number })[] | null;
  readonly unknown: readonly CountedKey[] | null;
}

/** @param rows of `payloadsSql` for the same declarations */
export function readPayloads(
  declared: readonly DeclaredPayload[],
  rows: readonly unknown[],
): ObservedPayloads {
  const [row] = rows as readonly Row[];
  const known = row?.known ?? [];
  const placeOf = ({ type, place }: { type: string; place: number }) => `${place} ${type}`;
  const wholes = new Map(known.filter(({ is_whole }) => is_whole).map((one) => [placeOf(one), one.of]));
  const filled = new Map(known.map((one) => [`${one.key} ${placeOf(one)}`, one.filled]));
  const declaredFields = declared.flatMap(({ type, objects }) =>
    objects.flatMap(({ path, names }, place) => {
      const of = wholes.get(placeOf({ type, place })) ?? 0;
      if (of === 0) return [];
      return names.map((name) => ({
        type,
        path: fieldPath(path, name),
        of,
        filled: filled.get(`${name} ${placeOf({ type, place })}`) ?? 0,
        declared: true,
      }));
    }),
  );
  const objectsOf = new Map(declared.map(({ type, objects }) => [type, objects]));
  const others = (row?.unknown ?? []).map((one) => ({
    type: one.type,
    path: fieldPath(objectsOf.get(one.type)?.[one.place]?.path ?? "", one.key),
    of: wholes.get(placeOf(one)) ?? 0,
    filled: one.filled,
    declared: false,
  }));
  return { payloads: row?.payloads ?? [], fields: [...declaredFields, ...others] };
}

const fieldPath = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);
