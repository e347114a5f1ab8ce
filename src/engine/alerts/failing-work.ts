import { sql } from "drizzle-orm";
import { BrainError } from "../core/errors.ts";
import { withTimeLimit } from "../core/promises/time-limit.ts";
import { maxFailureLength } from "../core/retry.ts";
import type { Invocation } from "../invocation.ts";
import { RedisReplyError } from "../stream/redis.ts";
import { alertsInTransaction, raiseAlert, tellOver } from "./alerts.ts";

/*
 * Work that fails at every try is nobody's secret. Each failure is counted in Postgres, where every isolate sees it; the
 * first success behind one takes it back. Three in a row, or a minute of nothing else, is an alert, and the health of the
 * system when events cannot move or losses cannot be found.
 *
 * Nothing of this costs a round trip while all goes well. Whether a success has something to take back is known by a
 * look that happens anyway: the relay's statement that takes its lease; for all else a hash in Redis (`keys.failing()`)
 * that goes along with other commands.
 *
 *   fine ──failure──▶ counted ──third failure, or one a minute after the first──▶ alarming
 *     ▲                   │                                                           │
 *     └──────success──────┴───────────────────────────success─────────────────────────┘
 */

/**
 * What may fail: `relay:{shard}`, `tick`, `comparison`, `cut:{shard}`, `janitor:{part}`, `operators_jobs`, `job:{name}`.
 * Beside these stand `drain:{subscriber}:{shard}`, see `failing-drains.ts`.
 */
export type Work =
  | `relay:${number}`
  | "tick"
  | `cut:${number}`
  | "comparison"
  | `janitor:${"trim" | "purge" | "seal" | "archive"}`
  | "operators_jobs"
  | `job:${string}`;

/** Failing work, as health and doctor show it. */
export interface FailingWork {
  readonly work: string;
  readonly failures: number;
  /** ISO 8601: the first failure behind the last success. */
  readonly since: string;
  /** One line, without anything that a stranger should not read. */
  readonly error: string;
}

/** The time that noting a failure may take, ms: Postgres may be what is away. */
export const noteMs = 3_000;

/** In front of the name of a drain. */
export const drainPrefix = "drain:";

/** Three in a row, or failures over a minute. */
const isAlarming = sql.raw("(failures >= 3 OR last_failed_at - first_failed_at >= interval '1 minute')");
const since = sql.raw(`to_char(first_failed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since`);

/** True for work without which events do not move, or losses stay unseen. */
export function isVital(work: string): boolean {
  return /^(relay:|drain:|tick$|comparison$)/.test(work);
}

/** What the work is, for people. */
function describeWork(work: string): string {
  const [kind = "", of = ""] = work.split(/:(.*)/s);
  switch (kind) {
    case "relay":
      return `The relay of shard ${of}`;
    case "cut":
      return `The look for what others trimmed on shard ${of}`;
    case "tick":
      return "The look of cron at what has work";
    case "comparison":
      return "The comparison of record and stream";
    case "janitor":
      return `The janitor's ${of}`;
    case "operators_jobs":
      return "The work on redrives and replays";
    case "job":
      return `The job ${of}`;
    default:
      return work;
  }
}

/** A sentence for health and alerts. */
export function describeFailing({ work, failures, since: from, error }: FailingWork): string {
  return `${describeWork(work)} has failed ${failures} times in a row since ${from}: ${error}`;
}

/** Drains that a sentence names. */
const namedDrains = 5;

/** Sentences for health and alerts, one for each error that drains fail with. */
export function describeDrains(rows: readonly FailingWork[]): string[] {
  return [...Map.groupBy(rows, ({ error }) => error)].map(([error, alike]) => {
    const names = alike.slice(0, namedDrains).map(({ work }) => {
      const [, subscriber, shard] = work.split(":");
      return `${subscriber} on shard ${shard}`;
    });
    const more = alike.length > namedDrains ? ` and ${alike.length - namedDrains} more` : "";
    const [first = ""] = alike.map(({ since: from }) => from).toSorted();
    return `The drain of ${names.join(", of ")}${more} has failed at every try since ${first}: ${error}`;
  });
}

