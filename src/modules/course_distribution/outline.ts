/** The public outline of a course, as far as the events of the course factory tell it. Pure. */

export interface OutlineCounts {
  readonly modulesCount: number;
  readonly totalLessons: number;
}

export interface AnnouncedLesson {
  readonly moduleId: string | null;
  readonly lessonIndex: number;
}

/** Durations and module descriptions are null: no event carries them. */
interface OutlineModule {
  /** Null for a module that the course plans and of which no lesson is announced yet. */
  readonly module_id: string | null;
  readonly title: string;
  readonly description: string | null;
  /** Chapters announced as written; the total counts the planned ones too. */
  readonly chapter_count: number;
  readonly estimated_duration_minutes: number | null;
}

/**
 * Modules in the order of their first lesson, then those that are only known by number.
 *
 * @param counts null when no outline was announced; the modules are then those of the lessons
 */
export function projectModules(
  counts: OutlineCounts | null,
  lessons: readonly AnnouncedLesson[],
): OutlineModule[] {
  const chapters = new Map<string, number>();
  for (const lesson of [...lessons].sort((left, right) => left.lessonIndex - right.lessonIndex)) {
    if (lesson.moduleId !== null) chapters.set(lesson.moduleId, (chapters.get(lesson.moduleId) ?? 0) + 1);
  }
  const known = [...chapters].map(([moduleId, chapterCount]) => ({ moduleId, chapterCount }));
  const planned = Math.max(counts?.modulesCount ?? 0, known.length);
  return Array.from({ length: planned }, (_, index) => ({
    module_id: known[index]?.moduleId ?? null,
    title: `Module ${index + 1}`,
    description: null,
    chapter_count: known[index]?.chapterCount ?? 0,
    estimated_duration_minutes: null,
  }));
}

/** Planned lessons, or the announced ones when more of them are known. */
export function totalChapters(counts: OutlineCounts | null, lessons: readonly AnnouncedLesson[]): number {
  return Math.max(counts?.totalLessons ?? 0, lessons.length);
}
