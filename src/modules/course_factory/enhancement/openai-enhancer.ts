import * as z from "zod";
import { lessonAt } from "../content/assemble.ts";
import { line } from "../content/chat-fields.ts";
import type { EnhancementOrder } from "../content/generator.ts";
import type { Outline } from "../content/model.ts";
import { flashcardsPerLesson, type LessonAdditions, type TextEnhancement } from "./model.ts";

const flashcards = z
  .array(
    z.object({
      question: line(10, 500),
      answer: line(10, 1000),
      difficulty: z.enum(["easy", "medium", "hard"]).default("medium"),
      keywords: z.array(line(1, 100)).max(5).default([]),
    }),
  )
  .length(flashcardsPerLesson);

const described: Readonly<Record<TextEnhancement, string>> = {
  examples: "one more example from everyday life that the lesson does not have yet",
  summaries: "a summary of the lesson in two or three sentences",
  analogies: "one comparison that makes the main idea clear, and where it ends",
};

/** What nobody asked for is dropped, whatever it is. */
const ignored = z
  .unknown()
  .optional()
  .transform((): undefined => undefined);

/** Schema of the service's answer: one line of plain text per type, so that it can be no heading, list or code. */
export function additionsSchema(order: Pick<EnhancementOrder, "types">) {
  const paragraph = (type: TextEnhancement) => (order.types.includes(type) ? line(20, 1500) : ignored);
  return z.object({
    examples: paragraph("examples"),
    summaries: paragraph("summaries"),
    analogies: paragraph("analogies"),
    flashcards: order.types.includes("flashcards") ? flashcards : ignored,
  });
}

export function additionsTask(outline: Outline, index: number, order: EnhancementOrder): string {
  const { part, lesson } = lessonAt(outline, index);
  const parts = order.types.map((type) =>
    type === "flashcards"
      ? `"flashcards": exactly ${flashcardsPerLesson} of {"question","answer","difficulty":"easy"|"medium"|"hard","keywords":[at most 5 strings]}`
      : `"${type}": ${described[type]}; one paragraph of at most 400 characters, plain text without headings, lists and code`,
  );
  return [
    `Lesson: ${JSON.stringify({ module: part.title, title: lesson.title, description: lesson.description, learning_objectives: lesson.learning_objectives, content_markdown: order.markdown })}`,
    "Write additions to this lesson. The lesson itself stays as it is; say nothing that it already says.",
    `JSON: {${parts.join(", ")}}`,
  ].join("\n");
}

export function additionsOf(answer: z.output<ReturnType<typeof additionsSchema>>): LessonAdditions {
  const { flashcards: cards, ...texts } = answer;
  const paragraphs: Partial<Record<TextEnhancement, string>> = {};
  for (const type of ["examples", "summaries", "analogies"] as const) {
    const text = texts[type];
    if (text !== undefined) paragraphs[type] = text;
  }
  return { paragraphs, flashcards: cards ?? [] };
}
