import * as z from "zod";
import { defineEvent, type LegacyPayload } from "../define-event.ts";
import { mostItems } from "../open-object.ts";
import {
  accessRule,
  count,
  errorText,
  fillMissing,
  id,
  isoTime,
  openData,
  renameMissing,
  seconds,
  url,
} from "./fields.ts";

/** What the course factory tells: generation, artefacts, workflow and staging. */

const module = "course_factory";
const courseId = z.uuid();
const language = z.enum(["de", "en", "fr", "es"]);
const audiences = z
  .array(
    z.enum([
      "private_individuals",
      "employees",
      "career_starters",
      "sme_entrepreneurs",
      "retirees",
      "self_employed",
      "students",
      "parents",
      "migrants_expats",
    ]),
  )
  .min(1)
  .max(mostItems);
const workflowState = z.enum(["draft", "review", "publish_ready", "published", "archived"]);
const byCourse = (payload: { course_id: string }) => payload.course_id;

export const courseGenerationRequested = defineEvent("course.generation.requested", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A generation request was accepted, before any work",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId,
    title: z.string().min(10).max(200),
    description: z.string().min(1).max(2000),
    language,
    target_audiences: audiences,
    tenant_id: id,
    dry_run: z.boolean(),
    full_lessons_count: z.int().min(1).max(10),
  }),
  consumers: ["analytics", "monitoring"],
});

export const courseGenerationStarted = defineEvent("course.generation.started", {
  version: 1,
  module,
  criticality: "INFO",
  when: "Work on a course begins; committed before the work",
  key: (payload) => payload.course_id,
  payload: z.strictObject({
    /** Null only for events of the first plan, which named the topic alone. */
    course_id: courseId.nullable(),
    topic: z.string().min(1).max(200),
    user_id: id.nullable().optional(),
    parameters: openData,
  }),
  nullOnlyInHistory: ["course_id"],
  consumers: ["analytics", "monitoring"],
});

/** What the public outline shows of a module. Titles are shortened, so that thirty lessons stay a small event. */
const outlineModule = z.strictObject({
  module_id: z.uuid(),
  title: z.string().min(1).max(120),
  lessons_count: z.int().min(1).max(20),
  duration_minutes: count,
  lessons: z
    .array(
      z.strictObject({ lesson_id: z.uuid(), title: z.string().min(1).max(120), duration_minutes: count }),
    )
    .max(20),
});

export const courseOutlineCreated = defineEvent("course.outline.created", {
  version: 1,
  module,
  criticality: "INFO",
  when: "The outline of a course is built",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId,
    modules_count: z.int().min(4).max(6),
    total_lessons: z.int().min(12).max(30),
    template_id: id.nullable(),
    /** In the order of the course; left out by producers that tell the counts alone. */
    modules: z.array(outlineModule).max(20).optional(),
    /** Of all lessons. */
    total_duration_minutes: count.optional(),
  }),
  consumers: ["course_distribution", "analytics"],
});

export const courseLessonGenerated = defineEvent("course.lesson.generated", {
  version: 1,
  module,
  criticality: "INFO",
  when: "One lesson is fully written; not for placeholders, not in a dry run",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId,
    lesson_id: z.uuid(),
    lesson_title: z.string().min(1).max(200),
    module_id: z.uuid().nullable(),
    /** Characters. */
    content_length: count,
    lesson_index: z.int().min(1),
  }),
  consumers: ["progress tracking", "analytics"],
});

export const courseQuizCreated = defineEvent("course.quiz.created", {
  version: 1,
  module,
  criticality: "INFO",
  when: "The requested quiz is built",
  key: byCourse,
  payload: z
    .strictObject({
      course_id: courseId,
      quiz_id: z.uuid(),
      question_count: z.int().min(10).max(15),
      question_ids: z.array(z.uuid()).max(15),
    })
    .refine((quiz) => quiz.question_ids.length === quiz.question_count, {
      path: ["question_ids"],
      message: "expected as many ids as question_count says",
    }),
  consumers: ["assessment", "analytics"],
});

export const courseLandingPageCreated = defineEvent("course.landing_page.created", {
  version: 1,
  module,
  criticality: "INFO",
  when: "The requested landing page is built",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId,
    landing_page_id: z.uuid(),
    sections_count: count,
    has_hero: z.boolean(),
    has_pricing: z.boolean(),
  }),
  consumers: ["marketing", "SEO"],
});

