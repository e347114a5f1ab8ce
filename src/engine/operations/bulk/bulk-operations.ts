import { sql } from "drizzle-orm";
import { describeError, errorClass } from "../../consume/dead-letters.ts";
import { deferring, forgetShardState } from "../../consume/lease/deferred-signal.ts";
import type { Clock } from "../../core/clock.ts";
import type { Tx } from "../../db/database.ts";
import type { Invocation, StreamInvocation } from "../../invocation.ts";
import { groupOf } from "../../stream/group.ts";
import { nextStepSize, pauseBehind, stepLimit, stopReason } from "./bulk-steps.ts";
import { markBulkOperationsRunning } from "./bulk-store.ts";
import type { BulkKind } from "./bulk-view.ts";
import { deferLetters, releaseLetters } from "./redrive-step.ts";
import {
  claimsGoneReason,
  deferEvents,
  type ReplayFilter,
  type ReplayMode,
  type RunningReplay,
} from "./replay-step.ts";

/*
 * Bulk operations: redrives, replays, backfills; the HTTP API and the database call them jobs. One is a row of `jobs`;
 * whoever has time does its next step in one transaction, and the drains of the consumers execute what the step
 * deferred. Nothing of it is in memory, so it survives every isolate.
 *
 * running → completed (nothing left) | stopped (too many failures) | paused → running | cancelled
 */

/** How a run of the bulk operations ended. */
export interface BulkRun {
  /** Work is left that could be done now; hand it on to another invocation. */
  readonly more: boolean;
  /** When the next step is due, Unix ms; null when none waits for a time. */
  readonly nextAtMs: number | null;
  /** What the last step of one failed with; left out: the last step of each succeeded, or none was tried. */
  readonly failure?: unknown;
}

/** Handles what is deferred for these subscribers, as far as it is due. Must not throw. */
export type DrainNow = (subscribers: readonly string[]) => Promise<void>;

/** Calls that a step and its drain need at most. */
const callsToFinish = 20;
/** Bulk operations looked at in one round. */
const operationsAtOnce = 20;

interface Running {
  readonly id: string;
  readonly kind: BulkKind;
  readonly subscriber: string | null;
  /** Until the next step is due, ms; 0 or less: it is. */
  readonly due_in_ms: number;
  /** A delivery of the last step has not come to an end. */
  readonly in_flight: boolean;
  readonly moved: string;
}

/**
 * Does what bulk operations have to do until nothing of it is due before the deadline: step, drain, look, next step. Any
 * number of runners may do so at once. Errors of one are logged; the next run tries again.
 *
 * @param deadlineMs Unix time, ms, after which nothing new is begun
 * @throws {TransientError} Redis or Postgres is not reachable
 */
export async function runBulkOperations(
  invocation: StreamInvocation,
  deadlineMs: number,
  drainNow: DrainNow,
): Promise<BulkRun> {
  const failures: Failures = new Map();
  const run = await stepUntilNothingMoves(invocation, deadlineMs, drainNow, failures);
  const [first] = failures.values();
  return first === undefined ? run : { ...run, failure: first.error };
}

/** By id those whose last step failed, and with what. */
type Failures = Map<string, { readonly error: unknown }>;

async function stepUntilNothingMoves(
  invocation: StreamInvocation,
  deadlineMs: number,
  drainNow: DrainNow,
  failures: Failures,
): Promise<BulkRun> {
  const { redis, keys, now, meter } = invocation;
  const mayGoOn = () => now() < deadlineMs && !meter.isNear(callsToFinish);
  let seen: string | null = null;
  let hasMoved = false;
  /** Those whose step was tried since something moved last. */
  let tried: ReadonlySet<string> = new Set();
  for (;;) {
    const running = await listRunning(invocation);
    if (running.length === 0) {
      await redis.command(["DEL", keys.bulkRunning()]);
      // One whose flag was set between our look and the DEL is seen now; one that commits later sets it again itself.
      if ((await listRunning(invocation)).length === 0) return { more: false, nextAtMs: null };
      await markBulkOperationsRunning(invocation);
      continue;
    }
    const state = running.map((operation) => `${operation.id}:${operation.moved}`).join();
    hasMoved ||= seen !== null && state !== seen;
    const nextAtMs = nextStepAt(running, now());
    if (!mayGoOn()) {
      await markBulkOperationsRunning(invocation);
      return { more: hasMoved && (nextAtMs === null || nextAtMs <= now()), nextAtMs };
    }
    if (state === seen) {
      // Nothing moved because the time of a step came only after it was looked at.
      if (running.some((operation) => isStepDue(operation) && !tried.has(operation.id))) {
        seen = null;
        continue;
      }
      // Nothing moved: the events of the last step wait, or the step failed. A later run looks again.
      if (nextAtMs === null || nextAtMs >= deadlineMs || nextAtMs <= now()) {
        await markBulkOperationsRunning(invocation);
        return { more: false, nextAtMs: nextAtMs === null || nextAtMs <= now() ? null : nextAtMs };
      }
      await sleepUntil(nextAtMs, now);
      seen = null;
      continue;
    }
    seen = state;
    const stepped = await stepAll(invocation, running, mayGoOn, failures);
    tried = stepped.tried;
    if (stepped.concerned.size > 0) await drainNow([...stepped.concerned]);
  }
}

