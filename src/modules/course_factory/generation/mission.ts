import { type Database, issuesOf, RetryAfter, TransientError, UpstreamError } from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { v5 as uuidv5 } from "uuid";
import { callOutside } from "../../call-outside.ts";
import type { MissionContext, MissionHandler, MissionWork } from "../../ports/mission-handler.ts";
import { factorySource } from "../announce.ts";
import { type GenerationRequest, generationRequest } from "../content/model.ts";
import { readAuthoredCourse } from "../courses/authored-course.ts";
import { type CourseFactorySettings, makerOf } from "../settings.ts";
import { type CourseMaker, generate, leaseMsOf, type Outcome } from "./generation.ts";
import type { Run } from "./produce.ts";
import { acceptRun } from "./service.ts";
import { reopenFailed } from "./store.ts";

/**
 * A mission without approval token: missions are stored and shown, a token is a secret. Where the gate wants a person,
 * the mission fails with the plan's hash; once the approval is consumed for it, the mission can be executed again.
 */
const missionRequest = generationRequest.extend({ dry_run: generationRequest.shape.dry_run.default(false) });

/** How long one attempt waits for a course that another run is generating, and between two looks, ms. */
const watchMs = 20_000;
const lookMs = 250;

/**
 * Missions of type `course.generate`: the payload is that of `POST /generate` (`dry_run` is false), the result names the
 * course. An attempt that was cut off has left its course behind, and the consumer goes on with it: the next attempt
 * waits for that course and makes no second one. A course that failed is generated once more, under its id and with what
 * it has: a mission has one course, however often it is tried.
 */
export function courseGenerationMission(
  settings: Pick<CourseFactorySettings, "content" | "gate" | "publicUrl">,
): MissionHandler {
  const generator = makerOf(settings, callOutside);
  return {
    type: "course.generate",
    describe: "Generates a course; the payload is that of POST /api/course-factory/generate.",
    timeoutMs: 10 * 60_000,
    validate(payload, tenantId) {
      const parsed = missionRequest.safeParse(withTenant(payload, tenantId));
      if (!parsed.success) return issuesOf(parsed.error);
      if (tenantId !== null && parsed.data.tenant_id !== tenantId)
        return [{ path: "tenant_id", message: "expected the tenant of the mission, or none" }];
      return parsed.data.dry_run
        ? [{ path: "dry_run", message: "expected false: a mission makes a course" }]
        : null;
    },
    async execute(mission, context) {
      const request = missionRequest.parse(withTenant(mission.payload, mission.tenant_id));
      const earlier = await courseOfEarlierAttempt(context, mission);
      const courseId = earlier?.courseId ?? courseIdOf(mission, mission.attempt);
      if (earlier?.completed !== true) {
        const outcome =
          earlier === null
            ? await make(settings, generator, { mission, request, courseId }, context)
            : await makeAgain(generator, courseId, context);
        if (outcome.kind === "failed") throw reasonOf(outcome.error);
        if (outcome.kind === "taken_over") await whenComplete(context, courseId);
      }
      return resultOf(context.db, courseId);
    },
    eventResult: ({ course_id }) => ({ course_id: course_id ?? null }),
  };
}

/** A tenant's mission makes a course of that tenant, and need not say so. */
function withTenant(payload: JsonObject, tenantId: string | null): JsonObject {
  return tenantId === null ? payload : { tenant_id: tenantId, ...payload };
}

/** Known before the course exists, so that a later attempt finds it. */
function courseIdOf(mission: Pick<MissionWork, "id">, attempt: number): string {
  return uuidv5(`course of attempt ${attempt}`, mission.id);
}

interface CourseOfMission {
  readonly mission: MissionWork;
  readonly request: GenerationRequest;
  readonly courseId: string;
}

async function make(
  { gate }: Pick<CourseFactorySettings, "gate">,
  generator: CourseMaker,
  { mission, request, courseId }: CourseOfMission,
  context: MissionContext,
) {
  const run: Run = {
    course_id: courseId,
    tenant_id: request.tenant_id,
    request,
    correlation_id: mission.correlation_id,
    requested_by: null,
    created_at: context.now().toISOString(),
    owner: crypto.randomUUID(),
    takeovers: mission.attempt - 1,
  };
  return generate(context, generator, await acceptRun(context, generator, gate, run, null));
}

/** Generates a failed course once more. The gate is not asked: its answer was about this very content. */
async function makeAgain(
  generator: CourseMaker,
  courseId: string,
  context: MissionContext,
): Promise<Outcome> {
  const run = await context.transact({ source: factorySource }, (tx) =>
    reopenFailed(tx, courseId, crypto.randomUUID(), leaseMsOf(generator), context.now()),
  );
  // Somebody else was faster, e.g. an operator who retried the course.
  if (run === null) return { kind: "taken_over" };
  const { progress } = await readAuthoredCourse(context.db, courseId, null);
  return generate(context, generator, run, progress);
}

/** What failed for a passing reason is worth another attempt, although the course of this one has failed. */
function reasonOf(error: unknown): unknown {
  return error instanceof UpstreamError && error.cause instanceof TransientError ? error.cause : error;
}

/**
 * The course of an earlier attempt, waited for while it is in work, and whether it is completed or has failed; null:
 * there is none.
 */
async function courseOfEarlierAttempt(
  context: MissionContext,
  mission: MissionWork,
): Promise<{ readonly courseId: string; readonly completed: boolean } | null> {
  const ids = Array.from({ length: mission.attempt }, (_, index) => courseIdOf(mission, index + 1));
  const [found] = await context.db.rows<{ course_id: string }>(sql`
    SELECT course_id FROM course_factory_courses
    WHERE course_id = ANY(${sql.param(ids)}::uuid[]) ORDER BY status = 'failed' LIMIT 1`);
  if (found === undefined) return null;
  return { courseId: found.course_id, completed: await whenComplete(context, found.course_id) };
}

/** False when the course has failed. @throws {RetryAfter} it takes longer */
async function whenComplete({ db, signal, now }: MissionContext, courseId: string): Promise<boolean> {
  const untilMs = now().getTime() + watchMs;
  for (;;) {
    const [course] = await db.rows<{ status: string }>(sql`
      SELECT status FROM course_factory_courses WHERE course_id = ${courseId}::uuid`);
    if (course?.status !== "generating") return course?.status === "completed";
    if (signal.aborted || now().getTime() >= untilMs)
      throw new RetryAfter(watchMs, `The course ${courseId} is still being generated by another run.`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

async function resultOf(db: Database, courseId: string): Promise<JsonObject> {
  const [course] = await db.rows<{ status: string; modules: number | null; lessons: number | null }>(sql`
    SELECT status, (result->>'total_modules')::integer AS modules, (result->>'total_lessons')::integer AS lessons
    FROM course_factory_courses WHERE course_id = ${courseId}::uuid`);
  if (course?.status !== "completed")
    throw new Error(
      `The course ${courseId} is ${course?.status ?? "gone"}; another attempt goes on with it.`,
    );
  return { course_id: courseId, total_modules: course.modules, total_lessons: course.lessons };
}
