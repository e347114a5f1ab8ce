import type { Tx } from "@brain/engine";
import { and, eq, type SQL, sql } from "drizzle-orm";
import type { AccessRule } from "../access-rule.ts";
import { artifactId } from "./content/assemble.ts";
import type { GenerationRequest, GenerationResult, LandingPage, Outline, Quiz } from "./content/model.ts";
import { LostLeaseError } from "./errors.ts";
import type { Run } from "./produce.ts";
import { type LessonArtifact, type Made, noProgress, outlineWithStates, type Progress } from "./progress.ts";
import { artifacts, courses, type StoredResult } from "./tables.ts";

/** ISO text in UTC with milliseconds, as the driver would not give it. */
export function isoColumn(column: SQL): SQL {
  return sql`to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** End of a lease that begins now, by the clock of Postgres: all runs see the same one. */
function leaseEnd(leaseMs: number): SQL {
  return sql`now() + ${leaseMs / 1000}::float8 * interval '1 second'`;
}

/** Row of a new course, leased to the run that was given. */
export async function insertCourse(tx: Tx, run: Run, leaseMs: number): Promise<void> {
  await tx.insert(courses).values({
    courseId: run.course_id,
    tenantId: run.tenant_id,
    title: run.request.title,
    language: run.request.language,
    request: run.request,
    generationOwner: run.owner,
    generatingUntil: leaseEnd(leaseMs) as unknown as string,
    correlationId: run.correlation_id,
    requestedBy: run.requested_by,
    takeovers: run.takeovers,
    createdAt: run.created_at,
    updatedAt: run.created_at,
  });
}

/** Only the owner of the lease may change a course that is being generated. */
function owned(run: Run): SQL | undefined {
  return and(
    eq(courses.courseId, run.course_id),
    eq(courses.status, "generating"),
    eq(courses.generationOwner, run.owner),
  );
}

/**
 * @returns the rule of access as it is now; it may have been changed since the run began
 * @throws {LostLeaseError} nothing was changed: the course is finished or another run owns it
 */
async function changeOwned(
  tx: Tx,
  run: Run,
  values: Partial<Record<keyof typeof courses.$inferInsert, unknown>>,
): Promise<AccessRule | null> {
  const [row] = await tx
    .update(courses)
    .set(values as Partial<typeof courses.$inferInsert>)
    .where(owned(run))
    .returning({ access: sql<AccessRule | null>`${courses.request} -> 'access'` });
  if (row === undefined) {
    throw new LostLeaseError(
      `Another run works on course ${run.course_id} or has ended it; this one stops. Read the course for its state.`,
    );
  }
  return row.access;
}

/** Notes that the work begins. @throws {LostLeaseError} */
export async function markStarted(tx: Tx, run: Run, leaseMs: number, at: Date): Promise<void> {
  await changeOwned(tx, run, {
    startedAt: at.toISOString(),
    updatedAt: at.toISOString(),
    generatingUntil: leaseEnd(leaseMs),
  });
}

/**
 * Stores finished steps and renews the lease: one update and at most one insert.
 *
 * @param lessons of the whole course so far, for the final outline
 * @returns the rule of access as it is now
 * @throws {LostLeaseError} nothing was stored
 */
export async function storeMade(
  tx: Tx,
  run: Run,
  made: readonly Made[],
  lessons: Progress["lessons"],
  leaseMs: number,
  at: Date,
): Promise<AccessRule | null> {
  const time = at.toISOString();
  const rows = made.flatMap((item) => artifactRow(run, item, time) ?? []);
  const outline = made.find((item) => item.kind === "outline")?.outline;
  const result = made.find((item) => item.kind === "finish")?.result;
  const access = await changeOwned(tx, run, {
    updatedAt: time,
    ...(outline === undefined ? {} : { outline: outlineWithStates(outline, lessons) }),
    ...(result === undefined ? { generatingUntil: leaseEnd(leaseMs) } : finished(result, time)),
  });
  if (rows.length > 0) await tx.insert(artifacts).values(rows);
  return access;
}

function finished(result: GenerationResult, time: string) {
  const {
    outline,
    quiz: _quiz,
    landing_page: _page,
    deployed: _d,
    staging_url: _s,
    errors: _e,
    ...counted
  } = result;
  return {
    status: "completed",
    ...(outline === undefined ? {} : { outline }),
    result: counted satisfies StoredResult,
    generationOwner: null,
    generatingUntil: null,
    finishedAt: time,
  };
}

function artifactRow(run: Run, made: Made, createdAt: string): typeof artifacts.$inferInsert | null {
  const row = { courseId: run.course_id, createdAt, position: 1 };
  switch (made.kind) {
    case "lesson":
      return {
        ...row,
        artifactId: made.lesson.lesson_id,
        kind: "lesson",
        position: made.index + 1,
        content: made.lesson,
        fallback: made.lesson.status === "placeholder",
      };
    case "quiz":
      return { ...row, artifactId: made.quiz.quiz_id, kind: "quiz", content: made.quiz };
    case "landing_page":
      return {
        ...row,
        artifactId: artifactId(run.course_id, "landing_page"),
        kind: "landing_page",
        content: made.page,
        fallback: made.fallback,
      };
    case "outline":
    case "finish":
      return null;
  }
}

/** Keeps the course for another length of the lease. @throws {LostLeaseError} */
export async function renewLease(tx: Tx, run: Run, leaseMs: number): Promise<void> {
  await changeOwned(tx, run, { generatingUntil: leaseEnd(leaseMs) });
}

/** Ends a generation as failed. @throws {LostLeaseError} */
export async function markFailed(tx: Tx, run: Run, message: string, type: string, at: Date): Promise<void> {
  const time = at.toISOString();
  await changeOwned(tx, run, {
    status: "failed",
    errorMessage: message,
    errorType: type,
    generationOwner: null,
    generatingUntil: null,
    finishedAt: time,
    updatedAt: time,
  });
}

/**
 * Makes a failed course one that is being generated again, leased to `owner`; what it has stays, except for what stands
 * in for texts that could not be written.
 *
 * @returns null when it has not failed, or is not there
 */
export async function reopenFailed(
  tx: Tx,
  courseId: string,
  owner: string,
  leaseMs: number,
  at: Date,
): Promise<Run | null> {
  const { rows } = await tx.execute<RunRow>(sql`
    UPDATE course_factory_courses
    SET status = 'generating', generation_owner = ${owner}::uuid, generating_until = ${leaseEnd(leaseMs)},
      takeovers = takeovers + 1, error_message = NULL, error_type = NULL, finished_at = NULL,
      updated_at = ${at.toISOString()}::timestamptz
    WHERE course_id = ${courseId} AND status = 'failed'
    RETURNING tenant_id, request, correlation_id, requested_by, ${isoColumn(sql`created_at`)} AS created_at, takeovers`);
  const row = rows[0];
  if (row === undefined) return null;
  await tx.delete(artifacts).where(and(eq(artifacts.courseId, courseId), eq(artifacts.fallback, true)));
  const { tenant_id, request, correlation_id, requested_by, created_at, takeovers } = row;
  return {
    course_id: courseId,
    owner,
    tenant_id,
    request,
    correlation_id,
    requested_by,
    created_at,
    takeovers,
  };
}

/** State of the lease of a course that is being generated. */
export interface LeaseState {
  readonly status: string;
  readonly owner: string | null;
  /** Time until the lease ends, ms; 0 or less when it has ended or there is none. */
  readonly remainingMs: number;
}

/** Null when there is no such course. */
export async function readLease(tx: Tx, courseId: string): Promise<LeaseState | null> {
  const { rows } = await tx.execute<{ status: string; owner: string | null; remaining: number | null }>(sql`
    SELECT status, generation_owner::text AS owner,
      (extract(epoch FROM generating_until - now()) * 1000)::float8 AS remaining
    FROM course_factory_courses WHERE course_id = ${courseId}`);
  const row = rows[0];
  return row === undefined ? null : { status: row.status, owner: row.owner, remainingMs: row.remaining ?? 0 };
}

interface RunRow extends Record<string, unknown> {
  readonly tenant_id: string;
  readonly request: GenerationRequest;
  readonly correlation_id: string;
  readonly requested_by: string | null;
  readonly created_at: string;
  readonly takeovers: number;
  readonly started: boolean;
  readonly outline: Outline | null;
  readonly artifacts: readonly ArtifactRow[];
}

export type ArtifactRow = { readonly position: number; readonly fallback: boolean } & (
  | { readonly kind: "lesson"; readonly content: LessonArtifact }
  | { readonly kind: "quiz"; readonly content: Quiz }
  | { readonly kind: "landing_page"; readonly content: LandingPage }
);

/** What a run that takes a course over needs to go on. */
export interface TakenOver {
  readonly run: Run;
  readonly progress: Progress;
  /** False when the process died before it announced the work. */
  readonly started: boolean;
}

/**
 * Takes the lease over when `previous` still is as it was seen and, unless `whileAlive`, has ended; null when another
 * was faster. The lost run fails at its next commit, because the row no longer names it.
 */
export async function takeOver(
  tx: Tx,
  courseId: string,
  previous: { readonly owner: string | null; readonly whileAlive: boolean },
  owner: string,
  leaseMs: number,
): Promise<TakenOver | null> {
  const ended = previous.whileAlive ? sql`true` : sql`coalesce(generating_until <= now(), true)`;
  const lost = previous.whileAlive ? 0 : 1;
  const { rows } = await tx.execute<RunRow>(sql`
    UPDATE course_factory_courses AS c
    SET generation_owner = ${owner}::uuid, generating_until = ${leaseEnd(leaseMs)}, takeovers = takeovers + ${lost}::integer
    WHERE course_id = ${courseId} AND status = 'generating' AND ${ended}
      AND generation_owner IS NOT DISTINCT FROM ${previous.owner}::uuid
    RETURNING tenant_id, request, correlation_id, requested_by, ${isoColumn(sql`created_at`)} AS created_at,
      takeovers, started_at IS NOT NULL AS started, outline, ${artifactsOf(sql`c.course_id`)} AS artifacts`);
  const row = rows[0];
  if (row === undefined) return null;
  const { started, outline, artifacts: stored, ...rest } = row;
  return {
    run: {
      course_id: courseId,
      owner,
      tenant_id: rest.tenant_id,
      request: rest.request,
      correlation_id: rest.correlation_id,
      requested_by: rest.requested_by,
      created_at: rest.created_at,
      takeovers: rest.takeovers,
    },
    progress: progressOf(outline, stored),
    started,
  };
}

/** All artifacts of a course as one JSON list, in order. */
export function artifactsOf(courseId: SQL): SQL {
  return sql`(SELECT coalesce(json_agg(json_build_object('kind', a.kind, 'position', a.position, 'fallback', a.fallback,
    'content', a.content) ORDER BY a.kind, a.position), '[]'::json)
    FROM course_factory_artifacts a WHERE a.course_id = ${courseId})`;
}

/** Progress from what is stored. */
export function progressOf(outline: Outline | null, stored: readonly ArtifactRow[]): Progress {
  const lessons = new Map<number, LessonArtifact>();
  let progress: Progress = { ...noProgress, outline };
  for (const row of stored) {
    if (row.kind === "lesson") lessons.set(row.position - 1, row.content);
    else if (row.kind === "quiz") progress = { ...progress, quiz: row.content };
    else progress = { ...progress, landingPage: row.content, landingPageFallback: row.fallback };
  }
  return { ...progress, lessons };
}
