import { watchWork } from "../alerts/failing-work.ts";
import type { StreamInvocation } from "../invocation.ts";
import { trimIfLong } from "../retention/trim.ts";
import { runBulkTurns } from "./bulk-turns.ts";
import { distinct, whoWants } from "./consumer-shards.ts";
import { beginDispatch, endDispatch } from "./dispatch.ts";
import { drainAll, drainSome } from "./drain-shards.ts";
import type { ShardNews } from "./news.ts";
import { dueJobs, runScheduledJobs } from "./scheduled-jobs.ts";
import { logged, sweep } from "./sweep.ts";
import { readWorkload, type Workload } from "./workload.ts";

/* The tick of cron, once a minute: the safety net below all triggers. */

/**
 * What cron does, every minute: relay what a lost trigger left behind, go on with bulk operations, drain who has
 * something to do.
 *
 * The database is looked at only when there is work, while events flowed lately, or when the last look is
 * `relaySweepMs` ago: a database that sleeps when idle is not woken every minute.
 */
export async function cronTick(
  invocation: StreamInvocation,
  deadlineMs: number,
  handOn: () => void = () => undefined,
): Promise<void> {
  const workload = await tryReadWorkload(invocation);
  // Redis does not answer. It may come back while this invocation lasts, so the drains try as long as they may.
  if (workload === null) return drainAll(invocation, deadlineMs, null, handOn);
  const dispatch = beginDispatch(invocation, deadlineMs);
  const sent: ShardNews[] = [];
  if (workload.sweep) await sweep(dispatch, workload, sent, handOn);
  for (const [shard, length] of workload.lengths.entries()) {
    await logged(invocation, "Trimming", () =>
      watchWork(
        invocation,
        "janitor:trim",
        () => trimIfLong(invocation, shard, length, deadlineMs),
        (report) => report !== null && workload.failing.has("janitor:trim"),
      ),
    );
  }
  await Promise.all([
    drainSome(dispatch, distinct([...workload.consumerShards, ...whoWants(invocation, sent)])),
    runScheduledJobs(dispatch, workload.sweep ? null : dueJobs(workload.due)),
  ]);
  if (workload.bulk || workload.sweep) await runBulkTurns(dispatch, workload.failing);
  endDispatch(dispatch, handOn);
}

/** Systems of this isolate whose last tick found Redis away: events may wait that nobody could tell of. */
const isolateMissed = new Set<string>();

async function tryReadWorkload(invocation: StreamInvocation): Promise<Workload | null> {
  const workload = await logged(invocation, "The look at what has work", () => readWorkload(invocation));
  const missed = isolateMissed.delete(invocation.scope);
  if (workload === null) isolateMissed.add(invocation.scope);
  return workload === null || !missed ? workload : { ...workload, sweep: true };
}
