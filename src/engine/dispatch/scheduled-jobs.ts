import { noteFailure, noteSuccess } from "../alerts/failing-work.ts";
import { describeError, errorClass } from "../consume/dead-letters.ts";
import type { JobContext, ScheduledJob } from "../consume/define/define-job.ts";
import type { Invocation } from "../invocation.ts";
import { markActivity } from "../publish/activity.ts";
import type { JobOrigin } from "../publish/origin.ts";
import { transactAndPublish } from "../publish/publish.ts";
import type { Command } from "../stream/redis.ts";
import { beginDispatch, canDeliver, type Dispatch, endDispatch, hasBudget } from "./dispatch.ts";
import { relayAndDrain } from "./drain-shards.ts";
import { runTurns } from "./turns.ts";

/*
 * Jobs that time starts. Redis knows when each is due next, so that cron asks for it with the command that it sends
 * anyway; what Redis forgot is found by the hourly sweep, which runs them all.
 */

/** A job that failed, or was killed, is tried again after this time, ms. */
const retryMs = 60_000;
/** Marks the retry beside the plan. */
const retrySuffix = "!";

/** Has a job run at a time, unless it is due earlier anyway. Never throws. */
export async function scheduleJob(
  { redis, keys, log }: Pick<Invocation, "redis" | "keys" | "log">,
  name: string,
  at: Date,
): Promise<void> {
  if (redis === null) return;
  try {
    await redis.command(["ZADD", keys.jobsDue(), "LT", String(at.getTime()), name]);
  } catch (error) {
    log.warn(
      { job: name, error_class: errorClass(error) },
      "A job could not be scheduled; it runs within the hour.",
    );
  }
}

/**
 * Runs jobs side by side, those of `names` or all, as often as they say until the time is used up; relays what they
 * publish, and drains who wants it. Unknown names are passed over: another release may know them.
 */
export async function runScheduledJobs(
  dispatch: Dispatch<Invocation>,
  names: readonly string[] | null,
): Promise<void> {
  const { scheduled } = dispatch.invocation;
  const chosen = [...scheduled.values()].filter((job) => names === null || names.includes(job.name));
  await Promise.all(chosen.map((job) => runJobTurns(dispatch, job)));
}

/** The same on its own, e.g. because a request has planned something that is due at once. */
export async function runJobsNow(
  invocation: Invocation,
  deadlineMs: number,
  names: readonly string[],
  handOn: () => void,
): Promise<void> {
  const dispatch = beginDispatch(invocation, deadlineMs);
  await runScheduledJobs(dispatch, names);
  endDispatch(dispatch, handOn);
}

async function runJobTurns(dispatch: Dispatch<Invocation>, job: ScheduledJob): Promise<void> {
  await runTurns(dispatch, { name: `The job ${job.name}`, extraMs: 0 }, async () => {
    const told = { published: false };
    const nextAt = await runJob(dispatch.invocation, job, jobContext(dispatch, job.name, told));
    if (told.published && canDeliver(dispatch)) await relayAndDrain(dispatch);
    return nextAt === null ? null : nextAt.getTime();
  });
}

/**
 * Runs the jobs that want to hear of events that were sent. What fails is logged: cron runs them all the same.
 */
export async function runJobsOnNews(
  invocation: Invocation,
  deadlineMs: number,
  handOn: () => void,
): Promise<void> {
  const { scheduled, db, now, log } = invocation;
  const asked = [...scheduled.values()].map(async ({ name, wantsNews }) => {
    try {
      return (await wantsNews?.({ db, now: () => new Date(now()) })) === true ? [name] : [];
    } catch (error) {
      log.warn(
        { job: name, error_class: errorClass(error) },
        "A job could not be asked whether it wants news.",
      );
      return [];
    }
  });
  const names = (await Promise.all(asked)).flat();
  if (names.length > 0) await runJobsNow(invocation, deadlineMs, names, handOn);
}

/**
 * The plan is taken before the run, so that a time that is planned meanwhile is kept; a run that is killed leaves its
 * retry.
 */
async function runJob(invocation: Invocation, job: ScheduledJob, context: JobContext): Promise<Date | null> {
  const { redis, keys, log, now } = invocation;
  const retry = `${job.name}${retrySuffix}`;
  const work = `job:${job.name}` as const;
  const note = async (commands: readonly Command[]): Promise<readonly unknown[]> => {
    try {
      return (await redis?.pipeline(commands)) ?? [];
    } catch (error) {
      log.warn(
        { job: job.name, error_class: errorClass(error) },
        "The next run of a job could not be noted.",
      );
      return [];
    }
  };
  const [failedBefore] = await note([
    ["HGET", keys.failing(), work],
    ["ZREM", keys.jobsDue(), job.name],
    ["ZADD", keys.jobsDue(), String(now() + retryMs), retry],
  ]);
  try {
    const nextAt = await job.run(context);
    const next: Command[] =
      nextAt === null ? [] : [["ZADD", keys.jobsDue(), "LT", String(nextAt.getTime()), job.name]];
    await note([...next, ["ZREM", keys.jobsDue(), retry]]);
    if (typeof failedBefore === "string") await noteSuccess(invocation, work);
    return nextAt;
  } catch (error) {
    log.error(
      { job: job.name, error_class: errorClass(error) },
      `The job ${job.name} failed: ${describeError(error)}`,
    );
    await noteFailure(invocation, work, error);
    return null;
  }
}

/** Jobs whose time has come, as the sorted set names them. */
export function dueJobs(members: readonly string[]): string[] {
  return [...new Set(members.map((member) => member.replace(/!$/, "")))];
}

/**
 * Only what is published is activity: a tick that sees some runs all jobs, so a transaction without events would keep the
 * system busy by itself, and its database awake for ever.
 *
 * @param told learns whether events were committed
 */
function jobContext(dispatch: Dispatch<Invocation>, name: string, told: { published: boolean }): JobContext {
  const { invocation } = dispatch;
  const at = new Date(invocation.now()).toISOString();
  const origin: JobOrigin = { id: crypto.randomUUID(), type: "job", at, name };
  return {
    db: invocation.db,
    log: invocation.log,
    catalog: invocation.catalog,
    now: () => new Date(invocation.now()),
    isOver: () => !hasBudget(dispatch),
    reveal: async (events) => invocation.publish.personal?.reveal(events) ?? events,
    async transact(context, run) {
      let publishes = false;
      const runAndMark: typeof run = (tx, publish) =>
        run(tx, (...event) => {
          // At once, in the background: when this isolate dies behind the COMMIT, cron looks for them.
          if (!publishes) void markActivity(invocation);
          publishes = true;
          return publish(...event);
        });
      const result = await transactAndPublish(
        invocation.db,
        invocation.publish,
        { origin, ...context },
        runAndMark,
      );
      dispatch.progress = true;
      told.published ||= publishes;
      return result;
    },
  };
}