/** One step of each that is due. @returns whose step was tried, and which subscribers have something to do */
async function stepAll(
  invocation: StreamInvocation,
  running: readonly Running[],
  mayGoOn: () => boolean,
  failures: Failures,
): Promise<{ readonly tried: ReadonlySet<string>; readonly concerned: ReadonlySet<string> }> {
  const tried = new Set<string>();
  const concerned = new Set<string>();
  for (const operation of running) {
    if (!mayGoOn()) break;
    const isDue = isStepDue(operation);
    if (isDue) tried.add(operation.id);
    const handedOver = isDue ? await tryStep(invocation, operation, failures) : 0;
    const mayBeOver = operation.kind === "backfill" && handedOver === 0;
    if (operation.in_flight || handedOver > 0 || mayBeOver)
      for (const name of subscribersOf(invocation, operation)) concerned.add(name);
  }
  return { tried, concerned };
}

function isStepDue({ in_flight, due_in_ms }: Running): boolean {
  return !in_flight && due_in_ms <= 0;
}

/** Those whose deliveries wait come last: they may wait for long, and nothing can be done for them here. */
async function listRunning({ db }: Invocation): Promise<Running[]> {
  return db.rows<Running>(sql`
    SELECT j.id::text AS id, j.kind, j.subscriber_name AS subscriber,
      ceil(extract(epoch FROM j.next_step_at - now()) * 1000)::float8 AS due_in_ms,
      EXISTS (SELECT FROM deliveries d WHERE d.job_id = j.id) AS in_flight,
      concat_ws('/', j.queued, j.succeeded, j.failed, j.skipped, j.cursor_position) AS moved
    FROM jobs j WHERE j.status = 'running' ORDER BY in_flight, j.next_step_at LIMIT ${operationsAtOnce}`);
}

/** The earliest step that waits for its time alone; null when there is none. */
function nextStepAt(running: readonly Running[], nowMs: number): number | null {
  const waits = running
    .filter((operation) => !operation.in_flight)
    .map((operation) => nowMs + operation.due_in_ms);
  return waits.length === 0 ? null : Math.min(...waits);
}

function subscribersOf(
  { consumers }: Invocation,
  { subscriber }: Pick<Running, "subscriber">,
): readonly string[] {
  return subscriber === null ? [...consumers.keys()] : [subscriber];
}

/** Also of a consumer that only a release beside this one has: its drains there must learn of what is deferred here. */
function groupsOf(invocation: Invocation, operation: Pick<Running, "subscriber">): readonly string[] {
  return subscribersOf(invocation, operation).map(groupOf);
}

/** Longest sleep at once, ms: another runner, or an operator, may have changed the plan. */
const longestSleepMs = 2_000;

