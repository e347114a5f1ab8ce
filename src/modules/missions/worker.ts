import { defineJob, type JobContext, type ScheduledJob, settlesWithin } from "@brain/engine";
import { type AttemptDeps, runAttempt } from "./attempt.ts";
import { claimNext } from "./claim.ts";
import { nextDueMs } from "./claims.ts";
import { registerHandlers } from "./handlers/registry.ts";
import type { Mission } from "./model.ts";
import { createMissionSecrets } from "./secrets.ts";
import { type MissionSettings, workerJob } from "./settings.ts";

const usualLeaseMs = 30_000;
const usualConcurrency = 3;
/** While missions run, what was queued meanwhile is looked for: first after this time, then ever more seldom, ms. */
const firstLookMs = 500;
const lastLookMs = 4_000;
/** A run ends after this time, so that its events are sent, ms; the next one goes on at once. */
const turnMs = 5_000;
/** Then it waits this long for what runs; what lasts longer holds up nobody, ms. */
const graceMs = 2_000;

/**
 * The job that works the queue off. It has no poll interval: what is put into the queue starts it, it says itself when
 * the next attempt is due, and cron runs it once an hour in any case. Several may run at once; the claims keep them apart.
 *
 * @throws {Error} the handlers are not valid
 */
export function missionWorker(settings: MissionSettings): ScheduledJob {
  const handlers = registerHandlers(settings);
  const secrets = createMissionSecrets(handlers, settings.secretsKeys);
  return defineJob({ name: workerJob, run: (job) => runWorker(job, { handlers, secrets }, settings) });
}

async function runWorker(
  job: JobContext,
  work: Pick<AttemptDeps, "handlers" | "secrets">,
  settings: MissionSettings,
): Promise<Date | null> {
  const { leaseMs = usualLeaseMs, concurrency = usualConcurrency } = settings;
  const claimer = { owner: crypto.randomUUID(), leaseMs };
  const running = new Set<Promise<void>>();
  const turn: Turn = { endsMs: job.now().getTime() + turnMs };
  const goesOn = () => !job.isOver() && job.now().getTime() < turn.endsMs;
  const lane = async (first: Mission) => {
    for (let row: Mission | null = first; row !== null && row.status === "running"; )
      row = await runAttempt({ ...work, job, claimer, goesOn }, row);
  };
  try {
    await claimWhileAllowed(job, running, concurrency, turn, async () => {
      const row = await claimNext(job, claimer);
      if (row === null) return false;
      const work = lane(row).finally(() => running.delete(work));
      running.add(work);
      return true;
    });
  } finally {
    await Promise.all(running);
  }
  const dueMs = await nextDueMs(job.db);
  return dueMs === null ? null : new Date(job.now().getTime() + dueMs);
}

/** When the events of this run are due to be sent, Unix ms. */
interface Turn {
  endsMs: number;
}

/**
 * Begins lanes as long as something is due. Each lane goes from mission to mission by itself; here is looked for what
 * comes while there is a free one.
 *
 * @param claim false when nothing is due
 */
async function claimWhileAllowed(
  job: JobContext,
  running: ReadonlySet<Promise<void>>,
  concurrency: number,
  turn: Turn,
  claim: () => Promise<boolean>,
): Promise<void> {
  // An empty queue costs one statement; one that is not costs no look beside the claims.
  let mayBeDue = false;
  let lookMs = firstLookMs;
  while (!job.isOver()) {
    if (job.now().getTime() >= turn.endsMs) {
      await waitAtMost(graceMs, Promise.all(running));
      if (running.size === 0) return;
      turn.endsMs = job.now().getTime() + turnMs;
      continue;
    }
    const isFree = running.size < concurrency;
    if (isFree) {
      mayBeDue = (mayBeDue || ((await nextDueMs(job.db)) ?? 1) <= 0) && (await claim());
      if (mayBeDue) {
        lookMs = firstLookMs;
        continue;
      }
    }
    if (running.size === 0) return;
    if (isFree) {
      await waitAtMost(lookMs, Promise.race(running));
      lookMs = Math.min(2 * lookMs, lastLookMs);
    } else await Promise.race(running);
  }
}

/** Waits for work, no longer than this; fails when it does. */
async function waitAtMost(ms: number, work: Promise<unknown>): Promise<void> {
  if (await settlesWithin(ms, work)) await work;
}
