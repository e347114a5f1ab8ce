import * as z from "zod";
import { defineEvent, type LegacyPayload } from "../define-event.ts";
import { mostItems } from "../payloads/open-object.ts";
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
  producers: ["course_factory_service"],
  when: "A generation request was accepted, before any work",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId.describe("The course."),
    title: z.string().min(10).max(200).describe("Title of the course."),
    description: z.string().min(1).max(2000).describe("What the course is about, in the author's words."),
    language: language.describe("Language of the course."),
    target_audiences: audiences.describe("For whom the course is."),
    tenant_id: id.describe("The tenant that will own the course."),
    dry_run: z.boolean().describe("True: only a preview is made, and no other event follows."),
    full_lessons_count: z
      .int()
      .min(1)
      .max(10)
      .describe("How many lessons are to be written in full; the others are planned only."),
  }),
  consumers: ["analytics", "course_factory"],
  outside: ["monitoring"],
});

export const courseGenerationStarted = defineEvent("course.generation.started", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["course_factory_service"],
  when: "Work on a course begins; committed before the work",
  key: (payload) => payload.course_id,
  payload: z.strictObject({
    course_id: courseId
      .nullable()
      .describe("Null only for events of the first plan, which named the topic alone."),
    topic: z
      .string()
      .min(1)
      .max(200)
      .describe("Title of the course; in events of the first plan, its topic."),
    user_id: id
      .nullable()
      .optional()
      .describe("Who asked for the course; null or left out: nobody who is known."),
    parameters: openData.describe(
      "What was asked for (`language`, `full_lessons_count`, …), the `generator`, and `resumed` when a lost run goes on as `run`.",
    ),
  }),
  nullOnlyInHistory: ["course_id"],
  consumers: ["analytics", "course_factory"],
  outside: ["monitoring"],
});

/** What the public outline shows of a module. Titles are shortened, so that thirty lessons stay a small event. */
const outlineModule = z.strictObject({
  module_id: z.uuid().describe("The module."),
  title: z.string().min(1).max(120).describe("Title of the module, shortened."),
  lessons_count: z.int().min(1).max(20).describe("Lessons of the module."),
  duration_minutes: count.describe("Time that its lessons take, minutes."),
  lessons: z
    .array(
      z.strictObject({
        lesson_id: z.uuid().describe("The lesson."),
        title: z.string().min(1).max(120).describe("Title of the lesson, shortened."),
        duration_minutes: count.describe("Time that the lesson takes, minutes."),
      }),
    )
    .max(20)
    .describe("The lessons, in their order."),
});

export const courseOutlineCreated = defineEvent("course.outline.created", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["course_factory_service"],
  when: "The outline of a course is built",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId.describe("The course."),
    modules_count: z.int().min(4).max(6).describe("Modules of the course."),
    total_lessons: z.int().min(12).max(30).describe("Lessons of all modules."),
    template_id: id
      .nullable()
      .describe("The template that the outline follows; null: it was made for this course."),
    modules: z
      .array(outlineModule)
      .max(20)
      .optional()
      .describe("In the order of the course; left out by producers that tell the counts alone."),
    total_duration_minutes: count.optional().describe("Of all lessons."),
  }),
  consumers: ["course_distribution", "analytics"],
});

export const courseLessonGenerated = defineEvent("course.lesson.generated", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["course_factory_service"],
  when: "One lesson is fully written; not for placeholders, not in a dry run",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId.describe("The course."),
    lesson_id: z.uuid().describe("The lesson."),
    lesson_title: z
      .string()
      .min(1)
      .max(200)
      .describe("Title of the lesson; what events must not carry is redacted."),
    module_id: z
      .uuid()
      .nullable()
      .describe("The module that the lesson belongs to; null: the producer did not say."),
    content_length: count.describe("Characters."),
    lesson_index: z.int().min(1).describe("Place of the lesson in the whole course, from 1."),
  }),
  consumers: ["analytics", "course_distribution"],
  outside: ["progress tracking"],
});

export const courseQuizCreated = defineEvent("course.quiz.created", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["course_factory_service"],
  when: "The requested quiz is built",
  key: byCourse,
  payload: z
    .strictObject({
      course_id: courseId.describe("The course."),
      quiz_id: z.uuid().describe("The quiz."),
      question_count: z.int().min(10).max(15).describe("Questions of the quiz."),
      question_ids: z
        .array(z.uuid())
        .max(15)
        .describe("The questions, in the order of the quiz; as many as `question_count`."),
    })
    .refine((quiz) => quiz.question_ids.length === quiz.question_count, {
      path: ["question_ids"],
      message: "expected as many ids as question_count says",
    }),
  consumers: ["analytics"],
  outside: ["assessment"],
});

