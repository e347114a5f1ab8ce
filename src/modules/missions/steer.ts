import { newEventId, type Publish, type Tx } from "@brain/engine";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { publishContext } from "../../http/kit/publish-context.ts";
import {
  type Cancellation,
  type Line,
  missionCancelledLine,
  queueSource,
  taskCancelledLine,
  tell,
} from "./announce.ts";
import type { Mission } from "./model.ts";
import type { StatusRequest } from "./requests.ts";
import {
  executeMission,
  hold,
  lockKnown,
  type MissionDeps,
  noteByHand,
  readMission,
  refuse,
  requireAllowed,
} from "./service.ts";
import { appendLog, lockPendingSteps, updateMission } from "./store.ts";

/** How people steer a mission that exists. Each change and its events commit together. */

/**
 * Cancels a mission, and with a step of a run all steps behind it. The attempt under way, if any, is told at its next
 * heartbeat, and its result is discarded.
 *
 * @throws {NotFoundError} no such mission
 * @throws {ConflictError} it is finished
 */
export async function cancelMission(
  services: RequestServices,
  id: string,
  reason: string | null,
): Promise<Mission> {
  return services.transact(publishContext(services, queueSource), async (tx, publish) => {
    const before = await lockKnown(services, tx, id);
    requireAllowed(before, "cancelled");
    await noteByHand(services, tx, "cancelled", before, reason);
    const cancellation = { by: services.actorId, reason, at: services.now() };
    const row = await cancelOne(tx, publish, before, before.lastEventId, cancellation);
    for (const step of await lockPendingSteps(tx, before, 1_000))
      await cancelOne(tx, publish, step, row.lastEventId, cancellation);
    return row;
  });
}

/** @param cause id of the event that brings it about */
async function cancelOne(
  tx: Tx,
  publish: Publish,
  before: Mission,
  cause: string,
  cancellation: Cancellation,
): Promise<Mission> {
  const { by, reason, at } = cancellation;
  const row = await updateMission(tx, before.id, {
    status: "cancelled",
    dueAt: null,
    leaseOwner: null,
    finishedAt: at,
    updatedAt: at,
    lastEventId: newEventId(at.getTime()),
  });
  const lines: Line[] = [missionCancelledLine(row, before.status, reason)];
  // One that never was in the queue has no task.
  if (before.queuedAt !== null) lines.unshift(taskCancelledLine(row, before.status, cancellation));
  await tell(publish, row, cause, lines);
  await appendLog(tx, row.id, at, {
    level: "warning",
    message: "Cancelled.",
    data: { previous_status: before.status, cancelled_by: by, reason },
  });
  return row;
}

/** Takes a mission out of the queue for a while. */
async function pauseMission(services: RequestServices, id: string, reason: string | null): Promise<Mission> {
  return services.transact(publishContext(services, queueSource), async (tx) => {
    const before = await lockKnown(services, tx, id);
    requireAllowed(before, "paused");
    await noteByHand(services, tx, "paused", before, reason);
    return hold(tx, services, before, "paused", reason);
  });
}

/**
 * Changes a status by hand, as far as the table of transitions allows; what the worker does cannot be pretended.
 *
 * @throws {NotFoundError} no such mission
 * @throws {ConflictError} its status does not allow it
 */
export async function setStatus(
  services: RequestServices,
  deps: MissionDeps,
  id: string,
  { status, reason }: StatusRequest,
): Promise<Mission> {
  const row = await readMission(services, id);
  requireAllowed(row, status);
  switch (status) {
    case "cancelled":
      return cancelMission(services, id, reason ?? null);
    case "paused":
      return pauseMission(services, id, reason ?? null);
    case "queued":
      return executeMission(services, deps, id, reason ?? null);
    default:
      throw refuse(row, status);
  }
}
