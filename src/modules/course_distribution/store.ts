import { type Database, hexOf, type Tx, translated } from "@brain/engine";
import {
  and,
  asc,
  count,
  desc,
  eq,
  getTableColumns,
  ilike,
  inArray,
  isNull,
  ne,
  or,
  type SQL,
  sql,
} from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { ofTenant } from "../of-tenant.ts";
import type { TimePlace } from "../time-cursor.ts";
import type { Distribution, ServedDistribution } from "./model.ts";
import type { AnnouncedLesson, OutlineCounts } from "./outline.ts";
import { courseDistributionLessons, courseDistributionOutlines, courseDistributions } from "./tables.ts";
import { entryOf, isToldOf, ofEntry, toldAccess } from "./told.ts";

/** The statements of this module, one a function. */

const table = courseDistributions;
const parents = alias(courseDistributions, "parents");

type NewRow = typeof table.$inferInsert;

/** What a direct slug serves: public entries, and unlisted ones for those who know the slug. */
export const servedSlug = (slug: string) =>
  and(eq(table.slug, slug), inArray(table.visibility, ["public", "unlisted"]));

/** `dist_` and 16 hex digits of the platform's random source. */
export function newDistributionId(): string {
  return `dist_${hexOf(crypto.getRandomValues(new Uint8Array(8)))}`;
}

// Reads outside a transaction, one round trip each.

/** Newest published first; entries published at the same time are ordered by id, so that the order is stable. */
export async function listPublic(
  db: Database,
  filter: {
    readonly language?: string | undefined;
    readonly text?: string | undefined;
    readonly limit: number;
  },
): Promise<Distribution[]> {
  const conditions: (SQL | undefined)[] = [eq(table.visibility, "public")];
  if (filter.language !== undefined) conditions.push(eq(table.language, filter.language));
  if (filter.text !== undefined) {
    const pattern = `%${filter.text.replace(/[\\%_]/g, "\\$&")}%`;
    conditions.push(or(ilike(table.title, pattern), ilike(table.description, pattern)));
  }
  return translated(
    db.statements
      .select()
      .from(table)
      .where(and(...conditions))
      // NULLS LAST is the order of the index.
      .orderBy(sql`${table.publishedAt} DESC NULLS LAST`, asc(table.distributionId))
      .limit(filter.limit),
  );
}

/** Null when nothing is served under the slug. */
export async function findServed(db: Database, slug: string): Promise<ServedDistribution | null> {
  const [found] = await translated(
    db.statements
      .select({
        row: getTableColumns(table),
        parentSlug: parents.slug,
        access: toldAccess(ofEntry),
      })
      .from(table)
      .leftJoin(parents, and(eq(parents.distributionId, table.derivedFrom), eq(parents.visibility, "public")))
      .where(servedSlug(slug)),
  );
  return found ?? null;
}

/** One entry, if it is this tenant's; null: of any. */
export const isEntry = (id: string, tenantId: string | null) =>
  and(eq(table.distributionId, id), ofTenant(table.tenantId, tenantId));

export async function findById(
  db: Database,
  id: string,
  tenantId: string | null,
): Promise<Distribution | null> {
  const [row] = await translated(db.statements.select().from(table).where(isEntry(id, tenantId)));
  return row ?? null;
}

/** Newest first, of all visibilities. */
export async function listForOperators(
  db: Database,
  filter: {
    /** Null: of all. */
    readonly tenantId: string | null;
    readonly courseId?: string | undefined;
    readonly parentId?: string | undefined;
    readonly limit: number;
    /** Last entry of the page before. */
    readonly cursor?: TimePlace | undefined;
  },
): Promise<Distribution[]> {
  const conditions: SQL[] = [];
  if (filter.tenantId !== null) conditions.push(eq(table.tenantId, filter.tenantId));
  if (filter.courseId !== undefined) conditions.push(eq(table.courseId, filter.courseId));
  if (filter.parentId !== undefined) conditions.push(eq(table.derivedFrom, filter.parentId));
  if (filter.cursor !== undefined) {
    const { ms, id } = filter.cursor;
    const at = sql`${new Date(ms).toISOString()}::timestamptz`;
    conditions.push(
      sql`(${table.createdAt} < ${at} OR (${table.createdAt} = ${at} AND ${table.distributionId} > ${id}))`,
    );
  }
  return translated(
    db.statements
      .select()
      .from(table)
      .where(and(...conditions))
      .orderBy(desc(table.createdAt), asc(table.distributionId))
      .limit(filter.limit),
  );
}

export async function countPublic(db: Database): Promise<number> {
  const [row] = await translated(
    db.statements.select({ count: count() }).from(table).where(eq(table.visibility, "public")),
  );
  return row?.count ?? 0;
}

interface StoredOutline {
  /** Null when no outline of the course was announced. */
  readonly counts: OutlineCounts | null;
  readonly lessons: readonly AnnouncedLesson[];
}

/**
 * What is known of the structure of a course: what the entry's own tenant told of it, or nobody; of what was told twice
 * the later outline, and each lesson once.
 */
