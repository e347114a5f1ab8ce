import * as z from "zod";
import { writtenUuid } from "../../../http/kit/written-uuid.ts";
import { text } from "../content/model.ts";

export const enhancementTypes = ["examples", "summaries", "flashcards", "analogies"] as const;
export type EnhancementType = (typeof enhancementTypes)[number];

/** Types that add to the text; flashcards stand beside it. */
export type TextEnhancement = Exclude<EnhancementType, "flashcards">;

export const flashcardsPerLesson = 3;

export const flashcard = z.strictObject({
  question: text(10, 500),
  answer: text(10, 1000),
  difficulty: z.enum(["easy", "medium", "hard"]),
  keywords: z.array(text(1, 100)).max(5),
});
export type Flashcard = z.infer<typeof flashcard>;

const each = <Item extends z.ZodType>(item: Item, max: number) =>
  z
    .array(item)
    .min(1)
    .max(max)
    .refine((list) => new Set(list).size === list.length, "expected each item once");

/** Body of POST /enhance. Unknown fields are refused. */
export const enhancementRequest = z.strictObject({
  course_id: writtenUuid,
  /** A course has at most 10 lessons with a text of their own. */
  lesson_ids: each(writtenUuid, 10),
  enhancement_types: each(z.enum(enhancementTypes), enhancementTypes.length),
  /** Both are for content services; the built-in templates do without. */
  llm_temperature: z.number().min(0).max(1).default(0.7),
  llm_max_tokens: z.int().min(100).max(4000).default(2000),
  validate_enhancements: z.boolean().default(true),
  fail_on_validation_error: z.boolean().default(false),
  dry_run: z.boolean().default(true),
});
export type EnhancementRequest = z.infer<typeof enhancementRequest>;

/** What a generator writes for one lesson: plain paragraphs per type, and the flashcards. Only what was asked for. */
export interface LessonAdditions {
  readonly paragraphs: Readonly<Partial<Record<TextEnhancement, string>>>;
  readonly flashcards: readonly Flashcard[];
}

/** One lesson in the answer of POST /enhance. */
export interface EnhancedLesson {
  readonly lesson_id: string;
  readonly enhancement_types: readonly EnhancementType[];
  readonly content_markdown: string;
  readonly flashcards: readonly Flashcard[];
  readonly base_hash: string;
  readonly diff_hash: string;
  /** Unified diff from the lesson's text to the enhanced one; empty when only flashcards were made. */
  readonly diff: string;
  readonly validation_passed: boolean;
  readonly validation_errors: readonly string[];
  /** True when this is what is stored now; false in a dry run and for a text that broke a rule. */
  readonly applied: boolean;
  /** Version that is stored; null when it is not. */
  readonly version: number | null;
}

/** Answer of POST /enhance. */
export interface EnhancementResult {
  /** True when every lesson passed the checks. */
  readonly success: boolean;
  readonly course_id: string;
  readonly dry_run: boolean;
  readonly generator: string;
  readonly lessons: readonly EnhancedLesson[];
  readonly enhanced_count: number;
  /** SHA-256 over the diffs of all lessons that passed. The event has it over those that were new. */
  readonly diff_hash: string;
  readonly validation_errors: readonly { readonly lesson_id: string; readonly message: string }[];
}
