import { type SQL, sql } from "drizzle-orm";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { visibleTenant } from "../../../http/kit/tenants.ts";
import { csvOf } from "../../csv.ts";
import { isOfTenant } from "../courses/whose-course.ts";
import { noCourse } from "../errors.ts";
import type { ExportQuery } from "./model.ts";

/** How courses are learnt, as sums only: no answer names an actor or an enrolment. */

interface LanguageRow {
  readonly language: string;
  readonly enrollments: number;
  readonly completions: number;
  readonly certificates: number;
  /** Enrolments with any progress. */
  readonly active: number;
  /** Sum over the completions. */
  readonly days: number;
}

interface ChapterRow {
  readonly chapter_id: string;
  readonly module_id: string;
  readonly title: string;
  readonly started: number;
  readonly completed: number;
}

/** Which courses are counted. */
interface Wanted {
  /** Null: all. */
  readonly courseId: string | null;
  /** Only of this tenant; null: of all. */
  readonly tenantId: string | null;
}

function ofCourse(column: SQL, { courseId, tenantId }: Wanted): SQL {
  const isAsked = courseId === null ? sql`true` : sql`${column} = ${courseId}`;
  return sql`${isAsked} AND ${isOfTenant(column, tenantId)}`;
}

/** Two digits; 0 when there is nothing to divide by. */
function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 100;
}

/**
 * Sums over one course, or over all.
 *
 * @param courseId null: all courses; `chapter_dropoff` is empty then, because chapters belong to one course
 * @throws {NotFoundError} no such course
 */
export async function readSummary(services: RequestServices, courseId: string | null) {
  const wanted = { courseId, tenantId: visibleTenant(services) };
  const [known, languages, chapters, [packs]] = (await services.db.batch([
    courseId === null
      ? sql`SELECT 1`
      : sql`SELECT 1 FROM course_factory_courses c WHERE ${ofCourse(sql`c.course_id`, wanted)}`,
    languageQuery(wanted),
    courseId === null ? sql`SELECT 1 WHERE false` : dropoffQuery(courseId),
    sql`SELECT count(*)::integer AS count FROM course_factory_packs p WHERE ${ofCourse(sql`p.course_id`, wanted)}`,
  ])) as [unknown[], LanguageRow[], ChapterRow[], { count: number }[]];
  if (known.length === 0 && courseId !== null) throw noCourse(courseId);
  const sum = (field: Exclude<keyof LanguageRow, "language">) =>
    languages.reduce((total, row) => total + row[field], 0);
  const completions = sum("completions");
  return {
    course_id: courseId,
    total_enrollments: sum("enrollments"),
    active_enrollments: sum("active"),
    total_completions: completions,
    total_certificates: sum("certificates"),
    total_packs: packs?.count ?? 0,
    by_language: Object.fromEntries(
      languages.map(({ language, enrollments, completions: done, certificates }) => [
        language,
        { enrollments, completions: done, certificates, completion_rate: percent(done, enrollments) },
      ]),
    ),
    completion_rate: percent(completions, sum("enrollments")),
    avg_completion_time_days:
      completions === 0 ? null : Math.round((sum("days") / completions) * 10_000) / 10_000,
    chapter_dropoff: chapters.map((row) => ({
      ...row,
      dropoff_percentage: percent(row.started - row.completed, row.started),
    })),
  };
}

function languageQuery(wanted: Wanted): SQL {
  return sql`
    SELECT e.language, count(*)::integer AS enrollments, count(d.enrollment_id)::integer AS completions,
      count(z.enrollment_id)::integer AS certificates,
      (count(*) FILTER (WHERE EXISTS (SELECT 1 FROM course_factory_learning_progress p
        WHERE p.enrollment_id = e.enrollment_id)))::integer AS active,
      coalesce(sum(extract(epoch FROM d.completed_at - e.enrolled_at)) / 86400, 0)::float8 AS days
    FROM course_factory_enrollments e
    LEFT JOIN course_factory_completions d ON d.enrollment_id = e.enrollment_id
    LEFT JOIN course_factory_certificates z ON z.enrollment_id = e.enrollment_id
    WHERE ${ofCourse(sql`e.course_id`, wanted)} GROUP BY e.language ORDER BY e.language`;
}

/**
 * Of each chapter in the order of the course: how many learners began it, and how many completed it. Who completed a
 * whole module completed its chapters; who only began a module has begun none in particular.
 */
