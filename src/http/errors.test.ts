import {
  BadRequestError,
  ConflictError,
  classify,
  decideDelivery,
  defaultRetryPolicy,
  type ErrorCode,
  ForbiddenError,
  NotFoundError,
  PermanentError,
  RedisReplyError,
  RetryAfter,
  TooLargeError,
  TransientError,
  UnauthorizedError,
  UnexpectedTenantError,
  UpstreamError,
  ValidationError,
} from "@brain/engine";
import { DrizzleQueryError } from "drizzle-orm";
import { HTTPException } from "hono/http-exception";
import { describe, expect, test } from "vitest";
import { errorBody, publicError, statusOf } from "./errors.ts";

const statuses: Readonly<Record<ErrorCode, number>> = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  conflict: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  too_many_requests: 429,
  validation_failed: 422,
  permanent_failure: 422,
  internal_error: 500,
  upstream_failed: 502,
  unavailable: 503,
};

describe("each code has its status", () => {
  test.each(Object.entries(statuses))("%s → %i", (code, status) => {
    expect(statusOf(code as ErrorCode)).toBe(status);
  });
});

describe("each error has one delivery decision and one status", () => {
  test.each([
    [new ValidationError("x"), "dead-letter", 422],
    [new BadRequestError("x"), "dead-letter", 400],
    [new TooLargeError("x"), "dead-letter", 413],
    [new UnauthorizedError("x"), "dead-letter", 401],
    [new ForbiddenError("x"), "dead-letter", 403],
    [new NotFoundError("x"), "dead-letter", 404],
    [new ConflictError("x"), "dead-letter", 409],
    [new PermanentError("x"), "dead-letter", 422],
    [new UnexpectedTenantError("x"), "dead-letter", 422],
    [new UpstreamError("x"), "dead-letter", 502],
    [new TransientError("x"), "retry", 503],
    [new RetryAfter(1_000, "x"), "retry", 503],
    [new TypeError("x is not a function"), "retry", 500],
    [new Error("anything"), "retry", 500],
    ["a thrown text", "retry", 500],
  ] as const)("%s", (error, action, status) => {
    const outcome = classify(error);
    expect(decideDelivery(outcome, 1, defaultRetryPolicy, "1-0", 0).action).toBe(action);
    expect(statusOf(publicError(error).code)).toBe(status);
  });
});

describe("what a caller learns", () => {
  test("errors on purpose show their message and their fields", () => {
    const issues = [{ path: "payload.title", message: "expected text" }];
    const shown = publicError(new ValidationError("The event was refused.", { issues }));
    expect(shown).toEqual({ code: "validation_failed", message: "The event was refused.", issues });
  });

  test.each([
    new Error('relation "payroll" does not exist'),
    new TypeError("Cannot read properties of undefined (reading 'secret')"),
    "a thrown text with a secret",
    { toString: () => "an object with a secret" },
    null,
  ])("an unexpected error shows nothing of itself: %s", (error) => {
    const shown = publicError(error);
    expect(shown.code).toBe("internal_error");
    expect(JSON.stringify(shown)).not.toMatch(/payroll|secret|undefined/);
  });

  test("the cause of an error is never shown", () => {
    const cause = new Error("postgres://user:secret@host/db");
    expect(
      JSON.stringify(publicError(new TransientError("Postgres could not be reached.", { cause }))),
    ).not.toContain("secret");
  });

  const postgres = { backend: "postgres" } as const;
  test.each([
    [new PermanentError("Postgres refused the statement (SQLSTATE 42601).", postgres), "internal_error"],
    [new ConflictError("Postgres: constraint events_id_key (SQLSTATE 23505).", postgres), "conflict"],
    [new TransientError("Postgres: the connection failed (SQLSTATE 08006).", postgres), "unavailable"],
    [new TransientError("Redis is not available: LOADING", { backend: "redis" }), "unavailable"],
    [new RedisReplyError("WRONGTYPE of the Redis key"), "internal_error"],
  ] as const)("what a driver says is for the log: %s", (error, code) => {
    const shown = publicError(error);
    expect(shown.code).toBe(code);
    expect(shown.message).not.toMatch(/refused|LOADING|connection|WRONGTYPE|SQLSTATE|events_id_key/);
  });

  test.each([
    [new TransientError("Redis is not available: LOADING", { backend: "redis" }), "Redis"],
    [new TransientError("Postgres: the connection failed (SQLSTATE 08006).", postgres), "Postgres"],
  ] as const)("which service is away is said, as the health says it: %s", (error, service) => {
    expect(publicError(error).message).toBe(`${service} is not available now. Try again.`);
  });

  test("a call of no service of ours that was lost names none", () => {
    expect(publicError(new DOMException("The operation timed out.", "TimeoutError")).message).toBe(
      "A service that this needs is not available now. Try again.",
    );
  });

  test("our own message stays, also when it begins with the name of a service", () => {
    const message = "Postgres statements cannot be named in a template.";
    expect(publicError(new ConflictError(message)).message).toBe(message);
  });

  test("what a module added for the caller stays beside what a driver says", () => {
    const issues = [{ path: "course_id", message: "c-1" }];
    expect(publicError(new TransientError("Postgres is away.", { ...postgres, issues })).issues).toEqual(
      issues,
    );
  });

  test("drizzle's error is a lost connection, and shows neither statement nor parameters", () => {
    const error = new DrizzleQueryError(
      "SELECT $1",
      ["planted"],
      new Error("Connection terminated unexpectedly"),
    );
    const shown = publicError(error);
    expect(shown.code).toBe("unavailable");
    expect(JSON.stringify(shown)).not.toMatch(/planted|SELECT/);
  });

  test("a call that took too long is unavailable, not broken", () => {
    expect(publicError(new DOMException("The operation timed out.", "TimeoutError")).code).toBe(
      "unavailable",
    );
  });

  test.each([
    [400, "bad_request"],
    [401, "unauthorized"],
    [403, "forbidden"],
    [404, "not_found"],
    [405, "method_not_allowed"],
    [413, "payload_too_large"],
    [418, "internal_error"],
    [500, "internal_error"],
  ] as const)("an exception of the web framework with status %i becomes %s", (status, code) => {
    const shown = publicError(new HTTPException(status, { message: status >= 500 ? "a secret" : "" }));
    expect(shown.code).toBe(code);
    expect(shown.message).not.toBe("");
    expect(shown.message).not.toContain("secret");
  });

  test("the body has no details where no field is at fault", () => {
    expect(errorBody("not_found", "Nothing here.", "r-1")).toEqual({
      error: { code: "not_found", message: "Nothing here.", request_id: "r-1" },
    });
    expect(
      errorBody("validation_failed", "No.", "r-1", [{ path: "limit", message: "too small" }]).error.details,
    ).toEqual([{ path: "limit", message: "too small" }]);
  });
});
