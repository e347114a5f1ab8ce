import { keepSql } from "@brain/engine";
import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { histogramPlaces, mostKinds, otherKind, unknownLanguage } from "./metrics.ts";

/** What the consumer writes: one statement for what later events leave out, one for all that is counted. */

/** One measure of a batch, summed up over events that differ in nothing of it. Names are short: there are many. */
export interface Increment {
  /** Tenant, empty: none. */
  readonly t: string;
  /** Metric. */
  readonly m: string;
  /** The hour, ISO. */
  readonly h: string;
  /** Course, or catalogue entry; empty: none. */
  readonly i: string;
  /** Language; null: that of the course. */
  readonly l: string | null;
  /** Kind; null: that of the entry. */
  readonly k: string | null;
  /** Place in the histogram; null: not timed. */
  readonly p: number | null;
  n: number;
  s: number;
}

/** No sum goes beyond it: what JSON carries exactly, far from where a column of the type `bigint` ends. */
export const mostCounted = Number.MAX_SAFE_INTEGER;
const most = sql.raw(`${mostCounted}::bigint`);

/** A row of `analytics_subjects`. */
export interface SubjectRow {
  /** Tenant. */
  readonly t: string;
  readonly i: string;
  readonly c: string;
  readonly l: string;
  readonly k: string;
}

/** A row of `analytics_kinds`. */
export interface KindRow {
  readonly t: string;
  readonly m: string;
  readonly k: string;
}

/*
 * Rows are written in the order of their keys everywhere, so that two transactions wait for each other and never in a
 * circle.
 */

/** Two at once may make a few more kinds than `mostKinds`; they stay few. */
const noting = keepSql<[subjects: string, kinds: string]>(
  (subjects, kinds) => sql`
    WITH noted AS (
      INSERT INTO analytics_subjects (tenant_id, id, course_id, language, kind)
      SELECT DISTINCT ON (t, i) t, i, c, l, k
      FROM json_to_recordset(${subjects}::json) AS g(t text, i text, c text, l text, k text) ORDER BY t, i
      ON CONFLICT DO NOTHING
    )
    INSERT INTO analytics_kinds (tenant_id, metric, kind)
    SELECT t, m, k FROM (
      SELECT t, m, k, row_number() OVER (PARTITION BY t, m ORDER BY k)
        + (SELECT count(*) FROM analytics_kinds o WHERE o.tenant_id = t AND o.metric = m) AS place
      FROM (SELECT DISTINCT t, m, k FROM json_to_recordset(${kinds}::json) AS g(t text, m text, k text)) g
      WHERE NOT EXISTS (SELECT FROM analytics_kinds o WHERE o.tenant_id = t AND o.metric = m AND o.kind = k)
    ) fresh WHERE place <= ${sql.raw(String(mostKinds))} ORDER BY t, m, k
    ON CONFLICT DO NOTHING`,
);

/** Notes what later events leave out, and which kinds are told apart. What is known stays as it is. */
export function notingSubjects(subjects: readonly SubjectRow[], kinds: readonly KindRow[]): SQL {
  return noting(JSON.stringify(subjects), JSON.stringify(kinds));
}

const timedAt = (place: number) => sql.raw(`coalesce(sum(n) FILTER (WHERE p = ${place}), 0)::bigint`);
const histogram = sql`CASE WHEN bool_or(p IS NOT NULL) THEN ARRAY[${sql.join(
  Array.from({ length: histogramPlaces }, (_, place) => timedAt(place)),
  sql`, `,
)}] END`;

const counting = keepSql<[increments: string, openMetrics: readonly string[]]>(
  (increments: SQLWrapper, openMetrics: SQLWrapper) => sql`
    WITH known AS (
      SELECT g.t, g.m, g.h, coalesce(s.course_id, g.i) AS c, g.n, g.s, g.p,
        CASE WHEN g.l IS NOT NULL THEN g.l WHEN g.i = '' THEN ''
          ELSE coalesce(s.language, ${sql.raw(`'${unknownLanguage}'`)}) END AS l,
        CASE WHEN g.k IS NULL THEN coalesce(s.kind, 'base')
          WHEN g.m = ANY(${openMetrics}::text[]) AND o.kind IS NULL THEN ${sql.raw(`'${otherKind}'`)} ELSE g.k END AS k
      FROM json_to_recordset(${increments}::json)
        AS g(t text, m text, h timestamptz, i text, l text, k text, p integer, n bigint, s bigint)
      LEFT JOIN analytics_subjects s ON g.i <> '' AND s.tenant_id = g.t AND s.id = g.i
      LEFT JOIN analytics_kinds o ON o.tenant_id = g.t AND o.metric = g.m AND o.kind = g.k
    )
    INSERT INTO analytics_counts AS a (tenant_id, metric, grain, course_id, bucket, language, kind, count, total, histogram)
    SELECT t, m, grain, course, bucket, language, k, least(sum(n), ${most}), least(sum(s), ${most}), ${histogram}
    FROM known CROSS JOIN LATERAL (VALUES
      ('h', h, '', l, true),
      ('d', date_trunc('day', h, 'UTC'), '', l, true),
      ('d', date_trunc('day', h, 'UTC'), c, '', c <> '')
    ) AS r(grain, bucket, course, language, counts) WHERE counts
    GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
    ON CONFLICT (tenant_id, metric, grain, course_id, bucket, language, kind) DO UPDATE SET
      count = least(least(a.count, ${most}) + excluded.count, ${most}),
      total = least(least(a.total, ${most}) + excluded.total, ${most}),
      histogram = CASE WHEN a.histogram IS NULL OR excluded.histogram IS NULL
        THEN coalesce(a.histogram, excluded.histogram)
        ELSE (SELECT array_agg(x + y ORDER BY place)
          FROM unnest(a.histogram, excluded.histogram) WITH ORDINALITY AS u(x, y, place)) END`,
);

/** Adds to the hours and days of everything, and to the days of each course. @param openMetrics whose kinds are bounded */
export function countingSql(increments: readonly Increment[], openMetrics: readonly string[]): SQL {
  return counting(JSON.stringify(increments), openMetrics);
}
