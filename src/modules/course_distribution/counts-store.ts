/** Views and clicks of catalogue entries: counted by Postgres, and told by events. */

import type { Tx } from "@brain/engine";
import { getTableColumns, inArray, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import type { Distribution, ServedDistribution } from "./model.ts";
import { isEntry, servedSlug } from "./store.ts";
import { courseDistributions as table } from "./tables.ts";
import { ofEntry, toldAccess } from "./told.ts";

/** Views and clicks of an entry that get an event each, a minute; those beyond are told together. */
export const toldPerMinute = 60;

/**
 * Counters are incremented by Postgres and read back from the same statement: no update is lost, and the event carries
 * the value that this very increment reached. Beyond what is told in this minute, only the counts grow.
 */
function oneMore(now: Date, what: "view" | "click") {
  const minute = sql`date_trunc('minute', ${now.toISOString()}::timestamptz)`;
  const inMinute = sql`CASE WHEN ${table.countedMinute} = ${minute} THEN ${table.countedInMinute} + 1 ELSE 1 END`;
  const more = (column: PgColumn) =>
    sql`${column} + CASE WHEN ${inMinute} > ${toldPerMinute}::integer THEN 1 ELSE 0 END`;
  return {
    countedMinute: minute,
    countedInMinute: inMinute,
    ...(what === "view"
      ? { viewCount: sql`${table.viewCount} + 1`, untoldViews: more(table.untoldViews) }
      : { enrollmentCount: sql`${table.enrollmentCount} + 1`, untoldClicks: more(table.untoldClicks) }),
  };
}

/** Takes what was counted and not told, at most `limit` entries. `views` and `clicks` are what they were. */
export async function takeUntold(
  tx: Tx,
  limit: number,
): Promise<{ readonly row: Distribution; readonly views: number; readonly clicks: number }[]> {
  const rows = await tx
    .select()
    .from(table)
    .where(sql`untold_views > 0 OR untold_clicks > 0`)
    .limit(limit)
    .for("update", { skipLocked: true });
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.distributionId);
  await tx.update(table).set({ untoldViews: 0, untoldClicks: 0 }).where(inArray(table.distributionId, ids));
  return rows.map((row) => ({ row, views: row.untoldViews, clicks: row.untoldClicks }));
}

/** @returns null when nothing is served under the slug */
export async function countViewOfSlug(tx: Tx, slug: string, now: Date): Promise<ServedDistribution | null> {
  const [found] = await tx
    .update(table)
    .set(oneMore(now, "view"))
    .where(servedSlug(slug))
    .returning({
      ...getTableColumns(table),
      parentSlug: sql<string | null>`(
        SELECT parents.slug FROM course_distributions parents
        WHERE parents.distribution_id = course_distributions.derived_from AND parents.visibility = 'public')`,
      access: toldAccess(ofEntry),
    });
  if (found === undefined) return null;
  const { parentSlug, access, ...row } = found;
  return { row, parentSlug, access };
}

/** @returns null when there is no entry with this id */
export async function countViewOfId(
  tx: Tx,
  id: string,
  tenantId: string | null,
  now: Date,
): Promise<Distribution | null> {
  const [row] = await tx.update(table).set(oneMore(now, "view")).where(isEntry(id, tenantId)).returning();
  return row ?? null;
}

/** @returns null when nothing is served under the slug */
export async function countEnrollment(tx: Tx, slug: string, now: Date): Promise<Distribution | null> {
  const [row] = await tx.update(table).set(oneMore(now, "click")).where(servedSlug(slug)).returning();
  return row ?? null;
}
