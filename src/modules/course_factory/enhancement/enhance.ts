import { sha256Hex } from "@brain/engine";
import type { CourseBrief, EnhancementOrder } from "../content/generator.ts";
import type { Lesson } from "../content/model.ts";
import { loadTexts } from "../content/texts/load.ts";
import { checkEnhancement } from "./checks.ts";
import { unifiedDiff } from "./diff.ts";
import type { EnhancementType, Flashcard, LessonAdditions } from "./model.ts";
import { weave } from "./weave.ts";

/** A lesson with its additions, judged but not stored. */
export interface Enhanced {
  readonly lessonId: string;
  readonly types: readonly EnhancementType[];
  readonly markdown: string;
  readonly flashcards: readonly Flashcard[];
  readonly baseHash: string;
  readonly diff: string;
  readonly diffHash: string;
  /** Of all that makes this enhancement what it is. */
  readonly fingerprint: string;
  /** Empty when it may be stored. */
  readonly problems: readonly string[];
}

/** Adds what was written to a lesson and judges it. Pure but for texts that are loaded. */
export async function enhanceLesson(
  brief: CourseBrief,
  lesson: Lesson,
  order: EnhancementOrder,
  additions: LessonAdditions,
  isChecked: boolean,
): Promise<Enhanced> {
  const { headings } = await loadTexts(brief.request.language);
  const markdown = weave(order.markdown, additions.paragraphs, headings);
  const diff = unifiedDiff(order.markdown, markdown);
  const [baseHash, diffHash] = await Promise.all([sha256Hex(order.markdown), sha256Hex(diff)]);
  const types = [...order.types].sort();
  return {
    lessonId: lesson.lesson_id,
    types,
    markdown,
    flashcards: additions.flashcards,
    baseHash,
    diff,
    diffHash,
    fingerprint: await sha256Hex(JSON.stringify([types, baseHash, diffHash, additions.flashcards])),
    problems: isChecked ? checkEnhancement(order.markdown, markdown) : [],
  };
}
