import { type Database, isoText, type Tx } from "@brain/engine";
import { and, desc, eq, inArray, lt, type SQL, sql } from "drizzle-orm";
import type { Enhanced } from "./enhance.ts";
import { enhancements } from "./tables.ts";

export interface LatestVersion {
  readonly version: number;
  readonly fingerprint: string;
}

/** The newest version of each lesson that has one. */
export async function latestVersions(
  tx: Tx,
  courseId: string,
  lessonIds: readonly string[],
): Promise<ReadonlyMap<string, LatestVersion>> {
  const rows = await tx
    .selectDistinctOn([enhancements.lessonId], {
      lessonId: enhancements.lessonId,
      version: enhancements.version,
      fingerprint: enhancements.fingerprint,
    })
    .from(enhancements)
    .where(and(eq(enhancements.courseId, courseId), inArray(enhancements.lessonId, [...lessonIds])))
    .orderBy(enhancements.lessonId, desc(enhancements.version));
  return new Map(rows.map(({ lessonId, ...latest }) => [lessonId, latest]));
}

export async function insertVersions(
  tx: Tx,
  courseId: string,
  versions: readonly { readonly enhanced: Enhanced; readonly version: number }[],
  made: { readonly generator: string; readonly by: string | null; readonly at: string },
): Promise<void> {
  await tx.insert(enhancements).values(
    versions.map(({ enhanced, version }) => ({
      enhancementId: crypto.randomUUID(),
      courseId,
      lessonId: enhanced.lessonId,
      version,
      enhancementTypes: [...enhanced.types],
      baseHash: enhanced.baseHash,
      diffHash: enhanced.diffHash,
      fingerprint: enhanced.fingerprint,
      contentMarkdown: enhanced.markdown,
      flashcards: [...enhanced.flashcards],
      generator: made.generator,
      createdBy: made.by,
      createdAt: made.at,
    })),
  );
}

/** One stored version, as it is answered. */
export interface StoredVersion {
  readonly version: number;
  readonly enhancement_types: readonly string[];
  readonly content_markdown: string;
  readonly flashcards: readonly unknown[];
  readonly base_hash: string;
  readonly diff_hash: string;
  readonly generator: string;
  readonly created_by: string | null;
  readonly created_at: string;
}

/** Versions of a lesson, newest first. @param before only older ones than this; null: from the newest */
export async function readVersions(
  db: Database,
  courseId: string,
  lessonId: string,
  page: { readonly limit: number; readonly before: number | null },
): Promise<readonly StoredVersion[]> {
  const older: SQL | undefined = page.before === null ? undefined : lt(enhancements.version, page.before);
  return await db.statements
    .select({
      version: enhancements.version,
      enhancement_types: enhancements.enhancementTypes,
      content_markdown: enhancements.contentMarkdown,
      flashcards: enhancements.flashcards,
      base_hash: enhancements.baseHash,
      diff_hash: enhancements.diffHash,
      generator: enhancements.generator,
      created_by: enhancements.createdBy,
      created_at: sql<string>`${isoText(sql`${enhancements.createdAt}`)}`,
    })
    .from(enhancements)
    .where(and(eq(enhancements.courseId, courseId), eq(enhancements.lessonId, lessonId), older))
    .orderBy(desc(enhancements.version))
    .limit(page.limit);
}
