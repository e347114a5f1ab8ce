import { sql } from "drizzle-orm";
import { raiseAlert, resolveAlert } from "../alerts/alerts.ts";
import { failedWorkSql, watchWork } from "../alerts/failing-work.ts";
import { describeError, errorClass } from "../consume/dead-letters.ts";
import { signalQueue } from "../consume/queue-signal.ts";
import type { Invocation } from "../invocation.ts";
import { markJobsRunning } from "../operations/jobs/job-store.ts";
import { runJobs } from "../operations/jobs/jobs.ts";
import { layoutProblem } from "../operations/reshard.ts";
import { restoreTrimmedByOthers } from "../relay/trimmed-by-others.ts";
import { trimIfLong } from "../retention/trim.ts";
import { type Gate, openGate, type Place, silentMs } from "./gate.ts";
import {
  createEffort,
  drainAll,
  drainSome,
  drainSubscribers,
  type Effort,
  relayShards,
  runTurns,
  whoWants,
} from "./pump.ts";
import { dueJobs, runScheduledJobs } from "./scheduled-jobs.ts";

/**
 * What cron does, every minute: relay what a lost trigger left behind, go on with jobs, drain who has something to do.
 *
 * The database is looked at only when there is work, while events flowed lately, or when the last look is
 * `relaySweepMs` ago: a database that sleeps when idle is not woken every minute.
 */
export async function cronTick(
  invocation: Invocation,
  deadlineMs: number,
  handOn: () => void = () => undefined,
): Promise<void> {
  if (invocation.redis === null) return;
  const gate = await tryGate(invocation);
  // Redis does not answer. It may come back while this invocation lasts, so the drains try as long as they may.
  if (gate === null) return drainAll(invocation, deadlineMs, null, handOn);
  const effort = createEffort(invocation, deadlineMs);
  const sent = new Set<string>();
  if (gate.sweep) await sweep(effort, gate, sent, handOn);
  for (const [shard, length] of gate.lengths.entries()) {
    await logged(invocation, "Trimming", () =>
      watchWork(
        invocation,
        "janitor:trim",
        () => trimIfLong(invocation, shard, length, deadlineMs),
        (report) => report !== null && gate.failing.has("janitor:trim"),
      ),
    );
  }
  await Promise.all([
    drainSome(effort, distinct([...gate.places, ...whoWants(invocation, sent)])),
    runScheduledJobs(effort, gate.sweep ? null : dueJobs(gate.due)),
  ]);
  if (gate.jobs || gate.sweep) await runJobTurns(effort, gate.failing);
  if (effort.leftOver && effort.progress) handOn();
}

/** Does what redrives, replays and backfills have to do now, and drains whom they queued something for. */
export async function runAllJobs(
  invocation: Invocation,
  deadlineMs: number,
  handOn: () => void = () => undefined,
): Promise<void> {
  const effort = createEffort(invocation, deadlineMs);
  await runJobTurns(effort);
  if (effort.leftOver && effort.progress) handOn();
}

/** @param failing what failed the last time, as far as it is known */
async function runJobTurns(effort: Effort, failing: ReadonlySet<string> = new Set()): Promise<void> {
  const { invocation, deadlineMs } = effort;
  const drainNow = (subscribers: readonly string[]) => drainSubscribers(effort, subscribers);
  await runTurns(effort, "The jobs", 0, async () => {
    const { more, nextAtMs } = await watchWork(
      invocation,
      "operators_jobs",
      () => runJobs(invocation, deadlineMs, drainNow),
      () => failing.has("operators_jobs"),
    );
    effort.leftOver ||= more;
    return more ? null : nextAtMs;
  });
}

function distinct(places: readonly Place[]): Place[] {
  return [...new Map(places.map((place) => [`${place.consumer.group}:${place.shard}`, place])).values()];
}

/**
 * Looks at Postgres for what Redis may not know of.
 *
 * @param sent gets the types of what was relayed
 */
