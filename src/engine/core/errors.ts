/**
 * The error taxonomy that the engine reads. Everything a handler or a service throws on purpose is one of these;
 * anything else is classified by `classify.ts`. Core knows no HTTP: the mapping to a status is in `src/http`.
 */

/** Closed set of codes that callers may see. */
export type ErrorCode =
  | "validation_failed"
  | "bad_request"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "request_timeout"
  | "conflict"
  | "payload_too_large"
  | "unsupported_media_type"
  | "too_many_requests"
  | "unavailable"
  | "upstream_failed"
  | "permanent_failure"
  | "internal_error";

/** One field that was refused: where (`payload.title`), and what was expected. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

export interface ErrorOptions {
  readonly cause?: unknown;
  readonly issues?: readonly Issue[];
  /** More that the caller needs to go on, answered beside `error`; public, JSON. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Left out: the error is our own. */
  readonly backend?: Backend;
}

/**
 * A service below that an error comes from. What the service said is for the log; the caller learns only what it means.
 */
export type Backend = "postgres" | "redis";

/** Base of all errors thrown on purpose; `message` is safe to show to the caller unless it comes from a backend. */
export abstract class BrainError extends Error {
  abstract readonly code: ErrorCode;
  readonly issues: readonly Issue[];
  readonly extra: Readonly<Record<string, unknown>>;
  readonly backend: Backend | null;

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.issues = options.issues ?? [];
    this.extra = options.extra ?? {};
    this.backend = options.backend ?? null;
  }
}

/** Retrying cannot help: the event becomes a dead letter at once. */
export class PermanentError extends BrainError {
  readonly code: ErrorCode = "permanent_failure";
}

/**
 * Because of one tenant's event, a handler was about to publish an event of another tenant, or one of no tenant, which
 * all tenants would take for theirs. Nothing of the transaction is committed.
 */
export class UnexpectedTenantError extends PermanentError {}

export interface TransientOptions extends ErrorOptions {
  /** Left out: the consumer's backoff decides. */
  readonly retryAfterMs?: number;
  /**
   * True when later events with the same key need not wait for this one, e.g. because it waits for one of them.
   * Default false: the order per key is kept.
   */
  readonly overtakable?: boolean;
}

/** Retrying may help. `retryAfterMs` null means the consumer's backoff decides. */
export class TransientError extends BrainError {
  readonly code: ErrorCode = "unavailable";
  readonly retryAfterMs: number | null;
  readonly overtakable: boolean;

  constructor(message: string, options: TransientOptions = {}) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.overtakable = options.overtakable ?? false;
  }
}

/** More was asked, or would be answered, than the service in front of a backend hands on at once: ask for less. */
export class TooMuchAtOnceError extends TransientError {}

/**
 * The work is not ready yet, and the handler knows when to look again, e.g. a rate limit's `Retry-After`.
 * Counts as an attempt, so that a wait that never ends becomes a dead letter.
 */
export class RetryAfter extends TransientError {
  constructor(afterMs: number, reason: string, options: Omit<TransientOptions, "retryAfterMs"> = {}) {
    super(reason, { ...options, retryAfterMs: afterMs });
  }
}

/** Too much is in work at once; nothing of the request was looked at. */
export class OverloadedError extends TransientError {
  constructor(retryAfterMs: number) {
    super(
      `Too many requests are in work at the moment, so nothing was done for this one. Send it again in ${retryAfterMs} ms.`,
      { retryAfterMs },
    );
  }
}

/** Another worker has taken over what this one was doing: nothing of its transaction was committed. */
export class FencedError extends TransientError {
  constructor() {
    super("Another worker took over; nothing of this transaction was committed.");
  }
}

/** The settings put a shard on another Redis database than the one that has its events; nothing was done there. */
export class MisplacedShardError extends BrainError {
  readonly code: ErrorCode = "unavailable";
}

/** The input is well-formed but not acceptable; `issues` names the fields. Permanent for a consumer. */
export class ValidationError extends BrainError {
  readonly code: ErrorCode = "validation_failed";
}

/** The input could not be read at all (not JSON, wrong content type). */
export class BadRequestError extends BrainError {
  readonly code: ErrorCode = "bad_request";
}

/** The input did not come in time. */
export class RequestTimeoutError extends BrainError {
  readonly code: ErrorCode = "request_timeout";
}

/** The input is encoded in a way that is not read here. */
export class UnsupportedMediaTypeError extends BrainError {
  readonly code: ErrorCode = "unsupported_media_type";
}

/** The body, batch or payload is over its limit. */
export class TooLargeError extends BrainError {
  readonly code: ErrorCode = "payload_too_large";
}

/** The caller asks too often; `retryAfterSeconds` says when to come back. */
export class TooManyRequestsError extends BrainError {
  readonly code: ErrorCode = "too_many_requests";
  readonly retryAfterSeconds: number;
  /** The limit that was reached; null: the limit is not about how often something is done. */
  readonly limit: { readonly name: string; readonly perMinute: number; readonly remaining: number } | null;

  constructor(
    message: string,
    retryAfterSeconds: number,
    issues: readonly Issue[] = [],
    limit: TooManyRequestsError["limit"] = null,
  ) {
    super(message, { issues });
    this.retryAfterSeconds = retryAfterSeconds;
    this.limit = limit;
  }
}

export class UnauthorizedError extends BrainError {
  readonly code: ErrorCode = "unauthorized";
}

export class ForbiddenError extends BrainError {
  readonly code: ErrorCode = "forbidden";
}

/** Permanent for a consumer; where "not yet" is possible, throw TransientError instead. */
export class NotFoundError extends BrainError {
  readonly code: ErrorCode = "not_found";
}

/** The state does not allow it: a taken slug, an illegal transition, a reused id. */
export class ConflictError extends BrainError {
  readonly code: ErrorCode = "conflict";
}

/** A service of another party answered with an error that retrying now would not mend. */
export class UpstreamError extends BrainError {
  readonly code: ErrorCode = "upstream_failed";
}