const readCompleted: LegacyPayload = (payload, context) => {
  const renamed = renameMissing(payload, { url: "staging_url", duration: "execution_time_seconds" });
  return fillMissing(renamed, {
    tenant_id: context.tenantId,
    completed_at: context.timestamp,
    evidence_pack_path: null,
    staging_url: null,
    deployed: typeof renamed.staging_url === "string",
  });
};

export const courseGenerationCompleted = defineEvent("course.generation.completed", {
  version: 1,
  module,
  criticality: "CRITICAL",
  when: "All artefacts of a course are saved",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId,
    title: z.string().min(1).max(200),
    description: z.string().max(1000),
    language,
    target_audiences: audiences,
    tenant_id: id.nullable(),
    total_modules: count,
    total_lessons: count,
    full_lessons_generated: count,
    quiz_questions_count: count,
    /** An opaque artefact reference, never a path in a file system. */
    evidence_pack_path: z.string().min(1).max(255).nullable(),
    execution_time_seconds: seconds,
    deployed: z.boolean(),
    staging_url: url.nullable(),
    completed_at: isoTime,
    /** True: no course was stored, and consumers ignore the event. */
    dry_run: z.boolean().optional(),
    /**
     * Where the course can be read, by who may. Null when the product was not told its own address. The first plan
     * meant the staged course, so there it is the same as `staging_url`.
     */
    url: url.nullable().optional(),
    /** Seconds, the same as `execution_time_seconds`: the name of the first plan. */
    duration: seconds.optional(),
    /** Who may enrol and read; left out: everybody. `free_lessons` counts the first lessons that are free all the same. */
    access: accessRule.optional(),
  }),
  legacy: readCompleted,
  consumers: ["course_distribution", "course_access", "analytics", "audit"],
});

export const courseGenerationFailed = defineEvent("course.generation.failed", {
  version: 1,
  module,
  criticality: "ERROR",
  severity: "ERROR",
  when: "The generation of a course failed",
  key: (payload) => payload.course_id,
  payload: z.strictObject({
    /** Empty only when the failure came before an id was given; older events are always empty. */
    course_id: z.union([courseId, z.literal("")]),
    title: z.string().max(200),
    error_message: errorText,
    error_type: z.string().max(200),
    execution_time_seconds: seconds,
    retry_count: count,
    /** The same as `error_message`: the name of the first plan. */
    error: errorText.optional(),
  }),
  legacy: (payload) => {
    const renamed = renameMissing(payload, { error: "error_message", duration: "execution_time_seconds" });
    return fillMissing(renamed, {
      course_id: "",
      title: "",
      error_type: "unknown",
      execution_time_seconds: 0,
      retry_count: 0,
    });
  },
  consumers: ["alerting", "error tracking", "analytics"],
});

export const courseWorkflowTransitioned = defineEvent("course.workflow.transitioned", {
  version: 1,
  module,
  criticality: "INFO",
  when: "The workflow state of a course changed, also by a rollback",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId,
    from_state: workflowState,
    to_state: workflowState,
    /** Id of the actor. */
    transitioned_by: id,
    requires_approval: z.boolean(),
    /** The approval that allowed the transition; never its token. */
    approval_id: id.nullable(),
    /** Why, in the words of who changed it; null when they gave none. */
    reason: z.string().max(1000).nullable().optional(),
  }),
  legacy: (payload) => {
    const { approval_token: _secret, from_state: from, to_state: to, ...rest } = payload;
    return fillMissing(
      {
        ...rest,
        ...(from === undefined ? {} : { from_state: typeof from === "string" ? from.toLowerCase() : from }),
        ...(to === undefined ? {} : { to_state: typeof to === "string" ? to.toLowerCase() : to }),
      },
      { approval_id: null },
    );
  },
  consumers: ["course_distribution", "notification", "HITL dashboard", "audit"],
});

export const courseDeployedStaging = defineEvent("course.deployed.staging", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A course is deployed to staging, after its distribution was created",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId,
    staging_url: url,
    /** `unknown` when the deployment did not say. */
    staging_domain: z.string().min(1).max(253),
    deployed_at: isoTime,
  }),
  consumers: ["course_distribution", "quality assurance"],
});
