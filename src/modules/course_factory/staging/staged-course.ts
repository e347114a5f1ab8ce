import { type Database, translated } from "@brain/engine";
import { eq } from "drizzle-orm";
import type { StagedPages } from "../../../pages/staging.ts";
import { priceOf } from "../../ports/course-showcase.ts";
import { type Answer, answers, type Quiz } from "../content/model.ts";
import { findAuthoredCourse } from "../courses/authored-course.ts";
import { madeCourse } from "../webpages/showcase.ts";
import { textsOf } from "../webpages/source.ts";
import { readPage } from "../webpages/store.ts";
import { stagings } from "./tables.ts";

/** A course as its staged pages show it. */
export interface StagedCourse extends StagedPages {
  /** Lets in whoever knows it. */
  readonly token: string;
  /** E.g. `1.0.0`. */
  readonly version: string;
}

/** Null: there is no such course, it is not completed, it is archived, or nobody asked for its pages. */
export async function readStagedCourse(db: Database, courseId: string): Promise<StagedCourse | null> {
  const [[staging], course, page] = await Promise.all([
    translated(
      db.statements.select({ token: stagings.token }).from(stagings).where(eq(stagings.courseId, courseId)),
    ),
    findAuthoredCourse(db, courseId, null),
    readPage(db, courseId),
  ]);
  const outline = course?.progress.outline ?? null;
  if (staging === undefined || course === null || outline === null) return null;
  if (course.status !== "completed" || course.workflowState === "archived") return null;
  const made = await madeCourse(courseId, course, outline, page);
  const textOf = textsOf(course);
  return {
    token: staging.token,
    version: course.version,
    page: {
      ...made,
      certificate: false,
      languages: [{ tag: made.language, href: null }],
      price: priceOf(course.request.access ?? null),
    },
    lessons: outline.modules.flatMap((part) =>
      part.lessons.map((lesson) => ({
        title: lesson.title,
        module: part.title,
        minutes: lesson.estimated_duration_minutes,
        objectives: lesson.learning_objectives,
        markdown: textOf(lesson),
        planned: lesson.content_outline ?? [],
      })),
    ),
    quiz: course.progress.quiz === null ? null : quizOf(course.progress.quiz),
  };
}

function quizOf(quiz: Quiz): StagedPages["quiz"] {
  return {
    title: quiz.title,
    description: quiz.description,
    passingPercent: quiz.passing_score_percentage,
    minutes: quiz.time_limit_minutes ?? null,
    questions: quiz.questions.map((question) => {
      const options = answers.map((letter: Answer) => question[`option_${letter}`]);
      return {
        text: question.question_text,
        options,
        right: answers.indexOf(question.correct_answer),
        explanation: question.explanation,
        difficulty: question.difficulty,
      };
    }),
  };
}
