import {
  type Database,
  definePort,
  type Issue,
  type Logger,
  type Publish,
  type Transact,
  type Tx,
} from "@brain/engine";
import type { JsonObject } from "@brain/schemas";

/*
 * What a mission does, as a port: modules bring the kinds of work, the mission worker runs them, the composition root
 * plugs both together. So neither side knows the other.
 */

/** One attempt at a mission. */
export interface MissionWork {
  /** The same in all attempts. */
  readonly id: string;
  readonly type: string;
  /** As `validate` accepted it. */
  readonly payload: JsonObject;
  /** From 1; counts every attempt, also those whose worker vanished. */
  readonly attempt: number;
  readonly tenant_id: string | null;
  readonly correlation_id: string;
}

/** What an attempt may use. */
export interface MissionContext {
  /**
   * A transaction of its own for what has to be kept before the mission is done. It commits only while this attempt
   * holds the mission: an attempt that was cancelled or succeeded by another cannot write any more. Tenant, correlation,
   * causation and mission of its events are set. A later attempt may find what an earlier one has committed.
   */
  readonly transact: Transact;
  readonly db: Database;
  readonly log: Logger;
  readonly now: () => Date;
  /** Aborts at the time limit, and when the mission was cancelled or taken over; pass it to `fetch`. */
  readonly signal: AbortSignal;
  /**
   * Stable over all attempts; hand it to external services that deduplicate.
   *
   * @param label at most 50 characters; tells the calls of one mission apart
   */
  idempotencyKey(label: string): string;
}

/**
 * The last step of a mission, in the transaction that also completes it: its effects, the events it publishes and the
 * completion commit together, so they are applied once. Runs again if that transaction fails.
 */
export type MissionFinish = (tx: Tx, publish: Publish) => Promise<JsonObject>;

/** A kind of mission. */
export interface MissionHandler {
  /** 1-100 characters: lower-case letters, digits and `. _ -`, e.g. `course.generate`. */
  readonly type: string;
  /** What it does, as one sentence for people. */
  readonly describe: string;
  /**
   * Time limit of one attempt, ms; default 60,000. What lasts longer counts as a failed attempt. On Workers an attempt
   * that a request has started is killed 30 s after the answer, whatever is said here; the one after it has 15 minutes.
   */
  readonly timeoutMs?: number;
  /**
   * What is wrong with a payload, by field; null when nothing is. Pure.
   *
   * @param tenantId whose mission it is: a payload that names a tenant names this one. Null: of no tenant
   */
  validate(payload: JsonObject, tenantId: string | null): readonly Issue[] | null;
  /**
   * One attempt, outside of any transaction. Attempts may be repeated: effects belong into the returned finish, or are
   * safe to repeat under `idempotencyKey`.
   *
   * @returns the result, up to 256 KiB of JSON, or the last step that makes it
   * @throws {PermanentError} and the like: the mission fails at once
   * @throws {TransientError | RetryAfter} and whatever else: another attempt follows until all are used up
   */
  execute(mission: MissionWork, context: MissionContext): Promise<JsonObject | MissionFinish>;
  /**
   * The same payload with each text that is a secret replaced. Those are stored sealed, and no answer shows them. It is
   * given what nobody has validated yet, and texts that were replaced before. Pure; the order of the calls is always the
   * same. Left out: a payload has none.
   */
  secrets?(payload: JsonObject, replace: (secret: string) => string): JsonObject;
  /** What of a result the events may tell: ids and counts, never what came from outside. Left out: nothing. */
  eventResult?(result: JsonObject): JsonObject;
}

export const missionHandlerPort = definePort<MissionHandler>("mission_handler");