export const courseLandingPageCreated = defineEvent("course.landing_page.created", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["course_factory_service"],
  when: "The requested landing page is built",
  consumers: ["analytics"],
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId.describe("The course."),
    landing_page_id: z.uuid().describe("The landing page."),
    sections_count: count.describe("Sections of the landing page."),
    has_hero: z.boolean().describe("True when the page begins with a hero section."),
    has_pricing: z.boolean().describe("True when the page tells the price."),
  }),
  outside: ["marketing", "SEO"],
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
  producers: ["course_factory_service"],
  when: "All artefacts of a course are saved",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId.describe("The course."),
    title: z.string().min(1).max(200).describe("Title of the course."),
    description: z
      .string()
      .max(1000)
      .describe("What the course is about, in the author's words, cut to 1,000 characters."),
    language: language.describe("Language of the course."),
    target_audiences: audiences.describe("For whom the course is."),
    tenant_id: id
      .nullable()
      .describe("The tenant that owns the course; null only for events of older producers."),
    total_modules: count.describe("Modules of the course."),
    total_lessons: count.describe("Lessons of the course, written or planned."),
    full_lessons_generated: count.describe("Lessons that were written in full."),
    quiz_questions_count: count.describe("Questions of the quiz; 0: there is no quiz."),
    evidence_pack_path: z
      .string()
      .min(1)
      .max(255)
      .nullable()
      .describe("An opaque artefact reference, never a path in a file system."),
    execution_time_seconds: seconds.describe("From the request to the finished course, seconds."),
    deployed: z
      .boolean()
      .describe("True when the course was on staging already; it is deployed after this event."),
    staging_url: url.nullable().describe("Address of the staged course; null: it is not deployed yet."),
    completed_at: isoTime.describe("When the course was finished."),
    dry_run: z.boolean().optional().describe("True: no course was stored, and consumers ignore the event."),
    url: url
      .nullable()
      .optional()
      .describe(
        "Where the course can be read, by who may. Null when the product was not told its own address. The first plan meant the staged course, so there it is the same as `staging_url`.",
      ),
    duration: seconds
      .optional()
      .describe("Seconds, the same as `execution_time_seconds`: the name of the first plan."),
    access: accessRule
      .optional()
      .describe(
        "Who may enrol and read; left out: everybody. `free_lessons` counts the first lessons that are free all the same.",
      ),
  }),
  legacy: readCompleted,
  consumers: ["course_distribution", "course_access_notifications", "analytics"],
  outside: ["audit"],
});

export const courseGenerationFailed = defineEvent("course.generation.failed", {
  version: 1,
  module,
  criticality: "ERROR",
  producers: ["course_factory_service"],
  severity: "ERROR",
  when: "The generation of a course failed",
  key: (payload) => payload.course_id,
  payload: z.strictObject({
    course_id: z
      .union([courseId, z.literal("")])
      .describe("Empty only when the failure came before an id was given; older events are always empty."),
    title: z
      .string()
      .max(200)
      .describe("Title of the requested course; empty when an older producer left it out."),
    error_message: errorText.describe("What went wrong, for operators."),
    error_type: z
      .string()
      .max(200)
      .describe("Class of the error; `unknown` when an older producer did not say."),
    execution_time_seconds: seconds.describe(
      "From the request to the failure, seconds; 0 when an older producer did not tell.",
    ),
    retry_count: count.describe("Tries that failed before."),
    error: errorText.optional().describe("The same as `error_message`: the name of the first plan."),
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
  consumers: ["analytics"],
  outside: ["alerting", "error tracking"],
});

export const courseWorkflowTransitioned = defineEvent("course.workflow.transitioned", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["workflow_state_machine"],
  when: "The workflow state of a course changed, also by a rollback",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId.describe("The course."),
    from_state: workflowState.describe("State before."),
    to_state: workflowState.describe("State now."),
    transitioned_by: id.describe("Id of the actor."),
    requires_approval: z.boolean().describe("True when a person had to approve the change."),
    approval_id: id.nullable().describe("The approval that allowed the transition; never its token."),
    reason: z
      .string()
      .max(1000)
      .nullable()
      .optional()
      .describe("Why, in the words of who changed it; null when they gave none."),
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
  consumers: ["course_distribution"],
  outside: ["notification", "HITL dashboard", "audit"],
});

export const courseAccessRuleChanged = defineEvent("course.access_rule.changed", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["course_factory_service"],
  when: "Who may learn a course, or its price, was changed; what was bought or begun before keeps its price",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId.describe("The course."),
    access: accessRule.describe("The rule from now on."),
    previous: accessRule.optional().describe("The rule before; left out: the producer did not say."),
    changed_at: isoTime.describe("When it was changed."),
  }),
  consumers: ["course_distribution", "analytics"],
  outside: ["audit"],
});

export const courseDeployedStaging = defineEvent("course.deployed.staging", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["course_factory_service"],
  when: "A course is deployed to staging, after its distribution was created",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId.describe("The course."),
    staging_url: url.describe("Address at which the staged course opens."),
    staging_domain: z.string().min(1).max(253).describe("`unknown` when the deployment did not say."),
    deployed_at: isoTime.describe("When it was deployed."),
  }),
  consumers: ["course_distribution"],
  outside: ["quality assurance"],
});
