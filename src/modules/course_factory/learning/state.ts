import { ConflictError, ForbiddenError, NotFoundError, ValidationError } from "@brain/engine";
import { lessonsOf } from "../content/assemble.ts";
import type { Outline } from "../content/model.ts";

/** Decisions about learning. Pure: time and ids are arguments. A chapter is a lesson of the outline. */

export type ProgressStatus = "started" | "completed";

/** Chapter or module that a report is about. */
export interface Target {
  readonly kind: "chapter" | "module";
  readonly id: string;
  /** Of the chapter; the same as `id` for a module. */
  readonly moduleId: string;
}

export interface ProgressEntry {
  readonly kind: Target["kind"];
  readonly target_id: string;
  readonly status: ProgressStatus;
}

/**
 * Whether a course takes learners.
 *
 * @throws {ConflictError} it is still being generated, has failed, or is archived
 */
export function assertEnrollable(course: {
  readonly course_id: string;
  readonly status: string;
  readonly workflow_state: string;
}): void {
  assertCompleted(course);
  if (course.workflow_state === "archived") {
    throw new ConflictError(
      `The course ${course.course_id} is archived and takes no new learners. Choose another one from GET /api/courses/catalog.`,
    );
  }
}

/** @throws {ConflictError} the course is still being generated or has failed */
export function assertCompleted(course: { readonly course_id: string; readonly status: string }): void {
  if (course.status === "completed") return;
  throw new ConflictError(
    `The course ${course.course_id} is not ready: its generation is "${course.status}", expected "completed". GET /api/course-factory/courses/${course.course_id} tells how far it is.`,
  );
}

/**
 * Whether somebody may act for an enrolment. The holder of the key who names nobody may; a named actor only for an
 * enrolment of their own.
 *
 * @param enrolled the enrolled actor; null for an anonymous enrolment, for which no named actor may act
 * @param named everybody whom the request names: the header `x-actor-id`, the field `actor_id`; null where it does not
 * @throws {ForbiddenError}
 */
export function assertMayAct(enrolled: string | null, named: readonly (string | null)[]): void {
  const others = named.filter((actor) => actor !== null && actor !== enrolled);
  if (others.length === 0) return;
  throw new ForbiddenError(
    "The enrolment belongs to another actor than the request names. Name the actor who enrolled, or nobody.",
  );
}

/**
 * What a report is about. With both ids given, the chapter is meant.
 *
 * @throws {NotFoundError} the outline has no such chapter or module
 * @throws {ValidationError} no id is given, or the chapter is not in the module
 */
export function targetOf(
  outline: Outline,
  ids: { readonly chapter_id?: string | undefined; readonly module_id?: string | undefined },
): Target {
  const { chapter_id: chapterId, module_id: moduleId } = ids;
  if (chapterId === undefined) {
    if (moduleId === undefined) {
      throw new ValidationError("Expected chapter_id or module_id; received neither.", {
        issues: [{ path: "chapter_id", message: "expected this or module_id" }],
      });
    }
    if (outline.modules.some((part) => part.module_id === moduleId)) {
      return { kind: "module", id: moduleId, moduleId };
    }
    throw new NotFoundError(`The course has no module ${moduleId}. Its catalog entry lists the modules.`);
  }
  const part = outline.modules.find(({ lessons }) =>
    lessons.some((lesson) => lesson.lesson_id === chapterId),
  );
  if (part === undefined) {
    throw new NotFoundError(`The course has no chapter ${chapterId}. Its catalog entry lists the chapters.`);
  }
  if (moduleId !== undefined && moduleId !== part.module_id) {
    throw new ValidationError(
      `The chapter ${chapterId} is in module ${part.module_id}, not in ${moduleId}. Send the chapter alone.`,
      { issues: [{ path: "module_id", message: `expected ${part.module_id}` }] },
    );
  }
  return { kind: "chapter", id: chapterId, moduleId: part.module_id };
}

/** Whether a report tells something new: a start after the completion does not, nor does a repeat. */
export function isNews(known: readonly ProgressEntry[], target: Target, status: ProgressStatus): boolean {
  const entry = known.find(({ kind, target_id }) => kind === target.kind && target_id === target.id);
  return entry === undefined || (entry.status === "started" && status === "completed");
}

/** What is known after a report. */
export function withReport(
  known: readonly ProgressEntry[],
  target: Target,
  status: ProgressStatus,
): readonly ProgressEntry[] {
  if (!isNews(known, target, status)) return known;
  const others = known.filter(({ kind, target_id }) => kind !== target.kind || target_id !== target.id);
  return [...others, { kind: target.kind, target_id: target.id, status }];
}

/** The chapters that are still to be completed, in order; a completed module has none. */
export function missingChapters(outline: Outline, known: readonly ProgressEntry[]): readonly string[] {
  const isDone = (kind: Target["kind"], id: string) =>
    known.some((entry) => entry.kind === kind && entry.target_id === id && entry.status === "completed");
  return outline.modules
    .filter((part) => !isDone("module", part.module_id))
    .flatMap((part) => part.lessons.map((lesson) => lesson.lesson_id))
    .filter((id) => !isDone("chapter", id));
}

/**
 * Completed chapters of all chapters of the course, in percent with two digits; 100 only when none is missing. What
 * was never begun counts, so somebody who completed the only chapter they opened is not done.
 */
export function percentageOf(outline: Outline, known: readonly ProgressEntry[]): number {
  const size = lessonsOf(outline).length;
  return Math.round(((size - missingChapters(outline, known).length) / size) * 10_000) / 100;
}

/** @throws {ConflictError} chapters are missing; the error names them */
export function assertAllChaptersDone(outline: Outline, known: readonly ProgressEntry[]): void {
  const missing = missingChapters(outline, known);
  if (missing.length === 0) return;
  const percentage = percentageOf(outline, known);
  throw new ConflictError(
    `The course is not finished: ${missing.length} chapters are missing, ${percentage} % are done. Report each of missing_chapters as completed first.`,
    { extra: { missing_chapters: missing, completion_percentage: percentage } },
  );
}

/**
 * The text whose SHA-256 is the completion's hash. Whoever knows the completion can compute it again.
 *
 * @param completion `learner` is the actor, or the enrolment's id for an anonymous one; `completedAt` Unix seconds
 */
export function completionText(completion: {
  readonly courseId: string;
  readonly learner: string;
  readonly completedAt: number;
  readonly version: string;
}): string {
  return [completion.courseId, completion.learner, completion.completedAt, completion.version].join(":");
}