async function sleepUntil(atMs: number, now: Clock): Promise<void> {
  const ms = Math.min(longestSleepMs, Math.max(1, atMs - now()));
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** @returns deliveries deferred */
async function tryStep(
  invocation: StreamInvocation,
  operation: Running,
  failures: Failures,
): Promise<number> {
  try {
    const handedOver = await stepBulkOperation(invocation, operation);
    if (handedOver === 0 && operation.kind === "backfill") await letLive(invocation, operation);
    failures.delete(operation.id);
    return handedOver;
  } catch (error) {
    failures.set(operation.id, { error });
    invocation.log.error(
      { job_id: operation.id, kind: operation.kind, error_class: errorClass(error) },
      `A step failed: ${describeError(error)}`,
    );
    return 0;
  }
}

/** A backfill that is over no longer holds the stream back; its consumer learns of it with its next drain. */
async function letLive(invocation: StreamInvocation, operation: Running): Promise<void> {
  await forgetShardState(invocation, groupsOf(invocation, operation), invocation.publish.shards);
}

/** Before the next look at what a forced replay waits for, ms. */
const untilSentAgainMs = 2_000;

/** An operation's row as a step reads it, under a lock. */
interface StepRow {
  readonly kind: BulkKind;
  readonly subscriber: string | null;
  /** JSON text. */
  readonly filter: string;
  readonly mode: ReplayMode | null;
  readonly replay_epoch: number;
  readonly until_position: string | null;
  readonly cursor: string;
  readonly succeeded: number;
  readonly failed: number;
  readonly step_succeeded: number;
  readonly step_failed: number;
  readonly rate_per_second: number | null;
  readonly step: number;
  readonly max_step: number;
  readonly stop_ratio: number | null;
}

/**
 * One step of one bulk operation, in one transaction that holds its row: of two runners, the second finds the step done.
 *
 * @returns deliveries deferred
 * @throws {TransientError} nothing happened
 */
export async function stepBulkOperation(
  invocation: StreamInvocation,
  operation: { readonly id: string; readonly subscriber: string | null },
): Promise<number> {
  const groups = groupsOf(invocation, operation);
  return deferring(invocation, groups, invocation.publish.shards, () =>
    invocation.db.transaction((tx) => stepInTransaction(invocation, tx, operation.id)),
  );
}

async function stepInTransaction(invocation: Invocation, tx: Tx, id: string): Promise<number> {
  const { keys, log, retention } = invocation;
  const row = await lockDue(tx, id);
  // Looked at only now that the row is ours: what another runner deferred is visible.
  if (row === null || (await hasDeliveries(tx, id))) return 0;
  const replay = row.kind === "redrive" ? null : replayOf(id, row);
  const reason =
    stopReason({
      succeeded: row.succeeded,
      failed: row.failed,
      stepSucceeded: row.step_succeeded,
      stepFailed: row.step_failed,
      stopRatio: row.stop_ratio,
    }) ?? (replay === null ? null : await claimsGoneReason(tx, replay, retention.dedupDays));
  if (reason !== null) {
    await finish(tx, id, "stopped", reason);
    if (replay === null) await releaseLetters(tx, id);
    log.error({ job_id: id, kind: row.kind }, `The bulk operation was stopped: ${reason}`);
    return 0;
  }
  const wentOn = row.succeeded + row.failed > row.step_succeeded + row.step_failed;
  const step = wentOn ? nextStepSize(row.step, row.max_step) : row.step;
  const limit = stepLimit(step, row.rate_per_second);
  const handedOver =
    replay === null ? await deferLetters(tx, id, limit) : await deferEvents(tx, keys, replay, limit);
  const pauseMs =
    handedOver.inserted + handedOver.passed === 0
      ? untilSentAgainMs
      : pauseBehind(handedOver.inserted, row.rate_per_second);
  if (handedOver.cursor === null) {
    await finish(tx, id, "completed", null);
    return 0;
  }
  await tx.execute(sql`
    UPDATE jobs SET queued = queued + ${handedOver.inserted}::integer, skipped = skipped + ${handedOver.passed}::integer,
      cursor_position = greatest(cursor_position, ${handedOver.cursor}::bigint), step = ${step}::integer,
      step_succeeded = succeeded, step_failed = failed, updated_at = clock_timestamp(),
      next_step_at = clock_timestamp()
        + ${pauseMs}::float8 * interval '1 millisecond'
    WHERE id = ${id}::bigint`);
  return handedOver.inserted;
}

function replayOf(id: string, row: StepRow): RunningReplay {
  return {
    id,
    subscriber: row.subscriber ?? "",
    mode: row.mode ?? "only_missing",
    filter: JSON.parse(row.filter) as ReplayFilter,
    replayGeneration: row.replay_epoch,
    cursor: row.cursor,
    untilPosition: row.until_position ?? "0",
  };
}

async function lockDue(tx: Tx, id: string): Promise<StepRow | null> {
  const { rows } = await tx.execute<StepRow & Record<string, unknown>>(sql`
    SELECT kind, subscriber_name AS subscriber, filter::text AS filter, mode, replay_epoch,
      until_position::text AS until_position, cursor_position::text AS cursor, succeeded, failed, step_succeeded,
      step_failed, rate_per_second::float8 AS rate_per_second, step, max_step,
      round(stop_ratio::numeric, 4)::float8 AS stop_ratio
    FROM jobs WHERE id = ${id}::bigint AND status = 'running' AND next_step_at <= clock_timestamp() FOR UPDATE`);
  return rows[0] ?? null;
}

async function hasDeliveries(tx: Tx, id: string): Promise<boolean> {
  const { rows } = await tx.execute(
    sql`SELECT 1 AS one FROM deliveries WHERE job_id = ${id}::bigint LIMIT 1`,
  );
  return rows.length > 0;
}

async function finish(
  tx: Tx,
  id: string,
  status: "stopped" | "completed",
  reason: string | null,
): Promise<void> {
  await tx.execute(sql`
    UPDATE jobs SET status = ${status}, status_reason = ${reason}, finished_at = now(), updated_at = now()
    WHERE id = ${id}::bigint`);
}