/** The consumer of a drain; null for other work. */
export function drainedBy(work: string): string | null {
  return work.startsWith(drainPrefix) ? (work.split(":")[1] ?? null) : null;
}

/** Messages of our own errors name no values; of a refusal by Redis its words are told, of others only the class. */
function wordsOf(error: unknown): string {
  if (error instanceof BrainError) return error.message;
  if (error instanceof RedisReplyError) return `Redis refused: ${error.words}`;
  return error instanceof Error ? error.name : typeof error;
}

export function safeText(error: unknown): string {
  return wordsOf(error)
    .replaceAll(/\s+/g, " ")
    .replaceAll("\0", "")
    .slice(0, maxFailureLength)
    .toWellFormed();
}

/** Counts a failure, and raises the alert when it is one too many. Never throws. */
export async function noteFailure(invocation: Invocation, work: Work, error: unknown): Promise<void> {
  const { db, redis, keys, log } = invocation;
  try {
    await withTimeLimit(noteMs, "Noting a failure", async () => {
      const [row] = await db.rows<FailingWork & { alarming: boolean }>(sql`
        INSERT INTO failing_work AS f (work, error) VALUES (${work}, ${safeText(error)})
        ON CONFLICT (work) DO UPDATE SET failures = f.failures + 1, last_failed_at = now(), error = excluded.error
        RETURNING work, failures, error, ${since}, ${isAlarming} AS alarming`);
      if (row?.alarming === true) {
        await raiseAlert(invocation, {
          kind: "work_failing",
          subject: work,
          severity: "critical",
          message: `${describeFailing(row)} It is tried again all the time; the log has each failure.`,
        });
      }
      // Last, because Redis may be what is away. The relay learns it from Postgres.
      if (!work.startsWith("relay:")) await redis?.command(["HSET", keys.failing(), work, "1"]);
    });
  } catch {
    log.warn({ work }, "A failure could not be noted.");
  }
}

/** Takes back what was noted; for whoever has learned that something was. Never throws. */
export async function noteSuccess(invocation: Invocation, work: Work): Promise<void> {
  const { db, redis, keys, log } = invocation;
  try {
    // Both or none, and whatever they find: an earlier success may have ended between its steps.
    const [, ended = []] = await db.batch([
      sql`DELETE FROM failing_work WHERE work = ${work}`,
      alertsInTransaction.resolvingIf("work_failing", work),
    ]);
    if (ended.length > 0) await tellOver(invocation, "work_failing", work);
    await redis?.command(["HDEL", keys.failing(), work]);
  } catch {
    log.warn({ work }, "That work succeeds again could not be noted; the next success does it.");
  }
}

/**
 * Runs work and counts its failures.
 *
 * @param wasFailing of the result: true when it is a success behind a failure
 * @throws whatever the work throws
 */
export async function watchWork<T>(
  invocation: Invocation,
  work: Work,
  run: () => Promise<T>,
  wasFailing: (result: T) => boolean,
): Promise<T> {
  let result: T;
  try {
    result = await run();
  } catch (error) {
    await noteFailure(invocation, work, error);
    throw error;
  }
  if (wasFailing(result)) await noteSuccess(invocation, work);
  return result;
}

const alarmingSql = sql`SELECT work, failures, error, ${since} FROM failing_work WHERE ${isAlarming}`;

/** What fails at every try, in rows of `FailingWork`; of many drains not all. */
export const alarmingWorkSql = sql`${alarmingSql} ORDER BY starts_with(work, ${drainPrefix}), work LIMIT 100`;

/** Drains that fail at every try. */
export const alarmingDrainsSql = sql`${alarmingSql} AND starts_with(work, ${drainPrefix}) ORDER BY work LIMIT 100`;

/** Names of all work that has failed lately, for the hash that a Redis without its data no longer has. */
export const failedWorkSql = sql`SELECT work FROM failing_work`;