export async function findOutline(
  db: Database,
  entry: Pick<Distribution, "courseId" | "tenantId">,
): Promise<StoredOutline> {
  const named = entryOf(entry);
  const outlines = courseDistributionOutlines;
  const told = courseDistributionLessons;
  // Lessons that were told one by one are read where no outline tells of its modules.
  const lastModules = db.statements
    .select({ modules: outlines.modules })
    .from(outlines)
    .where(isToldOf(outlines, named))
    .orderBy(desc(outlines.updatedAt))
    .limit(1);
  const [counts, lessons] = await translated(
    db.statements.batch([
      db.statements
        .select({
          modulesCount: outlines.modulesCount,
          totalLessons: outlines.totalLessons,
          modules: outlines.modules,
          totalDurationMinutes: outlines.totalDurationMinutes,
        })
        .from(outlines)
        .where(isToldOf(outlines, named))
        .orderBy(desc(outlines.updatedAt))
        .limit(1),
      db.statements
        .selectDistinctOn([told.lessonId], {
          moduleId: told.moduleId,
          lessonTitle: told.lessonTitle,
          lessonIndex: told.lessonIndex,
        })
        .from(told)
        .where(
          and(eq(told.courseId, entry.courseId), isLessonOf(entry.tenantId), sql`(${lastModules}) IS NULL`),
        )
        .orderBy(
          asc(told.lessonId),
          sql`${told.tenantId} IS NOT DISTINCT FROM ${entry.tenantId}::varchar DESC`,
        ),
    ]),
  );
  return { counts: counts[0] ?? null, lessons };
}

/** Lessons that the entry's tenant told of, or nobody; for an entry of no tenant those of all. */
function isLessonOf(tenantId: string | null): SQL | undefined {
  const column = courseDistributionLessons.tenantId;
  return tenantId === null ? undefined : or(isNull(column), eq(column, tenantId));
}

/** Public entries of the same course in other languages, one of each language: the course's own before variants. */
export async function findTranslations(
  db: Database,
  { courseId, tenantId, language }: Pick<Distribution, "courseId" | "tenantId" | "language">,
): Promise<{ readonly language: string; readonly slug: string }[]> {
  return translated(
    db.statements
      .selectDistinctOn([table.language], { language: table.language, slug: table.slug })
      .from(table)
      .where(
        and(
          eq(table.courseId, courseId),
          sql`${table.tenantId} IS NOT DISTINCT FROM ${tenantId}::varchar`,
          eq(table.visibility, "public"),
          ne(table.language, language),
        ),
      )
      .orderBy(asc(table.language), sql`${table.derivedFrom} IS NOT NULL`, asc(table.createdAt))
      .limit(50),
  );
}

// Statements inside a transaction.

/** Locks the entry until the transaction ends, so that what is decided on it still holds when it is written. */
export async function lockById(tx: Tx, id: string, tenantId: string | null): Promise<Distribution | null> {
  const [row] = await tx.select().from(table).where(isEntry(id, tenantId)).for("update");
  return row ?? null;
}

/**
 * The entry of the course itself, not a variant; locked. That of the tenant comes before one of none.
 *
 * @param tenantId null: of any
 */
export async function lockBaseOfCourse(
  tx: Tx,
  courseId: string,
  tenantId: string | null,
): Promise<Distribution | null> {
  const usable = tenantId === null ? undefined : or(isNull(table.tenantId), eq(table.tenantId, tenantId));
  const [row] = await tx
    .select()
    .from(table)
    .where(and(eq(table.courseId, courseId), isNull(table.derivedFrom), usable))
    .orderBy(sql`${table.tenantId} IS NULL`, asc(table.createdAt))
    .limit(1)
    .for("update");
  return row ?? null;
}

/**
 * @param isOfAnother says that the course is another tenant's: the caller undoes the transaction then
 * @throws a unique violation of the slug or of the course
 */
export async function insertDistribution(
  tx: Tx,
  row: NewRow,
  isOfAnother: SQL<boolean>,
): Promise<{ readonly row: Distribution; readonly isForeign: boolean }> {
  const [inserted] = await tx
    .insert(table)
    .values(row)
    .returning({ ...getTableColumns(table), isForeign: isOfAnother });
  if (inserted === undefined) throw new Error("Postgres inserted a row and returned none.");
  const { isForeign, ...stored } = inserted;
  return { row: stored, isForeign };
}

/**
 * Inserts unless the slug is taken or the course has an entry already; the transaction stays usable either way.
 *
 * @returns null when nothing was inserted
 */
export async function insertUnlessTaken(
  tx: Tx,
  row: Omit<NewRow, "slug"> & { readonly slug: string | SQL },
): Promise<Distribution | null> {
  const [inserted] = await tx.insert(table).values(row).onConflictDoNothing().returning();
  return inserted ?? null;
}

/** The first of the slugs that no entry has; the last one when all are taken. */
export function firstFreeSlug(slugs: readonly string[]): SQL {
  return sql`coalesce((
    SELECT slug FROM jsonb_array_elements_text(${JSON.stringify(slugs)}::jsonb) WITH ORDINALITY AS wanted(slug, place)
    WHERE NOT EXISTS (SELECT FROM course_distributions taken WHERE taken.slug = wanted.slug)
    ORDER BY place LIMIT 1), ${slugs.at(-1)})`;
}

/** @returns the changed entry; null when there is none with this id */
export async function updateDistribution(
  tx: Tx,
  id: string,
  tenantId: string | null,
  columns: Partial<NewRow>,
): Promise<Distribution | null> {
  const [row] = await tx.update(table).set(columns).where(isEntry(id, tenantId)).returning();
  return row ?? null;
}

/** @returns the removed entry; null when there was none */
export async function deleteDistribution(
  tx: Tx,
  id: string,
  tenantId: string | null,
): Promise<Distribution | null> {
  const [row] = await tx.delete(table).where(isEntry(id, tenantId)).returning();
  return row ?? null;
}
