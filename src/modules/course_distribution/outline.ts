import { moduleWord } from "../../pages/texts.ts";
import type { AnnouncedModule } from "./tables.ts";

/** The public outline of a course, as far as the events of the course factory tell it. Pure. */

export interface OutlineCounts {
  readonly modulesCount: number;
  readonly totalLessons: number;
  /** Null when the event told the counts alone. */
  readonly modules: readonly AnnouncedModule[] | null;
  /** Minutes; null when the event did not say. */
  readonly totalDurationMinutes: number | null;
}

export interface AnnouncedLesson {
  readonly moduleId: string | null;
  readonly lessonTitle: string;
  /** Place in the course, from 1. */
  readonly lessonIndex: number;
}

export interface OutlineLesson {
  readonly title: string;
  readonly estimated_duration_minutes: number | null;
}

export interface OutlineModule {
  /** Null for a module that the course plans and of which no lesson is announced yet. */
  readonly module_id: string | null;
  readonly title: string;
  readonly description: string | null;
  /** Lessons of the module. Where the event told counts alone: those announced as written. */
  readonly chapter_count: number;
  readonly estimated_duration_minutes: number | null;
  readonly lessons: readonly OutlineLesson[];
}

export interface PublicOutline {
  readonly modules: readonly OutlineModule[];
  readonly total_chapters: number;
  readonly total_duration_minutes: number | null;
}

/**
 * What the public sees of a course's structure.
 *
 * @param counts null when no outline was announced; the modules are then those of the lessons
 * @param keep ids of the modules that a variant keeps; null keeps all
 * @param language of the entry, for modules without a title
 */
export function projectOutline(
  counts: OutlineCounts | null,
  lessons: readonly AnnouncedLesson[],
  keep: readonly string[] | null,
  language: string,
): PublicOutline {
  if (counts?.modules != null) return fromFacts(counts.modules, counts.totalDurationMinutes, keep);
  const kept = (lesson: AnnouncedLesson) =>
    keep === null || (lesson.moduleId !== null && keep.includes(lesson.moduleId));
  const shown = lessons.filter(kept).sort((left, right) => left.lessonIndex - right.lessonIndex);
  const planned = keep === null ? counts : null;
  return {
    modules: fromLessons(planned?.modulesCount ?? 0, shown, language),
    total_chapters: Math.max(planned?.totalLessons ?? 0, shown.length),
    total_duration_minutes: null,
  };
}

function fromFacts(
  modules: readonly AnnouncedModule[],
  total: number | null,
  keep: readonly string[] | null,
): PublicOutline {
  const shown = modules.filter(({ module_id }) => keep === null || keep.includes(module_id));
  const sum = (read: (part: AnnouncedModule) => number) =>
    shown.reduce((result, part) => result + read(part), 0);
  return {
    modules: shown.map((part) => ({
      module_id: part.module_id,
      title: part.title,
      description: null,
      chapter_count: part.lessons_count,
      estimated_duration_minutes: part.duration_minutes,
      lessons: part.lessons.map((lesson) => ({
        title: lesson.title,
        estimated_duration_minutes: lesson.duration_minutes,
      })),
    })),
    total_chapters: sum((part) => part.lessons_count),
    total_duration_minutes: keep === null && total !== null ? total : sum((part) => part.duration_minutes),
  };
}

/** Modules in the order of their first lesson, then those that are only known by number. */
function fromLessons(
  modulesCount: number,
  lessons: readonly AnnouncedLesson[],
  language: string,
): OutlineModule[] {
  const known = [...Map.groupBy(lessons, ({ moduleId }) => moduleId)].filter(
    ([moduleId]) => moduleId !== null,
  );
  return Array.from({ length: Math.max(modulesCount, known.length) }, (_, index) => {
    const [moduleId, itsLessons] = known[index] ?? [null, []];
    return {
      module_id: moduleId,
      title: `${moduleWord(language)} ${index + 1}`,
      description: null,
      chapter_count: itsLessons.length,
      estimated_duration_minutes: null,
      lessons: itsLessons.map((lesson) => ({ title: lesson.lessonTitle, estimated_duration_minutes: null })),
    };
  });
}
