import type { Audience } from "../model.ts";

/**
 * All text of one language. The generator fills placeholders in braces:
 *
 * - `{course}`: title of the course; `{topic}`: the same, cut to one line of a table
 * - `{module}`, `{lesson}`: titles; `{about}`: what the lesson is about; `{insight}`, `{myth}`: of the lesson
 * - `{excerpt}`: start of the course's description
 * - `{audiences}`: all of them; `{audience}`: one of them
 * - numbers by name
 */
export interface LanguageTexts {
  readonly headings: {
    readonly overview: string;
    readonly objectives: string;
    readonly introduction: string;
    readonly main: string;
    readonly examples: string;
    readonly summary: string;
    readonly resources: string;
    readonly disclaimer: string;
  };
  readonly overview: string;
  readonly objectivesLead: string;
  /** Taken in turn, so that neighbouring lessons open differently. */
  readonly introductions: readonly [string, string, string];
  /** One way of working per module. */
  readonly methods: readonly [Method, Method, Method, Method];
  /** Sets a common mistake right. */
  readonly correction: string;
  readonly examplesLead: string;
  readonly summaryLead: string;
  readonly summaryClose: string;
  readonly resources: readonly string[];
  readonly disclaimer: string;
  /** Text of a lesson that could not be written. */
  readonly placeholder: string;
  /** Introduction, concepts, examples, summary of a lesson that is only planned. */
  readonly plannedPoints: readonly [string, string, string, string];
  readonly quiz: {
    readonly title: string;
    readonly description: string;
    readonly statement: string;
    readonly statementExplanation: string;
    readonly place: string;
    readonly placeExplanation: string;
  };
  readonly landing: {
    readonly subtitle: string;
    readonly callToAction: string;
    readonly value: string;
    readonly forWhomTitle: string;
    readonly forWhomAudience: string;
    readonly forWhomGeneral: readonly [string, string];
    readonly notForWhomTitle: string;
    readonly notForWhomPoints: readonly [string, string, string];
    readonly structureTitle: string;
    readonly structureFeature: string;
    readonly quizFeature: string;
    readonly features: readonly [string, string, string];
    readonly featuresTitle: string;
    readonly valueTitle: string;
  };
  readonly audiences: Readonly<Record<Audience, { readonly example: string }>>;
  readonly generic: CourseSubject;
  readonly banking: CourseSubject;
}

export interface Method {
  readonly lead: string;
  readonly steps: readonly [string, string, string, string];
}

export type CourseSubject = readonly [ModuleSubject, ModuleSubject, ModuleSubject, ModuleSubject];

export interface ModuleSubject {
  readonly title: string;
  readonly description: string;
  readonly lessons: readonly LessonSubject[];
}

export interface LessonSubject {
  readonly title: string;
  readonly about: string;
  readonly objectives: readonly [string, string];
  readonly body: string;
  /** A true statement, at most 200 characters; the right answer of the lesson's question. */
  readonly insight: string;
  /** A common but false statement, at most 200 characters; a wrong answer. */
  readonly myth: string;
}
