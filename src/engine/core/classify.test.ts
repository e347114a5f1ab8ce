import { describe, expect, test } from "vitest";
import * as z from "zod";
import { classify, isNetworkError } from "./classify.ts";
import {
  BadRequestError,
  ConflictError,
  ForbiddenError,
  NotFoundError,
  PermanentError,
  RetryAfter,
  TooLargeError,
  TransientError,
  UnauthorizedError,
  UnexpectedTenantError,
  UpstreamError,
  ValidationError,
} from "./errors.ts";
import { HandlerTimeoutError } from "./promises/time-limit.ts";

const transient = { kind: "transient", retryAfterMs: null, overtakable: false };
const permanent = { kind: "permanent", reason: "permanent_error" };
const programming = { kind: "programming" };

function named(name: string, message = "x"): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}

const withStatus = (fields: object) => Object.assign(new Error("answered"), fields);

describe("errors thrown on purpose", () => {
  test.each<[Error, object]>([
    [new TransientError("x"), transient],
    [
      new TransientError("x", { retryAfterMs: 1_500 }),
      { kind: "transient", retryAfterMs: 1_500, overtakable: false },
    ],
    [new RetryAfter(30_000, "rate limit"), { kind: "transient", retryAfterMs: 30_000, overtakable: false }],
    [
      new TransientError("x", { overtakable: true }),
      { kind: "transient", retryAfterMs: null, overtakable: true },
    ],
    [new HandlerTimeoutError("x"), transient],
    [new PermanentError("x"), permanent],
    [new UnexpectedTenantError("x"), permanent],
    [new ValidationError("x"), permanent],
    [new BadRequestError("x"), permanent],
    [new TooLargeError("x"), permanent],
    [new UnauthorizedError("x"), permanent],
    [new ForbiddenError("x"), permanent],
    [new NotFoundError("x"), permanent],
    [new ConflictError("x"), permanent],
    [new UpstreamError("x"), permanent],
  ])("%o", (error, expected) => {
    expect(classify(error)).toEqual(expected);
  });

  test("keeps the name, the cause and the refused fields", () => {
    const cause = new Error("driver");
    const error = new ValidationError("refused", {
      cause,
      issues: [{ path: "title", message: "too short" }],
    });
    expect(error).toMatchObject({
      name: "ValidationError",
      cause,
      code: "validation_failed",
      issues: [{ path: "title", message: "too short" }],
    });
    expect(new NotFoundError("x")).not.toHaveProperty("cause");
    expect(new NotFoundError("x").issues).toEqual([]);
  });
});

describe("a dead network is transient, on every runtime", () => {
  test.each([
    ["Node", "fetch failed"],
    ["workerd", "Network connection lost."],
    ["workerd, internal", "Error: internal error; Network error"],
    ["Deno", "error sending request for url (https://x.example/)"],
    ["Deno, connecting", "client error (Connect): tcp connect error"],
    ["Chromium", "Failed to fetch"],
    ["Firefox", "NetworkError when attempting to fetch resource."],
    ["Safari", "Load failed"],
    ["Node, body cut off", "terminated"],
    ["Node, socket", "socket hang up"],
    ["Node, refused", "connect ECONNREFUSED 127.0.0.1:1"],
    ["Node, reset", "read ECONNRESET"],
    ["Node, timeout", "connect ETIMEDOUT"],
    ["Node, pipe", "write EPIPE"],
    ["Node, no such host", "getaddrinfo ENOTFOUND x"],
    ["Node, resolver busy", "getaddrinfo EAI_AGAIN x"],
    ["undici", "UND_ERR_SOCKET"],
  ])("TypeError of %s: %s", (_runtime, message) => {
    expect(classify(new TypeError(message))).toEqual(transient);
  });

  test.each(["ECONNREFUSED", "ECONNRESET", "EPIPE", "EAI_AGAIN", "UND_ERR_SOCKET"])("by code %s", (code) => {
    expect(classify(Object.assign(new TypeError("odd"), { code }))).toEqual(transient);
  });

  test.each([
    "the contract terminated early",
    "course.load failed",
    "steps[0] is terminated",
    "fetch failedCourses is not a function",
    "BUSY is not defined",
  ])("is not told by a word somewhere in a bug: %s", (message) => {
    expect(classify(new TypeError(message))).toEqual(programming);
  });

  test("also when it stands only in the cause", () => {
    expect(classify(new TypeError("odd", { cause: new Error("read ECONNRESET") }))).toEqual(transient);
    expect(isNetworkError(new Error("outer", { cause: new Error("inner") }))).toBe(false);
  });

  test("does not follow a cause that points to itself", () => {
    const error: Error & { cause?: unknown } = new Error("round");
    error.cause = error;
    expect(isNetworkError(error)).toBe(false);
  });

  test.each(["AbortError", "TimeoutError", "NetworkError", "FetchError"])("%s", (name) => {
    expect(classify(named(name))).toEqual(transient);
  });
});

describe("HTTP statuses of a called service", () => {
  test.each([
    [400, permanent],
    [401, permanent],
    [403, permanent],
    [404, permanent],
    [408, transient],
    [409, transient],
    [410, permanent],
    [422, permanent],
    [425, transient],
    [429, transient],
    [500, transient],
    [502, transient],
    [503, transient],
    [599, transient],
  ])("%i", (status, expected) => {
    expect(classify(withStatus({ status }))).toEqual(expected);
    expect(classify(withStatus({ statusCode: status }))).toEqual(expected);
  });

  test.each([200, 302, 399, "404", 404.5, null])("a status of %o says nothing", (status) => {
    expect(classify(withStatus({ status }))).toEqual(transient);
  });
});

describe("whatever else a handler throws", () => {
  test.each([
    new TypeError("x is not a function"),
    new ReferenceError("x is not defined"),
    new RangeError("Invalid array length"),
    new SyntaxError("Unexpected token"),
    new EvalError("x"),
    new URIError("URI malformed"),
    named("AssertionError"),
    new (class IndexError extends RangeError {
      override readonly name = "IndexError";
    })("of a class of its own"),
  ])("%o is a programming error", (error) => {
    expect(classify(error)).toEqual(programming);
  });

  test("a refused schema is permanent", () => {
    const result = z.object({ a: z.string() }).safeParse({});
    expect(classify(result.error)).toEqual(permanent);
  });

  test.each([new Error("odd"), named("OddError"), "text", 42, null, undefined, { status: 404 }])(
    "an unknown throw is transient: %o",
    (thrown) => {
      expect(classify(thrown)).toEqual(transient);
    },
  );
});