async function sweep(
  effort: Effort,
  { silentForMs, failing }: Gate,
  sent: Set<string>,
  handOn: () => void,
): Promise<void> {
  const { invocation } = effort;
  const looked = await logged(invocation, "The look at what is queued", async () => {
    await remind(invocation);
    await tellOfSilence(invocation, silentForMs);
    await tellOfLayout(invocation);
    return true;
  });
  for (let shard = 0; shard < invocation.publish.shards; shard += 1) {
    const { redis } = invocation;
    if (redis === null) break;
    await logged(invocation, "The look for what others trimmed", () =>
      watchWork(
        invocation,
        `cut:${shard}`,
        () => restoreTrimmedByOthers({ ...invocation, redis, settings: invocation.relay }, shard),
        () => failing.has(`cut:${shard}`),
      ),
    );
  }
  const noteSent = (types: ReadonlySet<string> | null) => {
    if (types === null) handOn();
    for (const type of types ?? []) sent.add(type);
  };
  await relayShards(effort, noteSent, true);
  if (looked && !effort.failed) return;
  // It did not come to its end, so the next tick looks again and does not wait for the hour.
  const { redis, keys } = invocation;
  await logged(invocation, "The sweep", async () => redis?.command(["DEL", keys.relaySwept()]));
}

/** Sets the flags again that a Redis that lost its data no longer has. */
async function remind(invocation: Invocation): Promise<void> {
  const { db, redis, keys, consumers, publish } = invocation;
  if (redis === null) return;
  const [queues, jobs, failed] = await db.batch([
    sql`SELECT DISTINCT subscriber_name AS subscriber FROM deliveries`,
    sql`SELECT FROM jobs WHERE status = 'running' LIMIT 1`,
    failedWorkSql,
  ]);
  const groups = ((queues ?? []) as { subscriber: string }[]).flatMap(
    ({ subscriber }) => consumers.get(subscriber)?.group ?? [],
  );
  if (groups.length > 0) await signalQueue({ redis, keys }, groups, publish.shards);
  if ((jobs ?? []).length > 0) await markJobsRunning(invocation);
  const failing = ((failed ?? []) as { work: string }[]).flatMap(({ work }) => [work, "1"]);
  if (failing.length > 0) await redis.command(["HSET", keys.failing(), ...failing]);
}

/** Cron can go silent without a word; the first tick after a gap says so, and the next look takes it back. */
async function tellOfSilence(invocation: Invocation, silentForMs: number | null): Promise<void> {
  if (silentForMs === null || silentForMs <= silentMs) {
    await resolveAlert(invocation, "missing_tick", "cron");
    return;
  }
  await raiseAlert(invocation, {
    kind: "missing_tick",
    subject: "cron",
    severity: "critical",
    message: `Cron did not come for ${Math.round(silentForMs / 1_000)} s; expected every minute. What came meanwhile was handled by the wakes alone. Look at the triggers of the consumer worker.`,
  });
}

async function tellOfLayout(invocation: Invocation): Promise<void> {
  const problem = await layoutProblem(invocation.db, invocation.publish.shards);
  const alert = { kind: "reshard_waits", subject: "shards", severity: "critical" } as const;
  if (problem === null) await resolveAlert(invocation, alert.kind, alert.subject);
  else await raiseAlert(invocation, { ...alert, message: problem });
}

/** Systems of this isolate whose last tick found Redis away: events may wait that nobody could tell of. */
const isolateMissed = new Set<string>();

async function tryGate(invocation: Invocation): Promise<Gate | null> {
  const gate = await logged(invocation, "The look at what has work", () => openGate(invocation));
  const missed = isolateMissed.delete(invocation.scope);
  if (gate === null) isolateMissed.add(invocation.scope);
  return gate === null || !missed ? gate : { ...gate, sweep: true };
}

/** Null when it failed, which is logged: the other work goes on. */
async function logged<T>({ log }: Invocation, what: string, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    log.error({ error_class: errorClass(error) }, `${what} failed: ${describeError(error)}`);
    return null;
  }
}
