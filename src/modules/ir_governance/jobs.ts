import { defineJob, type JobContext, type ScheduledJob } from "@brain/engine";
import { publishExpired } from "./approvals/use-approval.ts";
import { expireDue, findNextExpiry } from "./store.ts";
import { source } from "./validation.ts";

export const expiryJobName = "ir_approval_expiry";

const batchSize = 100;

/** Writes down that approvals are over, when nobody tries to use them. */
export function irGovernanceJobs(): ScheduledJob[] {
  return [defineJob({ name: expiryJobName, run: expireApprovals })];
}

async function expireApprovals({ db, now, isOver, transact }: JobContext): Promise<Date | null> {
  for (;;) {
    const next = await findNextExpiry(db);
    if (next === null) return null;
    // One ms later: at its last millisecond an approval can still be used.
    const dueAt = new Date(next.at.getTime() + 1);
    const time = now();
    // It is over by the clock of Postgres; where that of this worker is ahead, so is the time of the next look.
    if (next.inMs >= 0) return dueAt > time ? dueAt : new Date(time.getTime() + next.inMs + 1);
    if (isOver()) return dueAt;
    const expired = await transact({ source }, async (tx, publish) => {
      const approvals = await expireDue(tx, batchSize);
      for (const approval of approvals) await publishExpired(publish, approval, approval.readAt);
      return approvals.length;
    });
    // Those that are due are locked: whoever holds them finishes them or leaves them to the next run.
    if (expired === 0) return new Date(now().getTime() + lockedRetryMs);
  }
}

const lockedRetryMs = 10_000;
