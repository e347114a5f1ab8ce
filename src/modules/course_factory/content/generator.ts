import type { EnhancementType, LessonAdditions } from "../enhancement/model.ts";
import type { GenerationRequest, LandingPage, LessonContent, Outline, Quiz } from "./model.ts";

/** What a course is generated from. The same brief gives the same ids, so that a second run continues the first. */
export interface CourseBrief {
  readonly course_id: string;
  readonly request: GenerationRequest;
  /** ISO time that is written into the artifacts. */
  readonly created_at: string;
}

/** An outline and the template it follows; null when it was made for this course alone. */
export interface OutlineDraft {
  readonly outline: Outline;
  readonly template_id: string | null;
}

/** What is to be added to a finished lesson. */
export interface EnhancementOrder {
  readonly types: readonly EnhancementType[];
  /** The lesson's text, which stays as it is. */
  readonly markdown: string;
  /** 0 to 1; for services that write freely. */
  readonly temperature: number;
  readonly maxTokens: number;
}

/**
 * Writes the parts of a course, one call per part, so that each can be stored as soon as it is ready.
 * Everything returned is valid by the models of `model.ts`.
 *
 * All methods throw a TransientError when asking again may help and an UpstreamError when it will not; an aborted
 * `signal` ends the call with its reason.
 */
export interface ContentGenerator {
  readonly name: "template" | "openai-compatible";
  /** Upper bound of one call, ms; the lease of a run is longer than that. */
  readonly slowestCallMs: number;
  outline(brief: CourseBrief, signal: AbortSignal | null): Promise<OutlineDraft>;
  /** @param index of the lesson in the whole course, from 0 */
  lesson(
    brief: CourseBrief,
    outline: Outline,
    index: number,
    signal: AbortSignal | null,
  ): Promise<LessonContent>;
  quiz(brief: CourseBrief, outline: Outline, signal: AbortSignal | null): Promise<Quiz>;
  landingPage(brief: CourseBrief, outline: Outline, signal: AbortSignal | null): Promise<LandingPage>;
  /** Additions to the lesson at `index`: one plain paragraph per type that was asked for, and flashcards. */
  enhance(
    brief: CourseBrief,
    outline: Outline,
    index: number,
    order: EnhancementOrder,
    signal: AbortSignal | null,
  ): Promise<LessonAdditions>;
}
