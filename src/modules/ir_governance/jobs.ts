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
    const dueAt = new Date(next.getTime() + 1);
    const time = now();
    if (dueAt > time || isOver()) return dueAt;
    const expired = await transact({ source }, async (tx, publish) => {
      const approvals = await expireDue(tx, time, batchSize);
      for (const approval of approvals) await publishExpired(publish, approval, time);
      return approvals.length;
    });
    // Those that are due are locked: whoever holds them finishes them or leaves them to the next run.
    if (expired === 0) return new Date(time.getTime() + lockedRetryMs);
  }
}

const lockedRetryMs = 10_000;
