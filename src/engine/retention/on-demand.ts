import type { Invocation, StreamInvocation } from "../invocation.ts";
import type { JanitorReport } from "./janitor.ts";
import type { ReconcileReport } from "./reconcile.ts";

/*
 * What looks after the record is a part of its own, loaded when it is run: once an hour, or when an operator asks. A
 * request or a wake does not wait for it to be read.
 */

const janitor = () => import("./janitor.ts");

/** @see janitor.ts */
export async function runJanitor(invocation: Invocation, deadlineMs: number): Promise<JanitorReport> {
  return (await janitor()).runJanitor(invocation, deadlineMs);
}

/** @see janitor.ts @throws {TransientError} Redis or Postgres is not reachable */
export async function reconcileAll(
  invocation: StreamInvocation,
  deadlineMs: number,
): Promise<ReconcileReport[]> {
  return (await janitor()).reconcileAll(invocation, deadlineMs);
}
