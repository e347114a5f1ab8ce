import { defineJob, type JobContext, type ScheduledJob } from "@brain/engine";
import { agentContext, producer, publishFacts } from "./announce.ts";
import { afterSilence } from "./state.ts";
import { lockOverdue, nextOfflineAt, saveState } from "./store.ts";

/** Name of the job that calls agents offline whose heartbeats are missing. */
export const sweepJob = "agent_offline_sweep";

/** Agents of one transaction. */
const atOnce = 100;

/**
 * Calls every agent offline that missed three heartbeats, once: whoever was heard of meanwhile is not overdue any more,
 * and a second sweep finds the row locked or offline.
 */
export function agentOfflineSweep(): ScheduledJob {
  return defineJob({
    name: sweepJob,
    async run(context) {
      for (;;) {
        if ((await sweepOnce(context)) < atOnce) break;
        if (context.isOver()) return context.now();
      }
      return nextOfflineAt(context.db);
    },
  });
}

/** @returns how many agents it called offline */
function sweepOnce({ transact, now, log }: JobContext): Promise<number> {
  return transact(agentContext(producer, null), async (tx, publish) => {
    const at = now();
    const overdue = await lockOverdue(tx, at, atOnce);
    for (const agent of overdue) {
      const change = afterSilence(agent, at);
      if (change === null) continue;
      await publishFacts(publish, await saveState(tx, agent, change.state, at), change.facts, undefined);
      log.warn({ agent_id: agent.agentId }, "An agent missed its heartbeats and counts as offline.");
    }
    return overdue.length;
  });
}
