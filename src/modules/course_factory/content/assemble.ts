import { v5 as uuidv5 } from "uuid";
import type { CourseBrief } from "./generator.ts";
import {
  type Answer,
  answers,
  type CourseModule,
  countWords,
  type Lesson,
  type LessonContent,
  lessonContent,
  type Outline,
  outline as outlineModel,
  type Question,
  type Quiz,
  quiz as quizModel,
} from "./model.ts";
import { cut, fill } from "./text.ts";
import type { LanguageTexts } from "./texts/language.ts";

/** A module as a generator proposes it, before ids and sums. */
export interface DraftModule {
  readonly title: string;
  readonly description: string;
  readonly learning_objectives: readonly string[];
  readonly lessons: readonly DraftLesson[];
}

export interface DraftLesson {
  readonly title: string;
  readonly description: string;
  readonly learning_objectives: readonly string[];
  readonly minutes: number;
}

export interface DraftQuestion {
  readonly question: string;
  readonly correct: string;
  readonly wrong: readonly string[];
  readonly explanation: string;
  readonly difficulty: Question["difficulty"];
  readonly module_reference: string | null;
}

/** An id that the course and the label alone decide (RFC 9562, version 5). */
export function artifactId(courseId: string, label: string): string {
  return uuidv5(label, courseId);
}

/** All lessons of the course in order. */
export function lessonsOf(outline: Outline): readonly Lesson[] {
  return outline.modules.flatMap((part) => part.lessons);
}

/** The lesson at `index` with its module. @throws {RangeError} no such lesson */
export function lessonAt(
  outline: Outline,
  index: number,
): { readonly part: CourseModule; readonly lesson: Lesson } {
  let before = 0;
  for (const part of outline.modules) {
    const lesson = part.lessons[index - before];
    if (lesson !== undefined) return { part, lesson };
    before += part.lessons.length;
  }
  throw new RangeError(`The outline has ${before} lessons, lesson ${index} does not exist.`);
}

/**
 * Gives a draft its ids, order, sums and states: the first `full_lessons_count` lessons are to be written, the others
 * are placeholders with four planned points.
 *
 * @param texts in the language of the course
 * @throws {z.ZodError} the draft is outside the limits of the model
 */
export function assembleOutline(
  brief: CourseBrief,
  draft: readonly DraftModule[],
  texts: LanguageTexts,
): Outline {
  const { request, course_id: courseId, created_at: createdAt } = brief;
  let index = 0;
  const modules = draft.map((part, moduleIndex) => {
    const moduleId = artifactId(courseId, `module:${moduleIndex + 1}`);
    const lessons = part.lessons.map((item, lessonIndex) => {
      const full = index < request.full_lessons_count;
      index += 1;
      return {
        lesson_id: artifactId(courseId, `lesson:${index}`),
        module_id: moduleId,
        title: item.title,
        description: item.description,
        learning_objectives: [...item.learning_objectives],
        estimated_duration_minutes: item.minutes,
        status: full ? "full" : "placeholder",
        ...(full ? {} : { content_outline: plannedPoints(texts, item.title) }),
        keywords: keywordsOf(item.title),
        order_index: lessonIndex,
      };
    });
    return {
      module_id: moduleId,
      title: part.title,
      description: part.description,
      learning_objectives: [...part.learning_objectives],
      lessons,
      order_index: moduleIndex,
      estimated_total_duration_minutes: part.lessons.reduce((sum, item) => sum + item.minutes, 0),
    };
  });
  return outlineModel.parse({
    metadata: {
      course_id: courseId,
      title: request.title,
      description: request.description,
      language: request.language,
      target_audiences: request.target_audiences,
      full_lessons_count: request.full_lessons_count,
      created_at: createdAt,
      updated_at: createdAt,
    },
    modules,
    total_lessons: index,
    total_estimated_duration_minutes: modules.reduce(
      (sum, part) => sum + part.estimated_total_duration_minutes,
      0,
    ),
  });
}

/** Introduction, concepts, examples and summary of a lesson that is only planned. */
function plannedPoints(texts: LanguageTexts, lessonTitle: string): string[] {
  return texts.plannedPoints.map((point) => fill(point, { lesson: lessonTitle }));
}

/** Words of the title that carry meaning: five letters or more, each once. */
function keywordsOf(title: string): string[] {
  return [...new Set(title.match(/\p{L}{5,}/gu) ?? [])].map((word) => cut(word, 100)).slice(0, 10);
}

/** @throws {z.ZodError} the text is too short or too long for a full lesson */
export function assembleLesson(brief: CourseBrief, lessonId: string, markdown: string): LessonContent {
  return lessonContent.parse({
    lesson_id: lessonId,
    content_markdown: markdown,
    word_count: countWords(markdown),
    generated_at: brief.created_at,
  });
}

/** Text that stands in for a lesson that could not be written; never counted as a full lesson. */
export function placeholderText(texts: LanguageTexts, lesson: Lesson): string {
  const text = fill(texts.placeholder, {
    lesson: lesson.title,
    about: lesson.description,
  });
  return `# ${lesson.title}\n\n${text}\n`;
}

/**
 * Builds a quiz of at most 15 questions. The right answers are spread evenly over a to d: among each four questions
 * every letter is right once, in an order that the question ids decide.
 *
 * @throws {z.ZodError} fewer than 10 questions, equal options, or text outside the limits
 */
export function assembleQuiz(
  brief: CourseBrief,
  outline: Outline,
  drafts: readonly DraftQuestion[],
  texts: LanguageTexts,
): Quiz {
  const values = { course: brief.request.title, topic: cut(brief.request.title, 120) };
  const chosen = drafts.slice(0, 15).map((draft, index) => ({
    draft,
    id: artifactId(brief.course_id, `question:${index + 1}`),
  }));
  const questions = chosen.map(({ draft, id }, index) => {
    const block = chosen.slice(index - (index % 4), index - (index % 4) + 4);
    const position = block.filter((other) => other.id < id).length;
    const options = [...draft.wrong.slice(0, position), draft.correct, ...draft.wrong.slice(position)];
    return {
      question_id: id,
      question_text: draft.question,
      option_a: options[0],
      option_b: options[1],
      option_c: options[2],
      option_d: options[3],
      correct_answer: answers[position] satisfies Answer | undefined,
      explanation: draft.explanation,
      difficulty: draft.difficulty,
      ...(draft.module_reference === null ? {} : { module_reference: draft.module_reference }),
    };
  });
  return quizModel.parse({
    quiz_id: artifactId(outline.metadata.course_id, "quiz"),
    title: fill(texts.quiz.title, values),
    description: fill(texts.quiz.description, values),
    questions,
    passing_score_percentage: 70,
    time_limit_minutes: 30,
  });
}
