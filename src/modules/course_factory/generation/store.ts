import { isoText, type Tx } from "@brain/engine";
import { and, eq, type SQL, sql } from "drizzle-orm";
import type { AccessRule } from "../../access-rule.ts";
import { artifactId } from "../content/assemble.ts";
import type { GenerationRequest, GenerationResult, LandingPage, Outline, Quiz } from "../content/model.ts";
import { LostLeaseError } from "../errors.ts";
import { artifacts, courses, type StoredResult } from "../tables.ts";
import type { Run } from "./produce.ts";
import { type LessonArtifact, type Made, noProgress, outlineWithStates, type Progress } from "./progress.ts";

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

/** Changes a course that is being generated, and gives its current rule of access: people may change that meanwhile. */
function changing(tx: Tx, run: Run, values: Partial<Record<keyof typeof courses.$inferInsert, unknown>>) {
  return tx
    .update(courses)
    .set(values as Partial<typeof courses.$inferInsert>)
    .where(owned(run))
    .returning({ access: sql<AccessRule | null>`${courses.request} -> 'access'`.as("access") });
}

/** @throws {LostLeaseError} nothing was changed: the course is finished or another run owns it */
function requireOwned(run: Run, [row]: readonly { readonly access: AccessRule | null }[]): AccessRule | null {
  if (row !== undefined) return row.access;
  throw new LostLeaseError(
    `Another run works on course ${run.course_id} or has ended it; this one stops. Read the course for its state.`,
  );
}

/** Notes that the work begins. @throws {LostLeaseError} */
export async function markStarted(tx: Tx, run: Run, leaseMs: number, at: Date): Promise<void> {
  const begun = {
    startedAt: at.toISOString(),
    updatedAt: at.toISOString(),
    generatingUntil: leaseEnd(leaseMs),
  };
  requireOwned(run, await changing(tx, run, begun));
}

/** How a generation failed. */
export interface Failure {
  readonly message: string;
  readonly type: string;
}

/** Finished steps, to be stored together. */
export interface MadeSteps {
  readonly made: readonly Made[];
  /** Of the whole course so far, for the final outline. */
  readonly lessons: Progress["lessons"];
  /** The lease is renewed by as much. */
  readonly leaseMs: number;
  readonly at: Date;
  /** Ends the generation as failed behind these steps; null: it goes on, or is finished by them. */
  readonly failure: Failure | null;
}

/**
 * Stores finished steps and renews the lease; one statement.
 *
 * @returns the course's current rule of access
 * @throws {LostLeaseError} nothing was stored
 */
