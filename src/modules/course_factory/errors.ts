import {
  BrainError,
  type ErrorCode,
  NotFoundError,
  TransientError,
  UpstreamError,
} from "../../core/errors.ts";

/** Another run has taken the course over; whoever gets this stops without a trace. */
export class LostLeaseError extends TransientError {}

/** The generation ended by an error of our own; the log has the details. */
export class GenerationError extends BrainError {
  readonly code: ErrorCode = "internal_error";
}

/** What an event and an answer may say of an error: messages of the taxonomy are safe, all others stay in the log. */
export function safeMessage(error: unknown): string {
  return error instanceof BrainError
    ? error.message
    : "An unexpected error ended the generation; the log has the details under the correlation id.";
}

/** Class name of an error, for `error_type`. */
export function errorType(error: unknown): string {
  return error instanceof Error ? error.name.slice(0, 200) : typeof error;
}

/** The error as the caller of POST /generate gets it: the same class, with the course's id in `details`. */
export function withCourseId(error: unknown, courseId: string): BrainError {
  const issues = [
    { path: "course_id", message: courseId },
    ...(error instanceof BrainError ? error.issues.filter((issue) => issue.path !== "course_id") : []),
  ];
  const options = { cause: error, issues };
  if (error instanceof UpstreamError) return new UpstreamError(error.message, options);
  if (error instanceof TransientError) {
    return new TransientError(error.message, {
      ...options,
      ...(error.retryAfterMs === null ? {} : { retryAfterMs: error.retryAfterMs }),
    });
  }
  return new GenerationError(`The course ${courseId} could not be generated. ${safeMessage(error)}`, options);
}

/** The one message for a course that does not exist. */
export function noCourse(courseId: string): NotFoundError {
  return new NotFoundError(
    `There is no course ${courseId}. Expected the course_id that POST /api/course-factory/generate answered; dry runs store no course.`,
  );
}
