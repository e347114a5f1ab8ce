import type { Outcome } from "./delivery.ts";
import { BrainError, TransientError } from "./errors.ts";

/** HTTP statuses of a called service after which the same call may succeed. */
const transientStatuses: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** Errors of the language that mean a bug. */
const programmingErrors: ReadonlySet<string> = new Set([
  "TypeError",
  "ReferenceError",
  "RangeError",
  "SyntaxError",
  "EvalError",
  "URIError",
  "AssertionError",
]);

/** Platform errors that mean "not now": aborted, timed out, network. */
const transientNames: ReadonlySet<string> = new Set([
  "AbortError",
  "TimeoutError",
  "NetworkError",
  "FetchError",
]);

/**
 * `fetch` reports a dead network as a TypeError, with another message on each runtime. These are the messages of Node,
 * workerd, Deno, Chromium, Firefox and Safari.
 */
const networkMessages: readonly RegExp[] = [
  /fetch failed/i,
  /network connection lost/i,
  /network error/i,
  /networkerror when attempting/i,
  /failed to fetch/i,
  /load failed/i,
  /error sending request/i,
  /client error \(connect\)/i,
  /terminated/i,
  /socket hang up/i,
  /ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|UND_ERR/,
];

/** Prefixes of Redis error replies that pass: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors */
const transientRedisPrefixes =
  /^(?:ERR )?(LOADING|READONLY|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|BUSY|OOM|NOREPLICAS)\b/;

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
  if (error.name === "ZodError") return { kind: "permanent", reason: "permanent_error" };
  if (programmingErrors.has(error.name)) return { kind: "programming" };
  return transient;
}

/** True for failures of the network, of Redis coming up, and for aborted or timed-out calls. */
export function isNetworkError(error: Error): boolean {
  if (transientNames.has(error.name)) return true;
  if (transientRedisPrefixes.test(error.message)) return true;
  if (networkMessages.some((pattern) => pattern.test(error.message))) return true;
  return error.cause instanceof Error && error.cause !== error && isNetworkError(error.cause);
}

/** `status` or `statusCode` of an error of an HTTP client; null when it has none. */
function statusOf(error: Error): number | null {
  const { status, statusCode } = error as Error & { status?: unknown; statusCode?: unknown };
  const value = status ?? statusCode;
  return typeof value === "number" && Number.isInteger(value) ? value : null;
}
