import {
  type Consumer,
  defineConsumer,
  type HandlerContext,
  on,
  onSqlBatch,
  PermanentError,
  TransientError,
  type Tx,
  toldAt,
} from "@brain/engine";
import {
  courseAccessRuleChanged,
  courseDeployedStaging,
  courseDistributionCompleted,
  courseDistributionFailed,
  courseDistributionRequested,
  courseGenerationCompleted,
  courseLessonGenerated,
  courseOutlineCreated,
  courseWorkflowTransitioned,
  type Envelope,
  type PayloadOf,
} from "@brain/schemas";
import type { SQL } from "drizzle-orm";
import { type AccessRule, toldRule } from "../access-rule.ts";
import { inIntegerColumn } from "../columns.ts";
import type { CourseShowcase } from "../ports/course-showcase.ts";
import { idToldOf } from "../told-once.ts";
import { toldTenant } from "../told-tenant.ts";
import { followAccessRule } from "./access.ts";
import { publishCreated, publishPublished, source } from "./announce.ts";
import { noteStaging, publishUntold, saveAccess, savingLessons, savingOutlines } from "./course-store.ts";
import type { Distribution } from "./model.ts";
import { catalogueDescription, catalogueTitle, defaultCta, defaultSeo } from "./seo.ts";
import { slugCandidates } from "./slug.ts";
import { firstFreeSlug, insertUnlessTaken, lockBaseOfCourse, newDistributionId } from "./store.ts";
import { followWorkflow } from "./workflow.ts";

/** Tries of one event; at the last one a requested distribution that cannot be made is answered with `failed`. */
const maxAttempts = 5;

/**
 * The subscriber `course_distribution`: keeps the catalogue in step with what the course factory tells.
 * What its handlers do is applied once for each event. A forced replay has it applied once more and finds what is there:
 * entries and lessons are unique, and the newest staging deployment wins.
 */
export function courseDistributionConsumer({ isOfAnother }: Pick<CourseShowcase, "isOfAnother">): Consumer {
  return defineConsumer({
    subscriber: "course_distribution",
    source,
    retry: { maxAttempts },
    handlers: [
      on(courseGenerationCompleted, async (event, context) => {
        const tenantId = toldTenant(event);
        const isForeign = isOfAnother(event.payload.course_id, tenantId);
        await listCourse(event.payload, { tenantId, isForeign }, context);
      }),

      on(courseAccessRuleChanged, (event, context) =>
        followAccessRule(event.payload, event.tenant_id, context),
      ),

      on(courseWorkflowTransitioned, (event, context) =>
        followWorkflow(event.payload, event.tenant_id, context),
      ),

      on(courseDeployedStaging, async (event, { tx, now, streamMessageId }) => {
        const { course_id, staging_url } = event.payload;
        const entries = await noteStaging(tx, course_id, {
          url: staging_url,
          deployedAt: toldAt(streamMessageId, now()),
          now: now(),
          teller: event.tenant_id,
        });
        if (entries === 0) {
          throw new TransientError(
            `The course "${course_id}" was deployed to staging, but has no distribution yet. It is tried again; create the distribution.`,
            // The event that creates it may stand behind this one.
            { overtakable: true },
          );
        }
      }),

      on(courseDistributionRequested, async (event, context) => {
        await answerRequest(event, context);
      }),

      onSqlBatch(courseOutlineCreated, ({ deliveries, build, now }) => {
        // One statement cannot write a row twice, so of several announcements of a tenant's course the last one counts.
        const rows = new Map(
          deliveries.map(({ event }) => [
            JSON.stringify([event.payload.course_id, event.tenant_id]),
            {
              courseId: event.payload.course_id,
              tenantId: event.tenant_id,
              modulesCount: inIntegerColumn(event.payload.modules_count),
              totalLessons: inIntegerColumn(event.payload.total_lessons),
              modules: event.payload.modules ?? null,
              totalDurationMinutes: minutesOf(event.payload.total_duration_minutes),
              updatedAt: now(),
            },
          ]),
        );
        return [savingOutlines(build, [...rows.values()])];
      }),

      onSqlBatch(courseLessonGenerated, ({ deliveries, build }) => [
        savingLessons(
          build,
          deliveries.map(({ event }) => ({
            courseId: event.payload.course_id,
            tenantId: event.tenant_id,
            lessonId: event.payload.lesson_id,
            moduleId: event.payload.module_id,
            lessonTitle: event.payload.lesson_title,
            lessonIndex: inIntegerColumn(event.payload.lesson_index),
          })),
        ),
      ]),
    ],
  });
}

