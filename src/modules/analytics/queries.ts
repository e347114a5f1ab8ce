import { type Database, NotFoundError, TooLargeError } from "@brain/engine";
import { type SQL, sql } from "drizzle-orm";
import { andTenant } from "../of-tenant.ts";
import { histogramPlaces, type Metric } from "./metrics.ts";
import type { Grouping, Range } from "./model.ts";
import type { Counted } from "./rates.ts";

/** What is asked of the numbers, one statement each. */

export interface Question extends Range {
  readonly interval: "hour" | "day";
  /** Empty: all. */
  readonly metrics: readonly Metric[];
  /** Null: of all tenants, those of no tenant too. */
  readonly tenantId: string | null;
  readonly language?: string | undefined;
  /** `*` stands for any characters. */
  readonly kind?: string | undefined;
  /** Null: everything. */
  readonly courseId?: string;
  readonly groupBy: readonly Grouping[];
}

export interface CountRow extends Counted {
  /** ISO; only by time. */
  readonly time?: string;
  readonly tenant_id?: string | null;
  readonly language?: string;
  /** Null: nothing was timed. */
  readonly histogram: readonly number[] | null;
}

/** Rows of one answer. */
const mostRows = 10_000;

const columns: Readonly<Record<Grouping, SQL>> = {
  time: sql`to_char(bucket AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS time`,
  tenant: sql`nullif(tenant_id, '') AS tenant_id`,
  language: sql`language`,
  kind: sql`kind`,
};
const keys: Readonly<Record<Grouping, SQL>> = {
  time: sql`bucket`,
  tenant: sql`tenant_id`,
  language: sql`language`,
  kind: sql`kind`,
};

const summedHistogram = sql.raw(
  `CASE WHEN bool_or(histogram IS NOT NULL) THEN ARRAY[${Array.from({ length: histogramPlaces }, (_, place) => `coalesce(sum(histogram[${place + 1}]), 0)`).join(", ")}]::float8[] END AS histogram`,
);

function conditionOf(question: Question): SQL {
  const { interval, metrics, tenantId, language, kind, courseId = "", from, to } = question;
  const all = [
    sql`grain = ${interval === "hour" ? "h" : "d"}`,
    sql`course_id = ${courseId}`,
    sql`bucket >= ${from.toISOString()}::timestamptz AND bucket < ${to.toISOString()}::timestamptz`,
  ];
  if (tenantId !== null) all.push(sql`tenant_id = ${tenantId}`);
  all.push(
    metrics.length === 0
      ? sql`metric <> 'events'`
      : sql`metric IN (SELECT json_array_elements_text(${JSON.stringify(metrics)}::json))`,
  );
  if (language !== undefined) all.push(sql`language = ${language}`);
  // `_` of a type is no wildcard.
  if (kind !== undefined) all.push(sql`kind LIKE ${kind.replaceAll("_", "\\_").replaceAll("*", "%")}`);
  return sql.join(all, sql` AND `);
}

function countsQuery(question: Question): SQL {
  const { groupBy } = question;
  const shown = sql.join([sql`metric`, ...groupBy.map((grouping) => columns[grouping])], sql`, `);
  const grouped = sql.join([...groupBy.map((grouping) => keys[grouping]), sql`metric`], sql`, `);
  return sql`
    SELECT ${shown}, sum(count)::float8 AS count, sum(total)::float8 AS total, ${summedHistogram}
    FROM analytics_counts WHERE ${conditionOf(question)}
    GROUP BY ${grouped} ORDER BY ${grouped} LIMIT ${mostRows + 1}`;
}

function bounded(rows: readonly CountRow[]): readonly CountRow[] {
  if (rows.length <= mostRows) return rows.map((row) => ({ ...row, kind: row.kind ?? "" }));
  throw new TooLargeError(
    `The answer has more than ${mostRows} rows. Ask for fewer days, for single metrics, or group by less.`,
  );
}

/** Sums, in the order of what they are grouped by. @throws {TooLargeError} there are too many */
export async function readCounts(db: Database, question: Question): Promise<readonly CountRow[]> {
  return bounded(await db.rows<CountRow>(countsQuery(question)));
}

/** The same for one course. @throws {NotFoundError} nothing was ever counted of it */
export async function readCourse(
  db: Database,
  question: Question & { readonly courseId: string },
): Promise<readonly CountRow[]> {
  const { courseId, tenantId } = question;
  const ofWhom = andTenant(sql`tenant_id`, tenantId);
  const [known = [], rows = []] = (await db.batch([
    sql`SELECT 1 FROM analytics_subjects WHERE id = ${courseId} AND kind = '' ${ofWhom}
      UNION ALL (SELECT 1 FROM analytics_counts WHERE course_id = ${courseId} ${ofWhom} LIMIT 1) LIMIT 1`,
    countsQuery(question),
  ])) as [unknown[], CountRow[]];
  if (known.length === 0) {
    throw new NotFoundError(
      `Nothing was counted of the course "${courseId}". Check its id; what happened to a course is counted within a minute.`,
    );
  }
  return bounded(rows);
}
