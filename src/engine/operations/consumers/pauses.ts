import { sql } from "drizzle-orm";
import { namesOfType } from "../../consume/apply/judge-claims.ts";
import type { Consumer } from "../../consume/consumer.ts";
import { forgetShardState, signalDeferred } from "../../consume/lease/deferred-signal.ts";
import { ValidationError } from "../../core/errors.ts";
import type { Database } from "../../db/database.ts";
import { isoText } from "../../db/iso-text.ts";
import type { Invocation } from "../../invocation.ts";
import { type Operator, recordAction } from "../operator-actions.ts";

/*
 * Pauses. A paused consumer reads nothing; with a paused type its events are deferred and the others go on. The change is
 * a row in Postgres, written together with who did it and why; the drains keep a copy of it for a minute at most.
 */

/** A pause that holds now. */
export interface Pause {
  /** Null: the whole consumer. */
  readonly event_type: string | null;
  readonly reason: string;
  readonly actor_id: string | null;
  readonly paused_at: string;
  /** Null: until somebody resumes it. */
  readonly expires_at: string | null;
}

/** After a change: `at_once`, or `within_a_minute` when Redis could not be told. */
export type Effective = "at_once" | "within_a_minute";

/** Pauses that hold now, of one subscriber or of all (null). */
export function pausesSql(subscriber: string | null) {
  return sql`
    SELECT subscriber_name AS subscriber, nullif(event_type, '') AS event_type, reason, actor_id,
      ${isoText(sql`paused_at`)} AS paused_at, ${isoText(sql`expires_at`)} AS expires_at
    FROM consumer_pauses
    WHERE (expires_at IS NULL OR expires_at > now())
      AND ${subscriber === null ? sql`true` : sql`subscriber_name = ${subscriber}`}
    ORDER BY subscriber_name, consumer_pauses.event_type`;
}

/** A row of `pausesSql`. */
export type PauseRow = Pause & { readonly subscriber: string };

export function toPause({ event_type, reason, actor_id, paused_at, expires_at }: PauseRow): Pause {
  return { event_type, reason, actor_id, paused_at, expires_at };
}

/** Pauses of one subscriber that hold now, the one of the whole consumer first. */
export async function listPauses(db: Database, subscriber: string): Promise<Pause[]> {
  return (await db.rows<PauseRow>(pausesSql(subscriber))).map(toPause);
}

/**
 * Pauses the consumer, or one of its types. Pausing what is paused replaces reason and end.
 *
 * Postgres judges whether the end is still to come: the clock of this worker may be wrong, and a pause that is over before
 * it begins would pause nothing without a word.
 *
 * @param pause.eventType any name of it; null: the whole consumer
 * @param pause.expiresAt null: until somebody resumes it, or for `forSeconds`
 * @param pause.forSeconds from now, by the clock of Postgres; goes before `expiresAt`
 * @throws {ValidationError} the consumer does not handle the type, or the end is not in the future
 */
export async function pauseConsumer(
  invocation: Invocation,
  consumer: Consumer,
  pause: {
    readonly eventType: string | null;
    readonly reason: string;
    readonly expiresAt: Date | null;
    readonly forSeconds?: number | undefined;
  },
  by: Operator,
): Promise<Effective> {
  const { reason, expiresAt, forSeconds } = pause;
  const eventType = pause.eventType === null ? null : invocation.catalog.canonicalType(pause.eventType);
  assertHandled(consumer, eventType);
  const end =
    forSeconds === undefined
      ? sql`${expiresAt?.toISOString() ?? null}::timestamptz`
      : sql`now() + ${forSeconds}::float8 * interval '1 second'`;
  await invocation.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ until: string | null; is_over: boolean | null }>(sql`
      INSERT INTO consumer_pauses (subscriber_name, event_type, reason, actor_id, expires_at)
      VALUES (${consumer.subscriber}, ${eventType ?? ""}, ${reason}, ${by.actorId}, ${end})
      ON CONFLICT (subscriber_name, event_type) DO UPDATE SET
        reason = excluded.reason, actor_id = excluded.actor_id, paused_at = now(), expires_at = excluded.expires_at
      RETURNING ${isoText(sql`expires_at`)} AS until, expires_at <= now() AS is_over`);
    const { until = null, is_over: isOver = false } = rows[0] ?? {};
    if (isOver === true) {
      throw new ValidationError("The pause would end before it begins.", {
        issues: [{ path: "expires_at", message: `expected a time in the future, received ${until}` }],
      });
    }
    await recordAction(tx, {
      ...by,
      action: "consumer.paused",
      reason,
      subscriber: consumer.subscriber,
      filter: { event_type: eventType, expires_at: until },
    });
  });
  return tellDrains(invocation, consumer);
}

/**
 * Ends the pause of the consumer, or of one of its types; the other pauses stay. Nothing to end is no error.
 *
 * @param resume.eventType any name of it; null: the pause of the whole consumer
 * @returns whether there was a pause, and when the change holds
 */
export async function resumeConsumer(
  invocation: Invocation,
  consumer: Consumer,
  resume: { readonly eventType: string | null; readonly reason: string | null },
  by: Operator,
): Promise<{ readonly resumed: boolean; readonly effective: Effective }> {
  const { eventType, reason } = resume;
  // The release before may have paused it under an older name.
  const names = eventType === null ? [""] : namesOfType(invocation.catalog, eventType);
  const resumed = await invocation.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ held: boolean }>(sql`
      DELETE FROM consumer_pauses
      WHERE subscriber_name = ${consumer.subscriber} AND event_type = ANY(${sql.param(names)}::text[])
      RETURNING (expires_at IS NULL OR expires_at > now()) AS held`);
    if (!rows.some(({ held }) => held)) return false;
    await recordAction(tx, {
      ...by,
      action: "consumer.resumed",
      reason,
      subscriber: consumer.subscriber,
      filter: { event_type: eventType },
    });
    return true;
  });
  return { resumed, effective: await tellDrains(invocation, consumer, true) };
}

/** A type that the consumer never sees cannot be paused; most likely it is a typing error. */
function assertHandled(consumer: Consumer, eventType: string | null): void {
  if (eventType === null || consumer.any !== null || consumer.byType.has(eventType)) return;
  throw new ValidationError(`"${consumer.subscriber}" does not handle this event type.`, {
    issues: [{ path: "event_type", message: `expected one of: ${[...consumer.byType.keys()].join(", ")}` }],
  });
}

/**
 * The change is committed; a Redis that is away only delays it, until the drains' own copy is too old.
 *
 * @param resumes what was deferred for the pause is due
 */
async function tellDrains(invocation: Invocation, consumer: Consumer, resumes = false): Promise<Effective> {
  const { databases, keys, publish, log } = invocation;
  if (databases === null) return "at_once";
  try {
    await forgetShardState({ databases, keys }, [consumer.group], publish.shards);
    if (resumes) await signalDeferred({ databases, keys }, [consumer.group], publish.shards);
    return "at_once";
  } catch {
    log.warn({ subscriber: consumer.subscriber }, "Redis could not be told of a pause or its end.");
    return "within_a_minute";
  }
}
