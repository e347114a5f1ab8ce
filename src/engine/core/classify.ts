import { $ZodError } from "zod/v4/core";
import { BrainError, TransientError } from "./errors.ts";
import type { Outcome } from "./retry.ts";

/** HTTP statuses of a called service after which the same call may succeed. */
const transientStatuses: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** Errors of the language that mean a bug, and classes that were derived from them. */
const programmingErrors: readonly (new (message?: string) => Error)[] = [
  TypeError,
  ReferenceError,
  RangeError,
  SyntaxError,
  EvalError,
  URIError,
];

/**
 * Platform errors that mean "not now": aborted, timed out, network. By name, because the name is what tells one
 * DOMException from another: https://webidl.spec.whatwg.org/#idl-DOMException-error-names
 */
const transientNames: ReadonlySet<string> = new Set([
  "AbortError",
  "TimeoutError",
  "NetworkError",
  "FetchError",
]);

/** `code` of Node's and Deno's system errors of the network, and of Node's `fetch`. */
const networkCodes =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|UND_ERR_\w+)$/;

/**
 * `fetch` reports a dead network as a TypeError without a code, with another message on each runtime. These are the
 * messages of Node, workerd, Deno, Chromium, Firefox and Safari; there is nothing else to tell them by.
 */
const networkMessages: readonly RegExp[] = [
  /\bfetch failed$/i,
  /\bnetwork connection lost\b/i,
  /\bnetwork error\b/i,
  /\bnetworkerror when attempting\b/i,
  /^failed to fetch/i,
  /^load failed$/i,
  /\berror sending request\b/i,
  /\bclient error \(connect\)/i,
  /^terminated$/i,
  /^socket hang up$/i,
  /\b(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|UND_ERR_\w+)\b/,
];

const transient = { kind: "transient", retryAfterMs: null, overtakable: false } as const;

/**
 * Places whatever a handler threw in the taxonomy.
 *
 * Unknown throws are transient: an attempt limit bounds them, while losing an event for an odd error does not heal.
 */
export function classify(
  error: unknown,
): Extract<Outcome, { kind: "permanent" | "programming" | "transient" }> {
  if (error instanceof TransientError) {
    return { kind: "transient", retryAfterMs: error.retryAfterMs, overtakable: error.overtakable };
  }
  if (error instanceof BrainError) {
    return error.code === "unavailable" ? transient : { kind: "permanent", reason: "permanent_error" };
  }
  if (!(error instanceof Error)) return transient;
  if (isNetworkError(error)) return transient;
  const status = statusOf(error);
  if (status !== null && status >= 400) {
    return status >= 500 || transientStatuses.has(status)
      ? transient
      : { kind: "permanent", reason: "permanent_error" };
  }
  if (error instanceof $ZodError) return { kind: "permanent", reason: "permanent_error" };
  if (isProgrammingError(error)) return { kind: "programming" };
  return transient;
}

/** Libraries for assertions have classes of their own; what they share is the name. */
function isProgrammingError(error: Error): boolean {
  return programmingErrors.some((kind) => error instanceof kind) || error.name === "AssertionError";
}

/** True for failures of the network, and for aborted or timed-out calls. */
export function isNetworkError(error: Error): boolean {
  if (transientNames.has(error.name)) return true;
  const { code } = error as Error & { code?: unknown };
  if (typeof code === "string" && networkCodes.test(code)) return true;
  if (networkMessages.some((pattern) => pattern.test(error.message))) return true;
  return error.cause instanceof Error && error.cause !== error && isNetworkError(error.cause);
}

/** `status` or `statusCode` of an error of an HTTP client; null when it has none. */
function statusOf(error: Error): number | null {
  const { status, statusCode } = error as Error & { status?: unknown; statusCode?: unknown };
  const value = status ?? statusCode;
  return typeof value === "number" && Number.isInteger(value) ? value : null;
}
