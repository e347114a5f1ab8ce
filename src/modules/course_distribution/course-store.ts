import { latestPossible, type StatementBuilder, type Tx } from "@brain/engine";
import { and, asc, eq, inArray, isNotNull, isNull, ne, or, type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import type { AccessRule } from "../access-rule.ts";
import type { Distribution } from "./model.ts";
import {
  type Cta,
  courseDistributionCourses,
  courseDistributionLessons,
  courseDistributionOutlines,
  courseDistributions,
} from "./tables.ts";
import { isToldOf, isUntold, known, ofEntry } from "./told.ts";

/** The statements about a course as a whole, of which events tell: what is known of it, and all of its entries. */

const table = courseDistributions;

/**
 * Whose rows an event may change: those of its own tenant, and those of none. What a tenant tells of another one's
 * course changes nothing.
 *
 * @param teller tenant of the event; null: it tells of all
 */
function isOfTeller(column: PgColumn, teller: string | null): SQL | undefined {
  return teller === null ? undefined : or(isNull(column), eq(column, teller));
}

/** Whether the course of an entry was told of by nobody before the teller. @param teller null: it tells of all */
function isNotToldFirstByAnother(teller: string | null): SQL {
  return sql`(${teller}::varchar IS NULL OR NOT EXISTS (
    SELECT FROM course_distribution_courses known WHERE ${isToldOf(known, ofEntry)}
      AND known.course_id IS NOT NULL AND known.tenant_id <> ${teller}::varchar))`;
}

/** Whether what was told at `told` counts beside what is stored. */
function isNotOlder(stored: PgColumn, told: Date, now: Date): SQL {
  // A stored time that is far ahead is from a clock that was wrong, and counts no more.
  return sql`(${stored} IS NULL OR ${stored} <= ${told.toISOString()}::timestamptz
    OR ${stored} > ${latestPossible(now).toISOString()}::timestamptz)`;
}

/**
 * Notes the newest staging deployment on all entries of a course; one that was told earlier changes nothing. An entry of
 * no tenant follows who told of the course first.
 *
 * @returns how many entries the course has
 */
export async function noteStaging(
  tx: Tx,
  courseId: string,
  staging: {
    readonly url: string;
    /** When it was told. */
    readonly deployedAt: Date;
    readonly now: Date;
    readonly teller: string | null;
  },
): Promise<number> {
  const deployedAt = sql`${staging.deployedAt.toISOString()}::timestamptz`;
  const isNewer = isNotOlder(table.stagingDeployedAt, staging.deployedAt, staging.now);
  const rows = await tx
    .update(table)
    .set({
      stagingUrl: sql`CASE WHEN ${isNewer} THEN ${staging.url} ELSE ${table.stagingUrl} END`,
      stagingDeployedAt: sql`CASE WHEN ${isNewer} THEN ${deployedAt} ELSE ${table.stagingDeployedAt} END`,
      updatedAt: sql`CASE WHEN ${isNewer} THEN ${staging.now.toISOString()}::timestamptz ELSE ${table.updatedAt} END`,
    })
    .where(
      and(
        eq(table.courseId, courseId),
        isOfTeller(table.tenantId, staging.teller),
        or(isNotNull(table.tenantId), isNotToldFirstByAnother(staging.teller)),
      ),
    )
    .returning({ id: table.distributionId });
  return rows.length;
}

/** The counts of outlines; a later announcement of the same tenant's course replaces the earlier. One row each. */
export function savingOutlines(
  build: StatementBuilder,
  outlines: readonly (typeof courseDistributionOutlines.$inferInsert)[],
) {
  return build
    .insert(courseDistributionOutlines)
    .values([...outlines])
    .onConflictDoUpdate({
      target: [courseDistributionOutlines.courseId, courseDistributionOutlines.tenantId],
      set: {
        modulesCount: sql`excluded.modules_count`,
        totalLessons: sql`excluded.total_lessons`,
        modules: sql`excluded.modules`,
        totalDurationMinutes: sql`excluded.total_duration_minutes`,
        updatedAt: sql`excluded.updated_at`,
      },
    });
}

/** Lessons already known stay as they are. */
export function savingLessons(
  build: StatementBuilder,
  lessons: readonly (typeof courseDistributionLessons.$inferInsert)[],
) {
  return build
    .insert(courseDistributionLessons)
    .values([...lessons])
    .onConflictDoNothing();
}

/** When something was told of a course, and what time it is. */
interface Told {
  /** Tenant of the event; null: it tells of all. */
  readonly teller: string | null;
  readonly told: Date;
  readonly now: Date;
}

/** Keeps who may learn a course, unless something later was told of it. */
function savingAccess(tx: Tx, courseId: string, access: AccessRule | null, { teller, told, now }: Told) {
  const known = courseDistributionCourses;
  const isLater = isNotOlder(known.accessToldAt, told, now);
  return tx
    .insert(known)
    .values({ courseId, tenantId: teller, access, accessToldAt: told })
    .onConflictDoUpdate({
      target: [known.courseId, known.tenantId],
      set: {
        access: sql`CASE WHEN ${isLater} THEN excluded.access ELSE ${known.access} END`,
        accessToldAt: sql`CASE WHEN ${isLater} THEN excluded.access_told_at ELSE ${known.accessToldAt} END`,
      },
    });
}

/**
 * The condition on an entry that it follows what is told: that nothing later counts for it which another one told. One of
 * no tenant follows who told of the id first, and what is told for all.
 */
function followsTeller(toldColumn: "access_told_at" | "workflow_told_at", { teller, told, now }: Told): SQL {
  const at = sql`known.${sql.identifier(toldColumn)}`;
  return sql`NOT EXISTS (
    SELECT FROM course_distribution_courses known
    WHERE ${isToldOf(known, ofEntry)} AND known.tenant_id IS DISTINCT FROM ${teller}::varchar
      AND ((${at} > ${told.toISOString()}::timestamptz AND ${at} <= ${latestPossible(now).toISOString()}::timestamptz)
        OR (${teller}::varchar IS NOT NULL AND course_distributions.tenant_id IS NULL AND known.course_id IS NOT NULL)))`;
}

/*
 * What counts for the entries of the teller, where it was also told for all. The row that is written is named by its
 * table.
 */
const ruleThatCounts = toldForAllOr("access", "access_told_at").mapWith(courseDistributionCourses.access);
const stateThatCounts = toldForAllOr("workflow_state", "workflow_told_at").mapWith(
  courseDistributionCourses.workflowState,
);

/** The column of the row of nobody, if it was told later than that of the written row; else that of the written row. */
function toldForAllOr(column: string, toldColumn: string): SQL {
  const name = sql.identifier;
  const written = sql`course_distribution_courses`;
  return sql`(
    SELECT CASE WHEN count(shared) > 0 THEN (array_agg(shared.${name(column)}))[1] ELSE ${written}.${name(column)} END
    FROM course_distribution_courses shared
    WHERE shared.course = ${written}.course AND shared.tenant_id IS NULL AND ${written}.tenant_id IS NOT NULL
      AND shared.${name(toldColumn)} > coalesce(${written}.${name(toldColumn)}, '-infinity'))`;
}

/** What is known of a course; its row is locked until the commit, so it stays so. */
interface KnownCourse {
  /** The rule as it is now. */
  readonly access: AccessRule | null;
  /** How far its authors are. */
  readonly workflowState: string;
  readonly hasEntry: boolean;
  /** The caller's condition. */
  readonly isForeign: boolean;
}

/** Keeps who may learn a course, unless something later was told of it. */
export async function saveAccess(
  tx: Tx,
  courseId: string,
  access: AccessRule | null,
  { isForeign, ...times }: Told & { readonly isForeign: SQL<boolean> },
): Promise<KnownCourse> {
  const [row] = await savingAccess(tx, courseId, access, times).returning({
    isForeign,
    access: ruleThatCounts,
    workflowState: stateThatCounts,
    hasEntry: sql<boolean>`EXISTS (
      SELECT FROM course_distributions entry
      WHERE entry.course_id = ${courseId} AND entry.derived_from IS NULL
        AND (${times.teller}::varchar IS NULL OR entry.tenant_id IS NULL OR entry.tenant_id = ${times.teller}))`,
  });
  if (row === undefined) throw new Error("an upsert returned no row");
  return row;
}

/**
 * The same, and locks the entries of the course. In one statement, because events of a course are handled one after the
 * other: nobody else writes its row, so this one does not wait for it, and sees what there is.
 */
export async function saveAccessLockingEntries(
  tx: Tx,
  courseId: string,
  access: AccessRule | null,
  times: Told,
): Promise<{ readonly access: AccessRule | null; readonly entries: readonly Distribution[] }> {
  const known = tx
    .$with("known")
    .as(savingAccess(tx, courseId, access, times).returning({ access: courseDistributionCourses.access }));
  const follows = followsTeller("access_told_at", times);
  const entries = tx.$with("entries").as(lockedOfCourse(tx, courseId, times.teller, follows));
  const rows = await tx.with(known, entries).select().from(known).leftJoin(entries, sql`true`);
  return {
    access: rows[0]?.known.access ?? null,
    entries: rows.flatMap(({ entries: entry }) => (entry === null ? [] : [entry])),
  };
}

/**
 * Keeps how far the authors of a course are.
 *
 * @returns false when something later was told; nothing was changed then
 */
export async function saveWorkflowState(
  tx: Tx,
  courseId: string,
  workflowState: string,
  { teller, told, now }: Told,
): Promise<boolean> {
  const known = courseDistributionCourses;
  const rows = await tx
    .insert(known)
    .values({ courseId, tenantId: teller, workflowState, workflowToldAt: told })
    .onConflictDoUpdate({
      target: [known.courseId, known.tenantId],
      set: { workflowState, workflowToldAt: told },
      setWhere: isNotOlder(known.workflowToldAt, told, now),
    })
    .returning({ courseId: known.courseId });
  return rows.length > 0;
}

/** The entry of the course and its variants, locked in one order for all, so that nobody waits in a circle. */
const lockedOfCourse = (tx: Tx, courseId: string, teller: string | null, condition?: SQL) =>
  tx
    .select()
    .from(table)
    .where(and(eq(table.courseId, courseId), isOfTeller(table.tenantId, teller), condition))
    .orderBy(asc(table.distributionId))
    .for("update");

/**
 * Makes the private entries of a course public, or private those that are not.
 *
 * @returns those that this has changed, as they are now, by id
 */
export async function turnEntries(
  tx: Tx,
  courseId: string,
  visibility: "public" | "private",
  times: Told,
): Promise<Distribution[]> {
  const { teller, now } = times;
  const isOther = visibility === "public" ? eq(table.visibility, "private") : ne(table.visibility, "private");
  const turned = and(isOther, followsTeller("workflow_told_at", times));
  const others = tx.$with("others").as(lockedOfCourse(tx, courseId, teller, turned));
  const columns = visibility === "public" ? { visibility, publishedAt: now } : { visibility };
  const rows = await tx
    .with(others)
    .update(table)
    .set({ ...columns, updatedAt: now })
    .where(inArray(table.distributionId, tx.select({ id: others.distributionId }).from(others)))
    .returning();
  return rows.toSorted((a, b) => (a.distributionId < b.distributionId ? -1 : 1));
}

/** Makes a private entry public, unless an event told of its tenant's course. @returns null when it changed nothing */
export async function publishUntold(tx: Tx, id: string, now: Date): Promise<Distribution | null> {
  const [row] = await tx
    .update(table)
    .set({ visibility: "public", publishedAt: now, updatedAt: now })
    .where(and(eq(table.distributionId, id), eq(table.visibility, "private"), isUntold(ofEntry)))
    .returning();
  return row ?? null;
}

/** Writes the buttons of entries that the caller has locked. */
export async function saveButtons(
  tx: Tx,
  buttons: readonly { readonly id: string; readonly cta: Cta }[],
  now: Date,
): Promise<void> {
  await tx.execute(sql`
    UPDATE course_distributions d SET cta = button.cta, updated_at = ${now.toISOString()}::timestamptz
    FROM jsonb_to_recordset(${JSON.stringify(buttons)}::jsonb) AS button(id text, cta jsonb)
    WHERE d.distribution_id = button.id`);
}
