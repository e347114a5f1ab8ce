import { type Database, isoText, type Tx } from "@brain/engine";
import { eq, type SQL, sql } from "drizzle-orm";
import { pages } from "./tables.ts";

type PageRow = typeof pages.$inferInsert;
type Part = Omit<PageRow, "courseId" | "updatedAt">;

/**
 * Sets parts of a course's page and leaves the others. Answers whether anything changed: the same once more does not.
 */
export async function setPage(tx: Tx, courseId: string, part: Part, at: string): Promise<boolean> {
  const names = Object.keys(part) as (keyof Part)[];
  const changes = names.map((name) => sql`${pages[name]} IS DISTINCT FROM ${excluded(pages[name].name)}`);
  const rows = await tx
    .insert(pages)
    .values({ courseId, ...part, updatedAt: at })
    .onConflictDoUpdate({
      target: pages.courseId,
      set: {
        ...Object.fromEntries(names.map((name) => [name, excluded(pages[name].name)])),
        updatedAt: excluded(pages.updatedAt.name),
      },
      setWhere: sql.join(changes, sql` OR `),
    })
    .returning({ courseId: pages.courseId });
  return rows.length > 0;
}

/** The value that the insert had, of a column of ours. */
function excluded(column: string): SQL {
  return sql`excluded.${sql.identifier(column)}`;
}

/** The page of a course; null when nothing of it was made. */
export async function readPage(db: Database, courseId: string) {
  const [row] = await db.statements
    .select({
      themeId: pages.themeId,
      customColors: pages.customColors,
      sections: pages.sections,
      seoPack: pages.seoPack,
      previewUrl: pages.previewUrl,
      previewVersion: pages.previewVersion,
      updatedAt: sql<string>`${isoText(sql`${pages.updatedAt}`)}`,
    })
    .from(pages)
    .where(eq(pages.courseId, courseId));
  return row ?? null;
}
