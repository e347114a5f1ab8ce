import {
  BrainError,
  type ErrorCode,
  type Issue,
  NotFoundError,
  TransientError,
  translateDatabaseError,
  UpstreamError,
} from "@brain/engine";

/** Another run has taken the course over; whoever gets this stops without a trace. */
export class LostLeaseError extends TransientError {}

/** The generation ended by an error of our own; the log has the details. */
export class GenerationError extends BrainError {
  readonly code: ErrorCode = "internal_error";
}

/** What an event and an answer may say of an error: our own messages are safe, all others stay in the log. */
export function safeMessage(error: unknown): string {
  return error instanceof BrainError && error.backend === null
    ? error.message
    : "An unexpected error ended the generation; the log has the details under the correlation id.";
}

/** Class name of an error, for `error_type`. */
export function errorType(error: unknown): string {
  return error instanceof Error ? error.name.slice(0, 200) : typeof error;
}

/** The error as the caller of POST /generate gets it: the same class, with the course's id in `details`. */
export function withCourseId(thrown: unknown, courseId: string): BrainError {
  const error = translateDatabaseError(thrown, "caller");
  const options = { cause: thrown, issues: issuesWith(error, courseId) };
  if (error instanceof UpstreamError) return new UpstreamError(error.message, options);
  return error instanceof TransientError
    ? unavailableWith(error, options)
    : new GenerationError(`The course ${courseId} could not be generated. ${safeMessage(error)}`, options);
}

/**
 * A commit whose answer was lost may have made the course: whoever asked must know which one to look for. Every other
 * error stays what it is, because it left no course.
 */
export function maybeWithCourseId(error: unknown, courseId: string): unknown {
  if (!(error instanceof TransientError)) return error;
  return unavailableWith(error, { cause: error, issues: issuesWith(error, courseId) });
}

function issuesWith(error: unknown, courseId: string): Issue[] {
  const others = error instanceof BrainError ? error.issues.filter(({ path }) => path !== "course_id") : [];
  return [{ path: "course_id", message: courseId }, ...others];
}

function unavailableWith(
  { message, retryAfterMs, backend }: TransientError,
  options: { readonly cause: unknown; readonly issues: readonly Issue[] },
): TransientError {
  return new TransientError(message, {
    ...options,
    ...(backend === null ? {} : { backend }),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  });
}

/** The one message for a course that does not exist. */
export function noCourse(courseId: string): NotFoundError {
  return new NotFoundError(
    `There is no course ${courseId}. Expected the course_id that POST /api/course-factory/generate answered; dry runs store no course.`,
  );
}