function dropoffQuery(courseId: string): SQL {
  return sql`
    WITH chapters AS (
      SELECT (l.item ->> 'lesson_id')::uuid AS chapter_id, (m.item ->> 'module_id')::uuid AS module_id,
        l.item ->> 'title' AS title, m.place AS module_place, l.place
      FROM course_factory_courses c,
        jsonb_array_elements(c.outline -> 'modules') WITH ORDINALITY AS m(item, place),
        jsonb_array_elements(m.item -> 'lessons') WITH ORDINALITY AS l(item, place)
      WHERE c.course_id = ${courseId}),
    reports AS (
      SELECT h.chapter_id, p.enrollment_id, p.status FROM chapters h JOIN course_factory_learning_progress p
        ON p.course_id = ${courseId} AND p.kind = 'chapter' AND p.target_id = h.chapter_id
      UNION ALL
      SELECT h.chapter_id, p.enrollment_id, p.status FROM chapters h JOIN course_factory_learning_progress p
        ON p.course_id = ${courseId} AND p.kind = 'module' AND p.target_id = h.module_id AND p.status = 'completed')
    SELECT h.chapter_id::text, h.module_id::text, h.title, count(DISTINCT r.enrollment_id)::integer AS started,
      (count(DISTINCT r.enrollment_id) FILTER (WHERE r.status = 'completed'))::integer AS completed
    FROM chapters h LEFT JOIN reports r ON r.chapter_id = h.chapter_id
    GROUP BY h.chapter_id, h.module_id, h.title, h.module_place, h.place ORDER BY h.module_place, h.place`;
}

const exportColumns = [
  "date",
  "course_id",
  "course_title",
  "language",
  "metric",
  "chapter_id",
  "module_id",
  "count",
] as const;

/** How often something happened in a course on a day in UTC. The ids are null where they say nothing. */
type ExportRow = Readonly<Record<Exclude<(typeof exportColumns)[number], "count">, string | null>> & {
  readonly count: number;
};

/**
 * Sums by day, course, language and chapter, newest day first.
 *
 * @returns `truncated` true: there are more rows than were asked for; go on with `to` before the last day
 * @throws {NotFoundError} no such course
 */
export async function readExport(
  services: RequestServices,
  query: ExportQuery,
): Promise<{ readonly rows: readonly ExportRow[]; readonly truncated: boolean }> {
  const courseId = query.course_id ?? null;
  const tenantId = visibleTenant(services);
  const [known, rows] = (await services.db.batch([
    courseId === null
      ? sql`SELECT 1`
      : sql`SELECT 1 FROM course_factory_courses c WHERE ${ofCourse(sql`c.course_id`, { courseId, tenantId })}`,
    exportQuery(query, tenantId),
  ])) as [unknown[], ExportRow[]];
  if (known.length === 0 && courseId !== null) throw noCourse(courseId);
  return { rows: rows.slice(0, query.limit), truncated: rows.length > query.limit };
}

/** The rows as CSV with a head line. */
export function exportCsv(rows: readonly ExportRow[], { bom }: Pick<ExportQuery, "bom">): string {
  return `${bom ? "\uFEFF" : ""}${csvOf(exportColumns, rows)}`;
}

function exportQuery(query: ExportQuery, tenantId: string | null): SQL {
  const courseId = query.course_id ?? null;
  const wanted = (column: SQL, time: SQL): SQL => {
    const conditions = [ofCourse(column, { courseId, tenantId }), sql`${time} IS NOT NULL`];
    if (query.from !== undefined) conditions.push(sql`${time} >= ${query.from}::date AT TIME ZONE 'UTC'`);
    if (query.to !== undefined) conditions.push(sql`${time} < (${query.to}::date + 1) AT TIME ZONE 'UTC'`);
    return sql.join(conditions, sql` AND `);
  };
  const reported = (metric: "started" | "completed", time: SQL) => sql`
    SELECT p.course_id, e.language, p.kind || ${`_${metric}`} AS metric,
      CASE WHEN p.kind = 'chapter' THEN p.target_id END AS chapter_id,
      CASE WHEN p.kind = 'module' THEN p.target_id END AS module_id, ${time} AS at
    FROM course_factory_learning_progress p JOIN course_factory_enrollments e USING (enrollment_id)
    WHERE ${wanted(sql`p.course_id`, time)}`;
  return sql`
    SELECT to_char(f.at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS date, f.course_id::text, c.title AS course_title, f.language,
      f.metric, f.chapter_id::text, f.module_id::text, count(*)::integer AS count
    FROM (
      SELECT e.course_id, e.language, 'enrolled' AS metric, NULL::uuid AS chapter_id, NULL::uuid AS module_id,
        e.enrolled_at AS at
      FROM course_factory_enrollments e WHERE ${wanted(sql`e.course_id`, sql`e.enrolled_at`)}
      UNION ALL
      SELECT d.course_id, e.language, 'completed', NULL, NULL, d.completed_at
      FROM course_factory_completions d JOIN course_factory_enrollments e USING (enrollment_id)
      WHERE ${wanted(sql`d.course_id`, sql`d.completed_at`)}
      UNION ALL
      SELECT z.course_id, e.language, 'certified', NULL, NULL, z.issued_at
      FROM course_factory_certificates z JOIN course_factory_enrollments e USING (enrollment_id)
      WHERE ${wanted(sql`z.course_id`, sql`z.issued_at`)}
      UNION ALL ${reported("started", sql`p.started_at`)}
      UNION ALL ${reported("completed", sql`p.completed_at`)}
    ) f JOIN course_factory_courses c ON c.course_id = f.course_id
    GROUP BY 1, f.course_id, c.title, f.language, f.metric, f.chapter_id, f.module_id
    ORDER BY 1 DESC, f.course_id, f.language, f.metric, f.chapter_id, f.module_id
    LIMIT ${query.limit + 1}`;
}
