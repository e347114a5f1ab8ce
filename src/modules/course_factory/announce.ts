import type { Publish } from "@brain/engine";
import {
  courseGenerationCompleted,
  courseGenerationFailed,
  courseGenerationRequested,
  courseGenerationStarted,
  courseLandingPageCreated,
  courseLessonGenerated,
  courseOutlineCreated,
  courseQuizCreated,
  redactText,
} from "@brain/schemas";
import type { AccessRule } from "../access-rule.ts";
import { lessonAt } from "./content/assemble.ts";
import type { GenerationResult, Outline } from "./content/model.ts";
import { cut } from "./content/text.ts";
import type { Run } from "./generation/produce.ts";
import type { Made } from "./generation/progress.ts";

/** Producer of all events of the factory but those of the author workflow. */
export const factorySource = "course_factory_service";

/** Envelope fields that all events of one course share. */
export function runContext(run: Run) {
  return {
    source: factorySource,
    tenant_id: run.tenant_id,
    actor_id: run.requested_by,
    correlation_id: run.correlation_id,
  };
}

/** @param causedBy id of the event that told of the plan's validation; null when the gate was not asked */
export async function announceRequested(publish: Publish, run: Run, causedBy: string | null): Promise<void> {
  const { request } = run;
  await publish(
    courseGenerationRequested,
    {
      course_id: run.course_id,
      title: request.title,
      description: request.description,
      language: request.language,
      target_audiences: request.target_audiences,
      tenant_id: run.tenant_id,
      dry_run: request.dry_run,
      full_lessons_count: request.full_lessons_count,
    },
    {
      correlation_id: run.correlation_id,
      // Without one it belongs to whatever the caller's context says, e.g. to the mission.
      ...(causedBy === null ? {} : { causation_id: causedBy }),
    },
  );
}

/** @param resumed true when another run was lost and this one goes on from what it had stored */
export async function announceStarted(
  publish: Publish,
  run: Run,
  generator: string,
  resumed: boolean,
): Promise<void> {
  const { request } = run;
  await publish(courseGenerationStarted, {
    course_id: run.course_id,
    topic: request.title,
    user_id: run.requested_by,
    parameters: {
      generator,
      language: request.language,
      full_lessons_count: request.full_lessons_count,
      generate_quiz: request.generate_quiz,
      generate_landing_page: request.generate_landing_page,
      deploy_to_staging: request.deploy_to_staging,
      resumed,
      run: run.owner,
    },
  });
}

/** A content service may put an address or a number into a title; events must not carry it. */
function publicTitle(title: string, maxLength: number): string {
  return cut(redactText(title), maxLength);
}

/** Of a module, and of a lesson in the list of all: an outline has many. */
const listedTitle = 120;

/**
 * One event per finished step; a placeholder lesson has none.
 *
 * @param access who may learn the course now, not when the run began
 */
export async function announceMade(
  publish: Publish,
  run: Run,
  made: Made,
  { outline, access }: { readonly outline: Outline; readonly access: AccessRule | null },
  publicUrl: string | null,
): Promise<void> {
  const course_id = run.course_id;
  switch (made.kind) {
    case "outline":
      await publish(courseOutlineCreated, {
        course_id,
        modules_count: outline.modules.length,
        total_lessons: outline.total_lessons,
        template_id: made.template_id,
        modules: outline.modules.map((part) => ({
          module_id: part.module_id,
          title: publicTitle(part.title, listedTitle),
          lessons_count: part.lessons.length,
          duration_minutes: part.estimated_total_duration_minutes,
          lessons: part.lessons.map((lesson) => ({
            lesson_id: lesson.lesson_id,
            title: publicTitle(lesson.title, listedTitle),
            duration_minutes: lesson.estimated_duration_minutes,
          })),
        })),
        total_duration_minutes: outline.total_estimated_duration_minutes,
      });
      return;
    case "lesson": {
      if (made.lesson.status === "placeholder") return;
      const { part, lesson } = lessonAt(outline, made.index);
      await publish(courseLessonGenerated, {
        course_id,
        lesson_id: lesson.lesson_id,
        lesson_title: publicTitle(lesson.title, 200),
        module_id: part.module_id,
        content_length: made.lesson.content_markdown.length,
        lesson_index: made.index + 1,
      });
      return;
    }
    case "quiz":
      await publish(courseQuizCreated, {
        course_id,
        quiz_id: made.quiz.quiz_id,
        question_count: made.quiz.questions.length,
        question_ids: made.quiz.questions.map((question) => question.question_id),
      });
      return;
    case "landing_page":
      await publish(courseLandingPageCreated, {
        course_id,
        landing_page_id: made.page.landing_page_id,
        sections_count: made.page.sections.length,
        has_hero: made.page.sections.some((section) => section.kind === "hero"),
        has_pricing: made.page.sections.some((section) => section.kind === "pricing"),
      });
      return;
    case "finish":
      await announceCompleted(publish, run, made.result, access, publicUrl);
  }
}

async function announceCompleted(
  publish: Publish,
  run: Run,
  result: GenerationResult,
  access: AccessRule | null,
  publicUrl: string | null,
): Promise<void> {
  const { request } = run;
  await publish(courseGenerationCompleted, {
    course_id: run.course_id,
    title: request.title,
    description: cut(request.description, 1000),
    language: request.language,
    target_audiences: request.target_audiences,
    tenant_id: run.tenant_id,
    total_modules: result.total_modules,
    total_lessons: result.total_lessons,
    full_lessons_generated: result.full_lessons_generated,
    quiz_questions_count: result.quiz_questions_count,
    evidence_pack_path: result.evidence_pack_path,
    execution_time_seconds: result.execution_time_seconds,
    deployed: false,
    staging_url: null,
    completed_at: result.generated_at,
    url: publicUrl === null ? null : new URL(`/api/course-factory/courses/${run.course_id}`, publicUrl).href,
    duration: result.execution_time_seconds,
    ...(access === null ? {} : { access }),
  });
}

export async function announceFailed(
  publish: Publish,
  run: Run,
  failure: { readonly message: string; readonly type: string; readonly retries: number; readonly at: Date },
): Promise<void> {
  const message = cut(redactText(failure.message), 2000);
  await publish(courseGenerationFailed, {
    course_id: run.course_id,
    title: run.request.title,
    error_message: message,
    error_type: failure.type,
    execution_time_seconds: Math.max(0, failure.at.getTime() - Date.parse(run.created_at)) / 1000,
    retry_count: failure.retries,
    error: message,
  });
}
