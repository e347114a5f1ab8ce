import { lessonAt } from "../content/assemble.ts";
import type { CourseBrief, EnhancementOrder } from "../content/generator.ts";
import { audiences, type Lesson, type Outline } from "../content/model.ts";
import { asSentence, cut, fill } from "../content/text.ts";
import type { LanguageTexts } from "../content/texts/language.ts";
import { type Flashcard, flashcard, type LessonAdditions, type TextEnhancement } from "./model.ts";
import { enhancementTexts } from "./texts.ts";

const difficulties = ["easy", "medium", "hard"] as const;

/** Additions of the built-in templates: the same lesson always gets the same. */
export function templateAdditions(
  brief: CourseBrief,
  outline: Outline,
  index: number,
  order: EnhancementOrder,
  courseTexts: LanguageTexts,
): LessonAdditions {
  const { lesson } = lessonAt(outline, index);
  const texts = enhancementTexts[brief.request.language];
  const values = valuesOf(lesson);
  const write: Readonly<Record<TextEnhancement, () => string>> = {
    examples: () => fill(texts.example, { example: fill(unusedExample(brief, index, courseTexts), values) }),
    summaries: () => fill(texts.summary, values),
    analogies: () => fill(texts.analogies[index % texts.analogies.length] ?? texts.analogies[0], values),
  };
  const paragraphs: Partial<Record<TextEnhancement, string>> = {};
  for (const type of order.types) if (type !== "flashcards") paragraphs[type] = write[type]();
  return { paragraphs, flashcards: order.types.includes("flashcards") ? cards(brief, lesson) : [] };
}

/** Cut, so that a paragraph stays small beside the shortest lesson. */
function valuesOf(lesson: Lesson) {
  const objectives = lesson.learning_objectives.map((objective) =>
    objective.replace(/(?<![.\s])[.\s]+$/, ""),
  );
  return {
    lesson: cut(lesson.title, 120),
    about: asSentence(cut(lesson.description, 200)),
    objective: asSentence(cut(objectives[0] ?? lesson.title, 150)),
    objectives: cut((objectives.length === 0 ? [lesson.title] : objectives).join("; "), 800),
  };
}

/** The text of a lesson holds the examples of two audiences of the course; this one is of another. */
function unusedExample(brief: CourseBrief, index: number, texts: LanguageTexts): string {
  const chosen = brief.request.target_audiences;
  const used = new Set([chosen[index % chosen.length], chosen[(index + 1) % chosen.length]]);
  const own = chosen.filter((audience) => !used.has(audience));
  const candidates = own.length > 0 ? own : audiences.filter((audience) => !used.has(audience));
  const audience = candidates[index % candidates.length] ?? audiences[0];
  return texts.audiences[audience].example;
}

function cards(brief: CourseBrief, lesson: Lesson): Flashcard[] {
  const values = valuesOf(lesson);
  return enhancementTexts[brief.request.language].flashcards.map((card, position) =>
    flashcard.parse({
      question: fill(card.question, values),
      answer: fill(card.answer, values),
      difficulty: difficulties[position],
      keywords: lesson.keywords.slice(0, 5),
    }),
  );
}
