import { v5 as uuidv5 } from "uuid";
import type { CourseModule, Lesson, Outline } from "../content/model.ts";
import { type Override, refusalOf } from "./override.ts";

/** A course as a learner reads it. */
export interface RenderedCourse {
  readonly course_id: string;
  readonly title: string;
  readonly description: string;
  readonly language: string;
  readonly version: string;
  readonly modules: readonly RenderedModule[];
  readonly total_lessons: number;
  readonly total_estimated_duration_minutes: number;
}

type RenderedModule = Omit<CourseModule, "lessons"> & { readonly lessons: readonly RenderedLesson[] };

/** `content_markdown` is null for a chapter that is planned only. */
type RenderedLesson = Omit<Lesson, "content_markdown"> & { readonly content_markdown: string | null };

/** What is stored of a course. */
export interface SourceCourse {
  readonly course_id: string;
  readonly version: string;
  readonly outline: Outline;
  /** Markdown by lesson id, of the lessons that were written. */
  readonly texts: Readonly<Record<string, string>>;
}

/** One override of a pack, by its place in the list, from 0. */
interface Mention {
  readonly index: number;
  readonly operation: Override["operation"];
  readonly target_id: string;
}

export interface Rendering {
  readonly course: RenderedCourse;
  readonly applied_overrides: readonly Mention[];
  readonly skipped_overrides: readonly (Mention & { readonly reason: string })[];
}

/**
 * The course, changed by a pack's overrides in their order. Pure: what is given stays as it is. An override whose
 * target the course no longer has is skipped and says so, so that an old pack never hides the course.
 *
 * @param pack null: the course as it is
 */
export function renderCourse(
  source: SourceCourse,
  pack: {
    readonly pack_id: string;
    readonly language: string;
    readonly overrides: readonly Override[];
  } | null,
): Rendering {
  const { metadata, modules } = source.outline;
  let course: RenderedCourse = withSums({
    course_id: source.course_id,
    title: metadata.title,
    description: metadata.description,
    language: pack?.language ?? metadata.language,
    version: source.version,
    modules: modules.map((part) => ({
      ...part,
      lessons: part.lessons.map((lesson) => ({
        ...lesson,
        content_markdown: source.texts[lesson.lesson_id] ?? null,
      })),
    })),
    total_lessons: 0,
    total_estimated_duration_minutes: 0,
  });
  const applied: Mention[] = [];
  const skipped: (Mention & { reason: string })[] = [];
  for (const [index, item] of (pack?.overrides ?? []).entries()) {
    const mention = { index, operation: item.operation, target_id: item.target_id };
    const reason = refusalOf(source.course_id, source.outline, item);
    if (reason === null) {
      course = withOverride(course, item, uuidv5(`${pack?.pack_id}:module:${index}`, source.course_id));
      applied.push(mention);
    } else {
      skipped.push({ ...mention, reason });
    }
  }
  return { course, applied_overrides: applied, skipped_overrides: skipped };
}

/** @param newModuleId of a module that the override adds; its chapters get ids derived from it */
function withOverride(course: RenderedCourse, item: Override, newModuleId: string): RenderedCourse {
  switch (item.operation) {
    case "replace_text":
      return withLesson(course, item.target_id, { content_markdown: item.value, status: "full" });
    case "override_title":
      return withField(course, item.target_id, { title: item.value });
    case "override_description":
      return withField(course, item.target_id, { description: item.value });
    case "append_module": {
      const added = moduleOf(item.value, newModuleId);
      const place = course.modules.findIndex((part) => part.module_id === item.target_id);
      const modules =
        place === -1 ? [...course.modules, added] : course.modules.toSpliced(place + 1, 0, added);
      return withSums({ ...course, modules: modules.map((part, order_index) => ({ ...part, order_index })) });
    }
  }
}

/** Changes a field that course, module and lesson have alike. */
function withField(
  course: RenderedCourse,
  id: string,
  field: { readonly title: string } | { readonly description: string },
): RenderedCourse {
  if (id === course.course_id) return { ...course, ...field };
  const modules = course.modules.map((part) => (part.module_id === id ? { ...part, ...field } : part));
  return withLesson({ ...course, modules }, id, field);
}

function withLesson(course: RenderedCourse, id: string, fields: Partial<RenderedLesson>): RenderedCourse {
  return {
    ...course,
    modules: course.modules.map((part) => ({
      ...part,
      lessons: part.lessons.map((lesson) => (lesson.lesson_id === id ? { ...lesson, ...fields } : lesson)),
    })),
  };
}

function moduleOf(
  value: Extract<Override, { operation: "append_module" }>["value"],
  moduleId: string,
): RenderedModule {
  const lessons = value.lessons.map(({ content_markdown: markdown, ...lesson }, index) => ({
    ...lesson,
    lesson_id: uuidv5(`lesson:${index}`, moduleId),
    module_id: moduleId,
    learning_objectives: [],
    status: markdown === undefined ? ("placeholder" as const) : ("full" as const),
    examples: [],
    exercises: [],
    keywords: [],
    order_index: index,
    content_markdown: markdown ?? null,
  }));
  return {
    module_id: moduleId,
    title: value.title,
    description: value.description,
    learning_objectives: value.learning_objectives,
    lessons,
    order_index: 0,
    estimated_total_duration_minutes: lessons.reduce(
      (sum, lesson) => sum + lesson.estimated_duration_minutes,
      0,
    ),
  };
}

function withSums(course: RenderedCourse): RenderedCourse {
  return {
    ...course,
    total_lessons: course.modules.reduce((sum, part) => sum + part.lessons.length, 0),
    total_estimated_duration_minutes: course.modules.reduce(
      (sum, part) => sum + part.estimated_total_duration_minutes,
      0,
    ),
  };
}
