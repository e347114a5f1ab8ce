import { describeError, errorClass } from "../consume/dead-letters.ts";
import type { JobContext, ScheduledJob } from "../consume/define-job.ts";
import { markActivity } from "../publish/activity.ts";
import { transactAndPublish } from "../publish/publish.ts";
import type { Invocation } from "./invocation.ts";
import { type Effort, hasBudget } from "./pump.ts";

/*
 * Jobs that time starts. Redis knows when each is due next, so that cron asks for it with the command that it sends
 * anyway; what Redis forgot is found by the hourly sweep, which runs them all.
 */

/** A job that failed is tried again after this time, ms. */
const retryMs = 60_000;

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
 * Runs jobs one after the other, those of `names` or all, and notes when each is due next.
 *
 * @returns true when one of them published something
 */
export async function runScheduledJobs(effort: Effort, names: readonly string[] | null): Promise<boolean> {
  const { invocation } = effort;
  const chosen = [...invocation.scheduled.values()].filter(
    (job) => names === null || names.includes(job.name),
  );
  let published = false;
  const context = jobContext(effort, () => {
    published = true;
  });
  for (const job of chosen) {
    if (!hasBudget(effort)) {
      effort.leftOver = true;
      break;
    }
    const nextAt = await runJob(invocation, job, context);
    effort.leftOver ||= nextAt !== null && nextAt.getTime() <= invocation.now();
  }
  return published;
}

async function runJob(invocation: Invocation, job: ScheduledJob, context: JobContext): Promise<Date | null> {
  const { redis, keys, log, now } = invocation;
  const startedAt = now();
  let nextAt: Date | null;
  try {
    nextAt = await job.run(context);
  } catch (error) {
    log.error(
      { job: job.name, error_class: errorClass(error) },
      `The job ${job.name} failed: ${describeError(error)}`,
    );
    nextAt = new Date(now() + retryMs);
  }
  try {
    // A time that was scheduled while the job ran stays; the one that started it goes.
    await redis?.eval(
      noteScript,
      [keys.jobsDue()],
      [job.name, String(startedAt), String(nextAt?.getTime() ?? "")],
    );
  } catch (error) {
    log.warn({ job: job.name, error_class: errorClass(error) }, "The next run of a job could not be noted.");
  }
  return nextAt;
}

const noteScript = `
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if due and tonumber(due) <= tonumber(ARGV[2]) then redis.call('ZREM', KEYS[1], ARGV[1]) end
if ARGV[3] ~= '' then redis.call('ZADD', KEYS[1], 'LT', ARGV[3], ARGV[1]) end
return 1`;

function jobContext(effort: Effort, onCommit: () => void): JobContext {
  const { invocation } = effort;
  return {
    db: invocation.db,
    log: invocation.log,
    now: () => new Date(invocation.now()),
    isOver: () => !hasBudget(effort),
    async transact(context, run) {
      await markActivity(invocation);
      const result = await transactAndPublish(invocation.db, invocation.publish, context, run);
      effort.progress = true;
      onCommit();
      return result;
    },
  };
}
