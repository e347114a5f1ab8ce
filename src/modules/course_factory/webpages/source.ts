import { lessonsOf } from "../content/assemble.ts";
import type { LandingPage, Lesson, Outline } from "../content/model.ts";
import { templateLandingPage } from "../content/template-generator.ts";
import { loadTexts } from "../content/texts/load.ts";
import type { AuthoredCourse } from "../courses/authored-course.ts";

/** What pages are built from, beside what was generated for them. */

/** The text of a lesson: its own in the outline of the request, otherwise the stored one. */
export function textsOf(course: AuthoredCourse): (lesson: Lesson) => string | null {
  const { outline, lessons } = course.progress;
  const stored = new Map(
    outline === null
      ? []
      : lessonsOf(outline).flatMap((lesson, index) => {
          const written = lessons.get(index);
          return written?.status === "full" ? [[lesson.lesson_id, written.content_markdown] as const] : [];
        }),
  );
  return (lesson) => lesson.content_markdown ?? stored.get(lesson.lesson_id) ?? null;
}

/** The landing page of a course that asked for none. */
export async function standardPage(
  course: AuthoredCourse,
  courseId: string,
  outline: Outline,
): Promise<LandingPage> {
  const brief = { course_id: courseId, request: course.request, created_at: course.created_at };
  return templateLandingPage(brief, outline, await loadTexts(course.request.language));
}
