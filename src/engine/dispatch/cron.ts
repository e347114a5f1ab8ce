import { jobsThatTell, raiseAlert, resolveAlert } from "../alerts/alerts.ts";
import { lagWatch } from "../alerts/engine-watches.ts";
import { noteDrains } from "../alerts/failing-drains.ts";
import { noteFailure, noteSuccess, watchWork } from "../alerts/failing-work.ts";
import { type Found, lookAtWatches } from "../alerts/watch.ts";
import { shiftedClock, systemClock } from "../core/clock.ts";
import { TransientError } from "../core/errors.ts";
import type { AlertWatch } from "../db/alert-watch.ts";
import type { StreamInvocation } from "../invocation.ts";
import { trimIfLong } from "../retention/trim.ts";
import { RedisReplyError } from "../stream/redis.ts";
import { runBulkTurns } from "./bulk-turns.ts";
import { distinct, whoWants } from "./consumer-shards.ts";
import { beginDispatch, callsToFinish as callsToTell, type Dispatch, endDispatch } from "./dispatch.ts";
import { drainAll, drainSome } from "./drain-shards.ts";
import { noteMissed, takeMissed } from "./missed.ts";
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
  const { shiftMs } = workload;
  if (shiftMs !== 0)
    invocation.log.warn({ shift_ms: shiftMs }, "The clock of this worker is wrong; that of Redis holds.");
  const now = shiftedClock(invocation.now, shiftMs);
  await doTick({ ...invocation, now }, workload, deadlineMs + shiftMs, handOn);
}

async function doTick(
  invocation: StreamInvocation,
  workload: Workload,
  deadlineMs: number,
  handOn: () => void,
): Promise<void> {
  const dispatch = beginDispatch(invocation, deadlineMs);
  const sent: ShardNews[] = [];
  const swept = workload.sweep ? await sweep(dispatch, workload, sent, handOn) : nothing;
  const mark = workload.watchMark;
  const isChanged =
    (workload.sweep || mark !== null || seemsLate(invocation, workload)) &&
    (await logged(invocation, "The look at what is watched", () =>
      lookAtWatches(invocation, seenBefore(workload, swept), mark, lagOf(invocation, workload)),
    )) === true;
  for (const [shard, length] of workload.lengths.entries()) {
    if (length === null) continue;
    await logged(invocation, "Trimming", () =>
      watchWork(
        invocation,
        "janitor:trim",
        () => trimIfLong(invocation, shard, length, deadlineMs),
        (report) => report !== null && workload.failing.has("janitor:trim"),
      ),
    );
  }
  const drained = distinct([...workload.consumerShards, ...whoWants(invocation, sent)]);
  await Promise.all([
    drainSome(dispatch, drained),
    runScheduledJobs(
      dispatch,
      workload.sweep ? null : [...dueJobs(workload.due), ...(isChanged ? jobsThatTell(invocation) : [])],
    ),
  ]);
  if (workload.bulk || workload.sweep || workload.failing.has("operators_jobs"))
    await runBulkTurns(dispatch, workload.failing);
  await noteDrains(invocation, dispatch.drained, {
    failing: workload.failing,
    waiting: new Set(drained.map(({ consumer, shard }) => `${consumer.subscriber}:${shard}`)),
    away: workload.away,
  });
  await logged(invocation, "The note on calls", () => tellOfCalls(dispatch, workload));
  endDispatch(dispatch, handOn);
}

const nothing: Found = { kinds: [], alerts: [] };

/** What Redis told at the beginning, and the sweep. */
function seenBefore({ slow }: Workload, swept: Found): Found {
  const kinds = [...(slow === null ? [] : (["critical_time"] as const)), ...swept.kinds] as const;
  return { kinds, alerts: [...(slow ?? []), ...swept.alerts] };
}

/** Whether it is worth to ask Postgres, which says how old what waits is. */
function seemsLate({ alerts }: StreamInvocation, { oldest }: Workload): boolean {
  return oldest.some(({ ageMs }) => ageMs >= alerts.lagSeconds * 1_000);
}

function lagOf({ alerts, now }: StreamInvocation, { oldest, away, shiftMs }: Workload): AlertWatch {
  // That of a tick whose worker's clock is wrong is shifted, and none that was handed in.
  const watch = lagWatch(oldest, alerts, now === systemClock || shiftMs !== 0);
  // While nobody can tell of some shards, what is open stays open.
  return away.size > 0 ? { ...watch, kinds: [] } : watch;
}

/** In the hash of failing work: the last tick used up its calls. */
const callsMark = "calls";

/** A tick that uses up what the host allows does less than there is, each time. */
async function tellOfCalls({ invocation, leftOver }: Dispatch, { failing }: Workload): Promise<void> {
  const { redis, keys, meter } = invocation;
  const isUsedUp = leftOver && meter.isNear(callsToTell);
  if (!isUsedUp && !failing.has(callsMark)) return;
  const alert = { kind: "call_budget", subject: "cron" } as const;
  if (!isUsedUp) {
    await resolveAlert(invocation, alert.kind, alert.subject);
    await redis.command(["HDEL", keys.failing(), callsMark]);
    return;
  }
  await redis.command(["HSET", keys.failing(), callsMark, "1"]);
  await raiseAlert(invocation, {
    ...alert,
    severity: "warning",
    message: `A tick of cron used ${meter.used} of the ${meter.limit} calls that BRAIN_SUBREQUEST_LIMIT allows it, and what is left waits for another one. When that goes on, raise the limit with the plan of the host, or have fewer consumers.`,
  });
}

/**
 * That Redis does not answer is seen by health, and no reason to wake a database; that it refuses, as one that is full
 * does, is seen by nobody else: it answers a PING.
 */
async function lookForWork(invocation: StreamInvocation): Promise<Workload> {
  try {
    const workload = await readWorkload(invocation);
    if (workload.failing.has("tick")) await noteSuccess(invocation, "tick");
    return workload;
  } catch (error) {
    const refusal = error instanceof TransientError ? error.cause : error;
    if (refusal instanceof RedisReplyError) await noteFailure(invocation, "tick", error);
    throw error;
  }
}

async function tryReadWorkload(invocation: StreamInvocation): Promise<Workload | null> {
  const workload = await logged(invocation, "The look at what has work", () => lookForWork(invocation));
  const missed = takeMissed(invocation.scope);
  if (workload === null || workload.away.size > 0) noteMissed(invocation.scope);
  return workload === null || !missed ? workload : { ...workload, sweep: true };
}
