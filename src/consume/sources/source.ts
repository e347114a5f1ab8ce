import type { Delivery } from "../delivery.ts";

/*
 * Where deliveries wait: on the stream, in the pending list of the consumer's group, or deferred, in a table of Postgres.
 * What is told of a delivery goes to its source; nobody else has to know which one that is.
 */

export interface Source {
  /**
   * Begins a try of each, so that a worker that ends leaves a trace; those whose try began with their being taken stay
   * as they are. Never together with others that were tried before: only one of them can be to blame.
   *
   * @throws {FencedError} another worker took over
   */
  begin(deliveries: readonly Delivery[]): Promise<void>;
  /** Puts them back as if they had not been taken for this try, so that waiting costs them no attempt. */
  putBack(deliveries: readonly Delivery[]): Promise<void>;
  /** Stores that a try of each failed, and when the next one is due. */
  retryAt(retries: readonly Retry[]): Promise<void>;
  /**
   * They are done: they are let go with the next round trip.
   *
   * @param as a dead letter took its row along when it was stored
   */
  finish(deliveries: readonly Delivery[], as: "applied" | "dead_letter"): void;
}

/** A delivery that will be tried again. */
export interface Retry {
  readonly delivery: Delivery;
  readonly failure: Failure;
}

/** What is stored when a try failed. */
export interface Failure {
  /** Unix time, ms, of the next try. */
  readonly dueAtMs: number;
  /** Unix time, ms. */
  readonly firstFailedAtMs: number;
  /** Tries so far that count. */
  readonly attempts: number;
  /** Later entries with the same key need not wait for it. */
  readonly overtakable: boolean;
  /** The last failure, one line. */
  readonly error: string;
}

/** What was taken. Each list is in the order of the stream. */
export interface Taken {
  /** Met before: not due yet, or to be tried now. */
  readonly waiting: readonly Delivery[];
  /** New. */
  readonly fresh: readonly Delivery[];
  /** As many came as were asked for, so there may be more. */
  readonly isFull: boolean;
}
