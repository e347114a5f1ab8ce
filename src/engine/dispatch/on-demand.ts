import type { Invocation, StreamInvocation } from "../invocation.ts";
import type { JanitorReport } from "../retention/janitor.ts";
import type { ReconcileReport } from "../retention/reconcile.ts";

/*
 * What cron triggers is a part of its own, loaded when it comes, or when an operator asks. A request or a wake does not
 * wait for it to be read, and a worker that only answers requests never reads it.
 */

const lookingAfter = () => import("./look-after.ts");

/** @see cron.ts */
export async function cronTick(
  invocation: StreamInvocation,
  deadlineMs: number,
  handOn?: () => void,
): Promise<void> {
  await (await lookingAfter()).cronTick(invocation, deadlineMs, handOn);
}

/** @see ../retention/janitor.ts */
export async function runJanitor(invocation: Invocation, deadlineMs: number): Promise<JanitorReport> {
  return (await lookingAfter()).runJanitor(invocation, deadlineMs);
}

/** @see ../retention/janitor.ts @throws {TransientError} Redis or Postgres is not reachable */
export async function reconcileAll(
  invocation: StreamInvocation,
  deadlineMs: number,
): Promise<ReconcileReport[]> {
  return (await lookingAfter()).reconcileAll(invocation, deadlineMs);
}
