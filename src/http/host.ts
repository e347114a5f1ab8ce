import type { Invocation, Logger, TraceContext } from "@brain/engine";
import type { Principal } from "./kit/access.ts";
import type { ModuleEnv } from "./kit/module-env.ts";

/** What the host (a Worker, Deno, a test) gives to each request. */
export interface Host {
  readonly invocation: Invocation;
  /** The bootstrap key; null: it is switched off. */
  readonly apiKey: string | null;
  /** Network address that the request came from, as the host saw it and no client can choose it; left out or null: not known. */
  readonly clientAddress?: string | null;
  waitUntil(work: Promise<unknown>): void;
  /** Starts relay and consumers in the background; called after each commit that may have published. */
  afterCommit(): void;
  /** Starts scheduled jobs in the background, because they are due now. */
  startJobs(names: readonly string[]): void;
}

/** A place among the requests in work. */
export interface Place {
  /** Gives it back; repeating it is harmless. */
  leave(): void;
  /** Fulfilled when it was given back. */
  readonly left: Promise<void>;
}

/** What the headers of a request say of its story and its user; null where they say nothing. */
export interface Told {
  readonly correlationId: string | null;
  readonly actorId: string | null;
}

/** Hono environment of the whole app. */
export interface AppEnv {
  Variables: ModuleEnv["Variables"] & {
    host: Host;
    log: Logger;
    requestId: string;
    told: Told;
    /** The trace that the request belongs to; null: none. */
    trace: TraceContext | null;
    place: Place;
    /**
     * Asks again who calls, while the answer goes on; left out where nobody was asked.
     *
     * @throws {UnauthorizedError | ForbiddenError} the credential is not good any more
     */
    identifyAgain?: () => Promise<Principal>;
    /** What a refused request may have instead, for `WWW-Authenticate`. */
    schemes?: string;
    /** SHA-256 of a request and its idempotency key, hex: the same in its repetitions and in no other. */
    keyHash?: string;
  };
}