export async function storeMade(
  tx: Tx,
  run: Run,
  { made, lessons, leaseMs, at, failure }: MadeSteps,
): Promise<AccessRule | null> {
  const time = at.toISOString();
  const rows = made.flatMap((item) => artifactRow(run.course_id, item) ?? []);
  const outline = made.find((item) => item.kind === "outline")?.outline;
  const result = made.find((item) => item.kind === "finish")?.result;
  const change = changing(tx, run, {
    updatedAt: time,
    generatingUntil: leaseEnd(leaseMs),
    ...(outline === undefined ? {} : { outline: outlineWithStates(outline, lessons) }),
    ...(result === undefined ? {} : finished(result, time)),
    ...(failure === null ? {} : failed(failure, time)),
  });
  if (rows.length === 0) return requireOwned(run, await change);
  const stored = await tx.execute<{ access: AccessRule | null }>(sql`
    WITH owned AS ${change}, stored AS (
      INSERT INTO course_factory_artifacts (artifact_id, course_id, kind, position, content, fallback, created_at)
      SELECT artifact_id, ${run.course_id}::uuid, kind, position, content, fallback, ${time}::timestamptz
      FROM owned, jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS made(artifact_id uuid, kind text, position integer, content jsonb, fallback boolean)
    )
    SELECT access FROM owned`);
  return requireOwned(run, stored.rows);
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

function artifactRow(courseId: string, made: Made) {
  switch (made.kind) {
    case "lesson":
      return {
        artifact_id: made.lesson.lesson_id,
        kind: "lesson",
        position: made.index + 1,
        content: made.lesson,
        fallback: made.lesson.status === "placeholder",
      };
    case "quiz":
      return {
        artifact_id: made.quiz.quiz_id,
        kind: "quiz",
        position: 1,
        content: made.quiz,
        fallback: false,
      };
    case "landing_page":
      return {
        artifact_id: artifactId(courseId, "landing_page"),
        kind: "landing_page",
        position: 1,
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
  requireOwned(run, await changing(tx, run, { generatingUntil: leaseEnd(leaseMs) }));
}

/** Ends a generation as failed. @throws {LostLeaseError} */
export async function markFailed(tx: Tx, run: Run, failure: Failure, at: Date): Promise<void> {
  requireOwned(run, await changing(tx, run, failed(failure, at.toISOString())));
}

function failed({ message, type }: Failure, time: string) {
  return {
    status: "failed",
    errorMessage: message,
    errorType: type,
    generationOwner: null,
    generatingUntil: null,
    finishedAt: time,
    updatedAt: time,
  };
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
    RETURNING tenant_id, request, correlation_id, requested_by, ${isoText(sql`created_at`)} AS created_at, takeovers`);
  const row = rows[0];
  if (row === undefined) return null;
  await tx.delete(artifacts).where(and(eq(artifacts.courseId, courseId), eq(artifacts.fallback, true)));
  return toRun(courseId, owner, row);
}

function toRun(course_id: string, owner: string, row: RunRow): Run {
  const { tenant_id, request, correlation_id, requested_by, created_at, takeovers } = row;
  return { course_id, owner, tenant_id, request, correlation_id, requested_by, created_at, takeovers };
}

interface RunRow extends Record<string, unknown> {
  readonly tenant_id: string;
  readonly request: GenerationRequest;
  readonly correlation_id: string;
  readonly requested_by: string | null;
  readonly created_at: string;
  readonly takeovers: number;
}

interface TakenRow extends RunRow {
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
}

/** Who takes a course over, and for how long. */
export interface Taker {
  readonly owner: string;
  readonly leaseMs: number;
  readonly at: Date;
  /** Tenant of the event that asks for it, and takes none of another; null: it tells of all. */
  readonly teller: string | null;
}

const isOfTeller = ({ teller }: Taker): SQL => sql`(${teller}::text IS NULL OR tenant_id = ${teller})`;

/** The lease goes to `taker`. A run that was lost before it announced its work counts as begun now. */
function taking(courseId: string, taker: Taker, isLost: boolean, condition: SQL): SQL {
  const { owner, leaseMs, at } = taker;
  const time = sql`${at.toISOString()}::timestamptz`;
  return sql`
    UPDATE course_factory_courses AS c
    SET generation_owner = ${owner}::uuid, generating_until = ${leaseEnd(leaseMs)},
      takeovers = takeovers + ${isLost ? 1 : 0}::integer, started_at = coalesce(started_at, ${time}),
      updated_at = CASE WHEN started_at IS NULL THEN ${time} ELSE updated_at END
    WHERE course_id = ${courseId} AND status = 'generating' AND ${isOfTeller(taker)} AND ${condition}
    RETURNING tenant_id, request, correlation_id, requested_by, ${isoText(sql`created_at`)} AS created_at,
      takeovers, outline, ${artifactsOf(sql`c.course_id`)} AS artifacts`;
}

function toTakenOver(courseId: string, owner: string, row: TakenRow): TakenOver {
  return { run: toRun(courseId, owner, row), progress: progressOf(row.outline, row.artifacts) };
}

/** Takes the lease over from a run that is asked to hand it on; null when the course has moved on. */
export async function takeOver(
  tx: Tx,
  courseId: string,
  previousOwner: string,
  taker: Taker,
): Promise<TakenOver | null> {
  const { rows } = await tx.execute<TakenRow>(
    taking(courseId, taker, false, sql`generation_owner = ${previousOwner}::uuid`),
  );
  return rows[0] === undefined ? null : toTakenOver(courseId, taker.owner, rows[0]);
}

/** What there was of a lease, and whether it was taken over. */
export interface WatchedLease {
  /** Time until the lease ends, ms; 0 or less when it has ended or there is none. */
  readonly remainingMs: number;
  /** Null when it has not ended, or another was faster. */
  readonly taken: TakenOver | null;
}

/**
 * Looks at the lease of a course that is being generated, and takes it over when it has ended. The lost run fails at its
 * next commit, because the row no longer names it. Null: nothing is being generated there.
 */
export async function takeOverLost(tx: Tx, courseId: string, taker: Taker): Promise<WatchedLease | null> {
  const hasEnded = sql`coalesce(generating_until <= now(), true)
      AND generation_owner IS NOT DISTINCT FROM (SELECT owner FROM lease)`;
  const { rows } = await tx.execute<TakenRow & { remaining: number | null; is_taken: boolean }>(sql`
    WITH lease AS (
      SELECT generation_owner AS owner, (extract(epoch FROM generating_until - now()) * 1000)::float8 AS remaining
      FROM course_factory_courses WHERE course_id = ${courseId} AND status = 'generating' AND ${isOfTeller(taker)}
    ), taken AS (${taking(courseId, taker, true, hasEnded)})
    SELECT lease.remaining, taken.tenant_id IS NOT NULL AS is_taken, taken.*
    FROM lease LEFT JOIN taken ON true`);
  const [row] = rows;
  if (row === undefined) return null;
  return {
    remainingMs: row.remaining ?? 0,
    taken: row.is_taken ? toTakenOver(courseId, taker.owner, row) : null,
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
