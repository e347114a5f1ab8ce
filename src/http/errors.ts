import {
  BadRequestError,
  BrainError,
  boundIssues,
  boundText,
  describeError,
  type ErrorCode,
  errorClass,
  errorStack,
  type Issue,
  isMissingObject,
  isNetworkError,
  OverloadedError,
  TooManyRequestsError,
  translateDatabaseError,
} from "@brain/engine";
import { redactText } from "@brain/schemas";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { leftText, policyText } from "./kit/rate-limit-fields.ts";

/** Status of each code; the compiler refuses a code without one. */
export function statusOf(code: ErrorCode): ContentfulStatusCode {
  switch (code) {
    case "bad_request":
      return 400;
    case "unauthorized":
      return 401;
    case "forbidden":
      return 403;
    case "not_found":
      return 404;
    case "method_not_allowed":
      return 405;
    case "request_timeout":
      return 408;
    case "conflict":
      return 409;
    case "payload_too_large":
      return 413;
    case "unsupported_media_type":
      return 415;
    case "too_many_requests":
      return 429;
    case "validation_failed":
    case "permanent_failure":
      return 422;
    case "upstream_failed":
      return 502;
    case "unavailable":
      return 503;
    case "internal_error":
      return 500;
  }
}

/** The body of every error answer; `details` names fields, and is left out when there are none. */
export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly request_id: string;
    readonly details?: readonly Issue[];
  };
}

/** Characters of a message; one that lists fields may be cut, its details are not. */
export const maxMessageLength = 1_000;

export function errorBody(
  code: ErrorCode,
  message: string,
  requestId: string,
  details: readonly Issue[] = [],
): ErrorBody {
  const error = { code, message: boundText(message, maxMessageLength), request_id: requestId };
  return { error: details.length > 0 ? { ...error, details: boundIssues(details) } : error };
}

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  400: "bad_request",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  408: "request_timeout",
  413: "payload_too_large",
  415: "unsupported_media_type",
  429: "too_many_requests",
};

/** What a caller learns of an error. Unknown errors reveal only the request id; the log has the rest. */
export function publicError(thrown: unknown): {
  readonly code: ErrorCode;
  readonly message: string;
  readonly issues: readonly Issue[];
} {
  const error = translateDatabaseError(thrown, "caller");
  if (error instanceof BrainError) {
    const { code, message, issues } = error;
    return error.backend === null ? { code, message, issues } : ofBackend(error);
  }
  if (error instanceof HTTPException) {
    const code = codeOfStatus[error.status] ?? "internal_error";
    const message = code === "internal_error" ? internalMessage : error.message || defaultMessage(code);
    return { code, message, issues: [] };
  }
  if (error instanceof Error && isNetworkError(error)) {
    return { code: "unavailable", message: unavailableMessage, issues: [] };
  }
  return { code: "internal_error", message: internalMessage, issues: [] };
}

/**
 * What the layers below the modules say of Postgres and Redis (SQLSTATE, constraint) is for the log; a caller learns which
 * of them is away, or that the schema is behind. A statement that
 * Postgres refused for good is our fault, not the caller's. What a module added for the caller (the id of what it made
 * all the same) stays.
 */
function ofBackend(error: BrainError): ReturnType<typeof publicError> {
  const { code, issues } = error;
  switch (code) {
    case "unavailable":
      return { code, message: isMissingObject(error) ? behindMessage : awayMessage(error), issues };
    case "conflict":
      return { code, message: "This is in conflict with what is stored already.", issues };
    default:
      return { code: "internal_error", message: internalMessage, issues };
  }
}

const unavailableMessage = "A service that this needs is not available now. Try again.";
/** Not what is missing: names of tables are for the log. */
const behindMessage =
  "The database lacks something that this release needs, most likely migrations, or a right (GRANT) on what they made: npm run migrate -- --status tells which are missing. Until that is mended, trying again does not help.";

/** Which service, and nothing that it said; the health of the system tells everybody as much. */
const awayMessage = ({ backend }: BrainError) =>
  `${backend === "redis" ? "Redis" : "Postgres"} is not available now. Try again.`;

const internalMessage = "Something went wrong here. The log has the details under this request id.";

function defaultMessage(code: ErrorCode): string {
  return code === "bad_request"
    ? "The request could not be read. Expected a JSON body."
    : `The request failed: ${code}.`;
}

/** The last word on every error thrown below a route. */
export function answerError(error: unknown, c: Context): Response {
  const requestId = c.get("requestId") ?? "";
  const { code, message, issues } = publicError(error);
  const status = statusOf(code);
  // Each refusal in the log would be more load; that there were some is told where they are counted.
  if (status >= 500 && !(error instanceof OverloadedError)) {
    c.get("log")?.error(
      {
        status,
        error_class: errorClass(error),
        path: new URL(c.req.url).pathname,
        // What is merely away needs no place in the code.
        error_stack: status === 503 ? undefined : (errorStack(error) ?? undefined),
      },
      `The request failed: ${redactText(describeError(error))}`,
    );
  }
  if (error instanceof BadRequestError && error.cause !== undefined) {
    c.get("log")?.debug({ status, error_class: errorClass(error) }, redactText(describeError(error)));
  }
  if (status === 503) c.header("retry-after", "1");
  if (error instanceof TooManyRequestsError) tellLimit(c, error);
  if (error instanceof OverloadedError) waitMs(c, error.retryAfterMs);
  if (status === 401) c.header("www-authenticate", c.get("schemes") ?? "Bearer");
  const extra = extraOf(error);
  const body = errorBody(code, message, requestId, issues);
  return c.json({ ...body, ...extra, ...body }, status);
}

/** When to come back, and to which limit. A name is that of a limit in the code, so it needs no quoting. */
function tellLimit(c: Context, { retryAfterSeconds, limit }: TooManyRequestsError): void {
  c.header("retry-after", String(retryAfterSeconds));
  if (limit === null) return;
  c.header("ratelimit-policy", policyText(limit.name, limit.perMinute));
  c.header("ratelimit", leftText(limit.name, limit.remaining, retryAfterSeconds));
}

/** Seconds for everybody, rounded up, and milliseconds for those who know them. */
function waitMs(c: Context, ms: number | null): void {
  if (ms === null) return;
  c.header("retry-after", String(Math.ceil(ms / 1_000)));
  c.header("retry-after-ms", String(ms));
}

function extraOf(error: unknown): Readonly<Record<string, unknown>> {
  if (error instanceof OverloadedError) return { retry_after_ms: error.retryAfterMs };
  return error instanceof BrainError ? error.extra : {};
}
