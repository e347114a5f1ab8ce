import { type JobContext, newEventId, type Publish, type Tx } from "@brain/engine";
import {
  attemptFailedLine,
  attemptStartedLine,
  type Line,
  missionFailedLine,
  missionStartedLine,
  retryingLine,
  tell,
  workerSource,
} from "./announce.ts";
import { type Claimed, claimMission, vanished } from "./claims.ts";
import type { Mission } from "./model.ts";
import { appendLog } from "./store.ts";

/** Taking the next mission from the queue. */

/** Who claims: one run of the worker, and for how long a claim holds, ms. */
export interface Claimer {
  readonly owner: string;
  readonly leaseMs: number;
}

/**
 * Claims the next mission and tells of its start; of a lost attempt before it, too, which may have been the last.
 *
 * @returns null when nothing is due; a row that is not `running` has failed with its lost attempt
 */
export function claimNext(job: JobContext, claimer: Claimer): Promise<Mission | null> {
  return job.transact({ source: workerSource }, (tx, publish) => claimWithin(tx, publish, job, claimer));
}

/** The same in a transaction that does something else too: whoever ends an attempt need not begin another transaction. */
export async function claimWithin(
  tx: Tx,
  publish: Publish,
  job: JobContext,
  { owner, leaseMs }: Claimer,
): Promise<Mission | null> {
  const now = job.now();
  const found = await claimMission(tx, owner, leaseMs, newEventId(now.getTime()), now);
  if (found === null) return null;
  const { row, before } = found;
  await tell(publish, row, before.lastEventId, claimLines(found, now));
  const lost = before.status === "running";
  const begins =
    row.status === "running"
      ? `Attempt ${row.attempt} of ${row.attemptLimit} begins.`
      : "All attempts are used up.";
  await appendLog(tx, row.id, now, {
    level: lost ? "warning" : "info",
    message: lost ? `${vanished.message} ${begins}` : begins,
  });
  if (lost)
    job.log.warn(
      { mission_id: row.id, attempt: row.attempt, error_class: vanished.type },
      "A mission is taken over from a worker that vanished.",
    );
  return row;
}

function claimLines({ row, before }: Claimed, now: Date): Line[] {
  const lines: Line[] = [];
  const goesOn = row.status === "running";
  if (before.status === "running") {
    const failures = goesOn ? row.attempt - 1 : row.attempt;
    const severity = goesOn ? "WARNING" : "CRITICAL";
    const startedAt = before.attemptStartedAt;
    lines.push(
      attemptFailedLine(row, { failure: vanished, failures, willRetry: goesOn, severity, startedAt }, now),
      goesOn ? retryingLine(row, failures, now) : missionFailedLine(row, vanished.message),
    );
  }
  if (before.startedAt === null) lines.push(missionStartedLine(row));
  if (goesOn) lines.push(attemptStartedLine(row, now));
  return lines;
}
