import { lessonsOf } from "../content/assemble.ts";
import type { GenerationRequest, GenerationResult, LandingPage, Outline, Quiz } from "../content/model.ts";

/** A lesson as stored. `placeholder` means that the generator failed and a short notice stands in. */
export interface LessonArtifact {
  readonly lesson_id: string;
  readonly status: "full" | "placeholder";
  readonly content_markdown: string;
  readonly word_count: number;
  readonly generated_at: string;
}

/** What exists of a course so far. */
export interface Progress {
  readonly outline: Outline | null;
  /** By index in the whole course, from 0. */
  readonly lessons: ReadonlyMap<number, LessonArtifact>;
  readonly quiz: Quiz | null;
  readonly landingPage: LandingPage | null;
  /** True when the landing page is the standard text because the generator failed. */
  readonly landingPageFallback: boolean;
}

export const noProgress: Progress = {
  outline: null,
  lessons: new Map(),
  quiz: null,
  landingPage: null,
  landingPageFallback: false,
};

/** What to do next; the order of the kinds is the order of their events. */
export type Step =
  | { readonly kind: "outline" }
  | { readonly kind: "lesson"; readonly index: number }
  | { readonly kind: "quiz" }
  | { readonly kind: "landing_page" }
  | { readonly kind: "finish" };

/** A finished step. */
export type Made =
  | { readonly kind: "outline"; readonly outline: Outline; readonly template_id: string | null }
  | { readonly kind: "lesson"; readonly index: number; readonly lesson: LessonArtifact }
  | { readonly kind: "quiz"; readonly quiz: Quiz }
  | { readonly kind: "landing_page"; readonly page: LandingPage; readonly fallback: boolean }
  | { readonly kind: "finish"; readonly result: GenerationResult };

/**
 * The first step that is missing. A run that takes over another's course asks the same and so continues it. A dry run
 * writes no lessons: they are the long part, and the outline shows them.
 */
export function nextStep(request: GenerationRequest, progress: Progress): Step {
  if (progress.outline === null) return { kind: "outline" };
  const lessons = request.dry_run ? 0 : request.full_lessons_count;
  for (let index = 0; index < lessons; index += 1) {
    if (!progress.lessons.has(index)) return { kind: "lesson", index };
  }
  if (request.generate_quiz && progress.quiz === null) return { kind: "quiz" };
  if (request.generate_landing_page && progress.landingPage === null) return { kind: "landing_page" };
  return { kind: "finish" };
}

/** Progress with one step more. */
export function advance(progress: Progress, made: Made): Progress {
  switch (made.kind) {
    case "outline":
      return { ...progress, outline: made.outline };
    case "lesson":
      return { ...progress, lessons: new Map(progress.lessons).set(made.index, made.lesson) };
    case "quiz":
      return { ...progress, quiz: made.quiz };
    case "landing_page":
      return { ...progress, landingPage: made.page, landingPageFallback: made.fallback };
    case "finish":
      return progress;
  }
}

/** The outline with the true state of each lesson: a text that failed is a placeholder. */
export function outlineWithStates(outline: Outline, lessons: Progress["lessons"]): Outline {
  let index = 0;
  return {
    ...outline,
    modules: outline.modules.map((part) => ({
      ...part,
      lessons: part.lessons.map((lesson) => {
        const artifact = lessons.get(index);
        index += 1;
        return artifact === undefined ? lesson : { ...lesson, status: artifact.status };
      }),
    })),
  };
}

/**
 * The result of a finished generation, or of a dry run, which has no lessons and no stored artifacts.
 *
 * @throws {Error} there is no outline yet
 */
export function resultOf(
  courseId: string,
  progress: Progress,
  facts: { readonly at: Date; readonly startedAt: Date; readonly dryRun: boolean },
): GenerationResult {
  if (progress.outline === null) throw new Error("A course without an outline has no result.");
  const outline = outlineWithStates(progress.outline, progress.lessons);
  const states = [...progress.lessons.values()];
  return {
    success: true,
    course_id: courseId,
    outline,
    ...(progress.quiz === null ? {} : { quiz: progress.quiz }),
    ...(progress.landingPage === null ? {} : { landing_page: progress.landingPage }),
    deployed: false,
    staging_url: null,
    evidence_pack_path: facts.dryRun ? null : `artifact:course/${courseId}`,
    total_modules: outline.modules.length,
    total_lessons: outline.total_lessons,
    full_lessons_generated: states.filter((lesson) => lesson.status === "full").length,
    quiz_questions_count: progress.quiz?.questions.length ?? 0,
    generated_at: facts.at.toISOString(),
    execution_time_seconds: Math.max(0, facts.at.getTime() - facts.startedAt.getTime()) / 1000,
    errors: [],
    warnings: warningsOf(outline, progress),
  };
}

function warningsOf(outline: Outline, progress: Progress): string[] {
  const lessons = lessonsOf(outline).flatMap((lesson, index) =>
    progress.lessons.get(index)?.status === "placeholder"
      ? [`The lesson "${lesson.title}" could not be written; it holds placeholder text.`]
      : [],
  );
  const page = progress.landingPageFallback
    ? ["The landing page could not be written; it holds the standard text."]
    : [];
  return [...lessons, ...page];
}