const minutesOf = (told: number | undefined) => (told === undefined ? null : inIntegerColumn(told));

/**
 * Creates the private entry of a finished course, unless it has one. A dry run stored no course, so it gets none.
 *
 * @throws {PermanentError} the course was made here for another tenant
 */
async function listCourse(
  course: PayloadOf<typeof courseGenerationCompleted>,
  { tenantId, isForeign }: { readonly tenantId: string | null; readonly isForeign: SQL<boolean> },
  { tx, publish, log, now, streamMessageId }: HandlerContext,
): Promise<void> {
  if (course.dry_run === true) return;
  const times = { teller: tenantId, told: toldAt(streamMessageId, now()), now: now() };
  // Of a late event the rule may be an old one.
  const known = await saveAccess(tx, course.course_id, toldRule(course.access), { ...times, isForeign });
  if (known.isForeign) {
    throw new PermanentError(
      `The course "${course.course_id}" is another tenant's than the event that tells of it; nothing is done for it. Check who sent it.`,
    );
  }
  // The event was handled late when the authors have published the course meanwhile.
  const isPublished = known.workflowState === "published";
  const row = known.hasEntry
    ? null
    : await insertCourse(tx, course, tenantId, {
        ...times,
        access: known.access,
        isPublished,
      });
  if (row === null) {
    log.debug({ course_id: course.course_id }, "the course has a distribution already");
    return;
  }
  await publishCreated(publish, { ...row, visibility: "private" });
  if (isPublished) await publishPublished(publish, row);
}

/**
 * One statement. A taken slug gets a suffix from the course id, so that two courses with one title both get an entry and
 * a repeated try finds the same slug. When somebody takes the slug at the same moment, the next one is looked for.
 *
 * @returns null when the course has an entry already
 */
async function insertCourse(
  tx: Tx,
  course: PayloadOf<typeof courseGenerationCompleted>,
  tenantId: string | null,
  {
    told,
    now,
    access,
    isPublished,
  }: {
    readonly told: Date;
    readonly now: Date;
    readonly access: AccessRule | null;
    readonly isPublished: boolean;
  },
): Promise<Distribution | null> {
  const { course_id: courseId, language } = course;
  const slugs = slugCandidates(course.title, courseId);
  for (const _try of slugs) {
    const row = await insertUnlessTaken(tx, {
      distributionId: newDistributionId(),
      courseId,
      tenantId,
      slug: firstFreeSlug(slugs),
      language,
      title: catalogueTitle(course.title, language),
      description: catalogueDescription(course.description, language),
      targetGroup: [...course.target_audiences],
      seo: defaultSeo(course.title, course.description, language),
      cta: defaultCta(language, access),
      ...(isPublished ? { visibility: "public" as const, publishedAt: now } : {}),
      stagingUrl: course.staging_url,
      stagingDeployedAt: course.staging_url === null ? null : told,
      createdAt: now,
      updatedAt: now,
    });
    if (row !== null) return row;
    if ((await lockBaseOfCourse(tx, courseId, tenantId)) !== null) return null;
  }
  throw new PermanentError(
    `No slug is free for the course "${courseId}": its title's slug is taken, also with the course id appended. Create its distribution by hand with another slug.`,
  );
}

/**
 * Answers that a course can be delivered: it has an entry. Whether that is public is decided by the workflow of the
 * course and by people, not by who has paid. Only a course of which no event told anything has no workflow that could
 * decide; its entry is published by the request, unless an operator has unlisted it.
 */
async function answerRequest(
  event: Envelope<PayloadOf<typeof courseDistributionRequested>>,
  { tx, publish, attempt, now }: HandlerContext,
): Promise<void> {
  const courseId = event.payload.course_id;
  const entry = await lockBaseOfCourse(tx, courseId, event.tenant_id);
  if (entry === null) {
    const error = `The course "${courseId}" has no distribution.`;
    if (attempt < maxAttempts)
      throw new TransientError(`${error} It is tried again; the course may not be finished yet.`, {
        overtakable: true,
      });
    await publish(
      courseDistributionFailed,
      { course_id: courseId, error, retry_count: attempt - 1 },
      { id: idToldOf(event, courseDistributionFailed) },
    );
    return;
  }
  const published =
    entry.visibility === "private" ? await publishUntold(tx, entry.distributionId, now()) : null;
  if (published !== null) await publishPublished(publish, published);
  await publish(
    courseDistributionCompleted,
    { course_id: courseId, distribution_id: entry.distributionId, slug: entry.slug },
    { id: idToldOf(event, courseDistributionCompleted) },
  );
}
