import { type Logger, TransientError, UpstreamError } from "@brain/engine";
import { lessonAt, placeholderText } from "../content/assemble.ts";
import type { ContentGenerator, CourseBrief } from "../content/generator.ts";
import { countWords, type GenerationRequest, type Outline } from "../content/model.ts";
import { templateLandingPage } from "../content/template-generator.ts";
import { loadTexts } from "../content/texts/load.ts";
import { errorType } from "../errors.ts";
import { type Made, type Progress, resultOf, type Step } from "./progress.ts";

/** One run that works on a course. */
export interface Run {
  readonly course_id: string;
  readonly tenant_id: string;
  readonly request: GenerationRequest;
  readonly correlation_id: string;
  /** Id of the caller; null when anonymous. */
  readonly requested_by: string | null;
  /** ISO time of the request. */
  readonly created_at: string;
  /** Fence: the lease in the course's row names this run. */
  readonly owner: string;
  /** Runs before this one that were lost or failed. */
  readonly takeovers: number;
}

export interface ProduceDeps {
  readonly generator: ContentGenerator;
  readonly log: Logger;
  readonly now: () => Date;
  readonly signal: AbortSignal | null;
  /**
   * True when somebody will ask again: a lesson that failed for a passing reason is then left for the next time
   * instead of becoming a placeholder.
   */
  readonly willRetry: boolean;
  /**
   * Called before a call of the service that failed for a passing reason is repeated within the step; waits as long as
   * is right. Null: nothing is repeated here.
   *
   * @param failures of this call so far, from 1
   * @returns false: not again
   */
  readonly beforeRepeat: ((failures: number, error: TransientError) => Promise<boolean>) | null;
}

/**
 * Does one step; stores nothing. A lesson or landing page that fails is replaced by text that says so or is of
 * standard form; outline and quiz have no replacement.
 *
 * @throws {UpstreamError} the content service failed
 * @throws {TransientError} the same, when `willRetry` and asking again may help
 */
export async function produce(run: Run, progress: Progress, step: Step, deps: ProduceDeps): Promise<Made> {
  const brief: CourseBrief = { course_id: run.course_id, request: run.request, created_at: run.created_at };
  if (step.kind === "outline") {
    return { kind: "outline", ...(await asked(deps, () => deps.generator.outline(brief, deps.signal))) };
  }
  if (progress.outline === null) throw new Error("The outline comes before every other step.");
  const { outline } = progress;
  switch (step.kind) {
    case "lesson":
      return await lesson(brief, outline, step.index, deps);
    case "quiz":
      return {
        kind: "quiz",
        quiz: await asked(deps, () => deps.generator.quiz(brief, outline, deps.signal)),
      };
    case "landing_page":
      return await landingPage(brief, outline, deps);
    case "finish": {
      const facts = { at: deps.now(), startedAt: new Date(run.created_at), dryRun: run.request.dry_run };
      return { kind: "finish", result: resultOf(run.course_id, progress, facts) };
    }
  }
}

/** Asks the service, and again after passing failures, as far as `beforeRepeat` allows. */
async function repeated<T>(deps: ProduceDeps, ask: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof TransientError) || deps.signal?.aborted === true) throw error;
      if ((await deps.beforeRepeat?.(failures, error)) !== true) throw error;
    }
  }
}

/** A passing failure of the service is final when nobody asks again. */
async function asked<T>(deps: ProduceDeps, ask: () => Promise<T>): Promise<T> {
  try {
    return await repeated(deps, ask);
  } catch (error) {
    if (error instanceof TransientError && !deps.willRetry && !deps.signal?.aborted) {
      throw new UpstreamError(error.message, { cause: error });
    }
    throw error;
  }
}

/** True when the failure of a part is not the end of it. */
function mustPass(error: unknown, deps: ProduceDeps): boolean {
  return deps.signal?.aborted === true || (deps.willRetry && error instanceof TransientError);
}

async function lesson(brief: CourseBrief, outline: Outline, index: number, deps: ProduceDeps): Promise<Made> {
  try {
    const content = await repeated(deps, () => deps.generator.lesson(brief, outline, index, deps.signal));
    return { kind: "lesson", index, lesson: { ...content, status: "full" } };
  } catch (error) {
    if (mustPass(error, deps)) throw error;
    const { lesson: planned } = lessonAt(outline, index);
    deps.log.warn(
      { course_id: brief.course_id, lesson_id: planned.lesson_id, error_class: errorType(error) },
      "A lesson could not be written; a placeholder stands in",
    );
    const markdown = placeholderText(await loadTexts(brief.request.language), planned);
    return {
      kind: "lesson",
      index,
      lesson: {
        lesson_id: planned.lesson_id,
        status: "placeholder",
        content_markdown: markdown,
        word_count: countWords(markdown),
        generated_at: brief.created_at,
      },
    };
  }
}

async function landingPage(brief: CourseBrief, outline: Outline, deps: ProduceDeps): Promise<Made> {
  try {
    const page = await repeated(deps, () => deps.generator.landingPage(brief, outline, deps.signal));
    return { kind: "landing_page", page, fallback: false };
  } catch (error) {
    if (mustPass(error, deps)) throw error;
    deps.log.warn(
      { course_id: brief.course_id, error_class: errorType(error) },
      "The landing page could not be written; the standard text stands in",
    );
    const texts = await loadTexts(brief.request.language);
    return { kind: "landing_page", page: templateLandingPage(brief, outline, texts), fallback: true };
  }
}
