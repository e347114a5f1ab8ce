import { noteFailure, watchWork } from "../alerts/failing-work.ts";
import type { StreamInvocation } from "../invocation.ts";
import { runBulkOperations } from "../operations/bulk/bulk-operations.ts";
import { beginDispatch, type Dispatch, endDispatch } from "./dispatch.ts";
import { drainSubscribers } from "./drain-shards.ts";
import { runTurns } from "./turns.ts";

/* The turns of redrives, replays and backfills: a step of each that is due, then the drains that carry it out. */

/** Does what redrives, replays and backfills have to do now, and drains whom they deferred something for. */
export async function runAllBulkOperations(
  invocation: StreamInvocation,
  deadlineMs: number,
  handOn: () => void = () => undefined,
): Promise<void> {
  const dispatch = beginDispatch(invocation, deadlineMs);
  await runBulkTurns(dispatch);
  endDispatch(dispatch, handOn);
}

/** @param failing what failed the last time, as far as it is known */
export async function runBulkTurns(
  dispatch: Dispatch,
  failing: ReadonlySet<string> = new Set(),
): Promise<void> {
  const { invocation, deadlineMs } = dispatch;
  const drainNow = (subscribers: readonly string[]) => drainSubscribers(dispatch, subscribers);
  await runTurns(dispatch, { name: "The bulk operations", extraMs: 0 }, async () => {
    const { more, nextAtMs, failure } = await watchWork(
      invocation,
      "operators_jobs",
      () => runBulkOperations(invocation, deadlineMs, drainNow),
      (run) => run.failure === undefined && failing.has("operators_jobs"),
    );
    if (failure !== undefined) await noteFailure(invocation, "operators_jobs", failure);
    dispatch.leftOver ||= more;
    return more ? null : nextAtMs;
  });
}
