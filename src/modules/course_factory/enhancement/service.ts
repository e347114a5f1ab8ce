import {
  ConflictError,
  NotFoundError,
  type Publish,
  sha256Hex,
  type Tx,
  ValidationError,
} from "@brain/engine";
import { courseEnhancementApplied } from "@brain/schemas";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { visibleTenant } from "../../../http/kit/tenants.ts";
import { factorySource } from "../announce.ts";
import { lessonsOf } from "../content/assemble.ts";
import type { ContentGenerator, CourseBrief } from "../content/generator.ts";
import type { Lesson, Outline } from "../content/model.ts";
import {
  type AuthoredCourse,
  lockAuthoredCourse,
  readAuthoredCourse,
  refuseUnfinished,
} from "../courses/authored-course.ts";
import { type Enhanced, enhanceLesson } from "./enhance.ts";
import type { EnhancedLesson, EnhancementRequest, EnhancementResult } from "./model.ts";
import { insertVersions, latestVersions } from "./store.ts";

/** A lesson that can be enhanced: its place, and its text. */
interface Target {
  readonly index: number;
  readonly lesson: Lesson;
  readonly markdown: string;
}

/**
 * Adds examples, summaries, analogies and flashcards to lessons of a finished course. The lessons stay as they are; what
 * is made stands beside them as a new version, which replaces the one before. The same enhancement once more changes
 * nothing. A dry run, which is the default, stores nothing.
 *
 * @throws {NotFoundError} no such course or lesson
 * @throws {ConflictError} the course is not completed or is archived, or a lesson has no text of its own
 * @throws {ValidationError} with `fail_on_validation_error`, a text broke a rule; nothing is stored
 * @throws {UpstreamError | TransientError} the content service failed; nothing is stored
 */
export async function enhanceCourse(
  services: RequestServices,
  generator: ContentGenerator,
  request: EnhancementRequest,
): Promise<EnhancementResult> {
  const { course_id: courseId, dry_run: isDryRun } = request;
  const course = await readAuthoredCourse(services.db, courseId, visibleTenant(services));
  refuseUnfinished(courseId, course);
  const all = await writeAll(generator, course, request);
  const problems = all.flatMap(({ lessonId, problems: found }) =>
    found.map((message) => ({ lesson_id: lessonId, message })),
  );
  if (request.fail_on_validation_error && problems.length > 0) {
    throw new ValidationError(
      "The enhanced texts broke rules, so nothing was stored. See details; ask for fewer types, or try again.",
      { issues: problems.map(({ lesson_id, message }) => ({ path: `lessons.${lesson_id}`, message })) },
    );
  }
  const good = all.filter((enhanced) => enhanced.problems.length === 0);
  const versions =
    isDryRun || good.length === 0
      ? new Map<string, number>()
      : await services.transact(courseContext(services, course), (tx, publish) =>
          apply(
            tx,
            publish,
            {
              courseId,
              tenantId: course.tenant_id,
              generator: generator.name,
              by: services.actorId,
              at: services.now(),
            },
            good,
          ),
        );
  return {
    success: problems.length === 0,
    course_id: courseId,
    dry_run: isDryRun,
    generator: generator.name,
    lessons: all.map((enhanced) => viewOf(enhanced, versions.get(enhanced.lessonId) ?? null)),
    enhanced_count: good.length,
    diff_hash: await diffHashOf(good),
    validation_errors: problems,
  };
}

function courseContext(services: RequestServices, course: AuthoredCourse) {
  return { source: factorySource, tenant_id: course.tenant_id, actor_id: services.actorId };
}

/** All lessons at once: with a content service each one waits for an answer. */
async function writeAll(
  generator: ContentGenerator,
  course: AuthoredCourse,
  request: EnhancementRequest,
): Promise<readonly Enhanced[]> {
  const { outline } = course.progress;
  if (outline === null) throw new ConflictError(`The course ${request.course_id} has no outline.`);
  const brief: CourseBrief = {
    course_id: request.course_id,
    request: course.request,
    created_at: course.created_at,
  };
  const targets = request.lesson_ids.map((lessonId) => targetOf(course, outline, lessonId));
  return await Promise.all(
    targets.map(async ({ index, lesson, markdown }) => {
      const order = {
        types: request.enhancement_types,
        markdown,
        temperature: request.llm_temperature,
        maxTokens: request.llm_max_tokens,
      };
      const additions = await generator.enhance(brief, outline, index, order, null);
      return await enhanceLesson(brief, lesson, order, additions, request.validate_enhancements);
    }),
  );
}

function targetOf(course: AuthoredCourse, outline: Outline, lessonId: string): Target {
  const lessons = lessonsOf(outline);
  const index = lessons.findIndex((lesson) => lesson.lesson_id === lessonId);
  const lesson = lessons[index];
  if (lesson === undefined) {
    throw new NotFoundError(
      `The course ${outline.metadata.course_id} has no lesson ${lessonId}. GET the course for its lessons.`,
    );
  }
  const written = course.progress.lessons.get(index);
  if (written === undefined || written.status !== "full") {
    throw new ConflictError(
      `The lesson ${lessonId} has no text of its own yet, so there is nothing to enhance. Expected a lesson with status full.`,
    );
  }
  return { index, lesson, markdown: written.content_markdown };
}

/** Stores what is new and tells of it. Answers the stored version of each lesson. */
async function apply(
  tx: Tx,
  publish: Publish,
  made: {
    readonly courseId: string;
    readonly tenantId: string;
    readonly generator: string;
    readonly by: string | null;
    readonly at: Date;
  },
  good: readonly Enhanced[],
): Promise<ReadonlyMap<string, number>> {
  const { courseId } = made;
  // It may have been archived while the service was writing.
  refuseUnfinished(courseId, await lockAuthoredCourse(tx, courseId, made.tenantId));
  const latest = await latestVersions(
    tx,
    courseId,
    good.map(({ lessonId }) => lessonId),
  );
  const fresh = good.filter(
    (enhanced) => latest.get(enhanced.lessonId)?.fingerprint !== enhanced.fingerprint,
  );
  const versions = new Map([...latest].map(([lessonId, { version }]) => [lessonId, version]));
  if (fresh.length === 0) return versions;
  const rows = fresh.map((enhanced) => ({ enhanced, version: (versions.get(enhanced.lessonId) ?? 0) + 1 }));
  const at = made.at.toISOString();
  await insertVersions(tx, courseId, rows, { generator: made.generator, by: made.by, at });
  for (const { enhanced, version } of rows) versions.set(enhanced.lessonId, version);
  await publish(courseEnhancementApplied, {
    course_id: courseId,
    lesson_ids: fresh.map(({ lessonId }) => lessonId),
    enhancement_types: [...new Set(fresh.flatMap(({ types }) => types))],
    diff_hash: await diffHashOf(fresh),
    flashcards_count: fresh.reduce((sum, { flashcards }) => sum + flashcards.length, 0),
    applied_at: at,
  });
  return versions;
}

async function diffHashOf(list: readonly Enhanced[]): Promise<string> {
  return await sha256Hex(list.map(({ diff }) => diff).join(""));
}

function viewOf(enhanced: Enhanced, version: number | null): EnhancedLesson {
  return {
    lesson_id: enhanced.lessonId,
    enhancement_types: enhanced.types,
    content_markdown: enhanced.markdown,
    flashcards: enhanced.flashcards,
    base_hash: enhanced.baseHash,
    diff_hash: enhanced.diffHash,
    diff: enhanced.diff,
    validation_passed: enhanced.problems.length === 0,
    validation_errors: enhanced.problems,
    applied: version !== null,
    version,
  };
}
