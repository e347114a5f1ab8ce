import type { Database, Logger, RateLimit, Transact } from "@brain/engine";
import type { Envelope } from "@brain/schemas";
import type { Principal } from "./access.ts";

/** What one HTTP request may use. Lives for that request only. */
export interface RequestServices {
  readonly requestId: string;
  /** Groups all that belongs to one story: the `x-correlation-id` of the request, otherwise its request id. */
  readonly correlationId: string;
  /** Whose credential the request has; null when nobody was asked for one. */
  readonly principal: Principal | null;
  /**
   * Who acts, as an id: the user on whose behalf the request is made, or else the identity of its credential. Null when
   * nobody was asked for a credential, and for the bootstrap key, whose holder is nobody in particular.
   */
  readonly actorId: string | null;
  readonly db: Database;
  readonly log: Logger;
  readonly now: () => Date;
  /** Without a `correlation_id` in the context, the one of the request is used. */
  readonly transact: Transact;
  /** Keeps the invocation alive for work that outlives the answer; errors are logged. */
  waitUntil(work: Promise<unknown>): void;
  /**
   * Has the module's job run at a time, or soon after. Call it after the commit; it does not wait and never fails,
   * because cron runs all jobs once an hour anyway.
   */
  schedule(job: string, at: Date): void;
  /**
   * Counts a request against a limit of the module. Where Redis cannot be asked, nobody is refused.
   *
   * @param whose what is counted together, e.g. a tenant; left out: all requests
   * @throws {TooManyRequestsError}
   * @throws {Error} no module lists the limit
   */
  limit(limit: RateLimit, whose?: string): Promise<void>;
  /**
   * The same for each network address that requests come from; for routes that anybody may use. An IPv6 network of 64
   * bits counts as one address. Where the host does not know the address, nobody is refused.
   *
   * @throws {TooManyRequestsError}
   */
  limitCaller(limit: RateLimit, whose?: string): Promise<void>;
  /**
   * Events as the relay sends them, in the order of their shard, until the invocation's time or calls are used up: the
   * caller comes back with the last `cursor`. Reads the stream about once a second, never a consumer group.
   */
  follow(filter: FollowFilter, after: string | null, signal: AbortSignal): AsyncIterable<Followed>;
}

export interface FollowFilter {
  /** Whether to deliver the event. */
  readonly wants: (event: Envelope) => boolean;
  /**
   * Called after each look at the stream, when its events were delivered.
   *
   * @param cursor the place behind all that was read, wanted or not
   * @param atEnd true when the stream held no more
   */
  readonly looked?: (cursor: string, atEnd: boolean) => void;
}

/** A step of live events: one, or null when nothing came for a while and the listener wants to know that we live. */
export interface Followed {
  /** Cursor behind it; give it to `follow` to go on. */
  readonly cursor: string;
  readonly event: Envelope | null;
  /**
   * Only in the first step: when entries behind the given place are no longer on the stream, the time of the oldest one
   * that is, ISO-8601; null when nothing is missing. What is missing stands in the history.
   */
  readonly truncatedBefore?: string | null;
}

/** The Hono environment that all module routes share. */
export interface ModuleEnv {
  Variables: { services: RequestServices };
}
