import { isOpen, openForOne } from "../../core/circuit-breaker.ts";
import { FencedError } from "../../core/errors.ts";
import { firstOfEachKey, leastSuspectFirst, type RoundPlan, splitLanes } from "../../core/ordering.ts";
import { hashText } from "../../core/sharding.ts";
import { applyAll } from "../apply/apply.ts";
import { createLane, type Lane } from "../apply/lane.ts";
import { describeError, errorClass } from "../dead-letters.ts";
import {
  attemptOf,
  type Delivery,
  deathsOf,
  inStreamOrder,
  isRunnable,
  type Runnable,
  tenantOf,
} from "../delivery.ts";
import { noteDue } from "./base.ts";
import { finishApplied, finishExhausted, finishUnhandled, tellSources } from "./finish.ts";
import { type Drain, hasTime } from "./state.ts";

/*
 * How the deliveries of a round are run: together those that were never tried, one by one those that were, a single one
 * while the circuit breaker is not closed. `blocked` are the keys that a failure of this round holds.
 */

/** Below this many deliveries a further connection costs more than it saves. */
const minPerLane = 16;

/**
 * Runs what was never tried before, together, in as many transactions at once as the consumer allows.
 *
 * @returns false when the drain should end; what did not run is put back
 */
export async function runTogether(
  drain: Drain,
  deliveries: readonly Delivery[],
  blocked: Set<string>,
): Promise<boolean> {
  await beginTries(deliveries);
  const runnable = await finishUnhandled(drain, deliveries);
  const lists = splitLanes(runnable, drain.consumer.concurrency, minPerLane, hashText);
  // All lanes come to their end before the drain does, also when one of them fails.
  const lanes = await Promise.allSettled(
    lists.map((list, index) => applyOn(drain, laneOf(drain, index), list, blocked)),
  );
  const finished = lanes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
  return finished.every(Boolean);
}

/**
 * Runs one by one what was tried before. Each try begins just before the handlers: if it ends this worker, its own count
 * has grown and no other.
 *
 * @returns false when the drain should end; what was not begun stays as it is
 */
export async function runAlone(
  drain: Drain,
  deliveries: readonly Delivery[],
  blocked: Set<string>,
): Promise<boolean> {
  const { maxAttempts, maxDeaths } = drain.consumer.retry;
  const runnable = await finishUnhandled(drain, deliveries);
  for (const delivery of leastSuspectFirst(runnable, deathsOf)) {
    if (delivery.key !== null && blocked.has(delivery.key)) continue;
    if (!hasTime(drain)) {
      drain.result.more = true;
      return false;
    }
    const hasDied = deathsOf(delivery) >= maxDeaths;
    if (hasDied || attemptOf(delivery) > maxAttempts) {
      await finishExhausted(drain, delivery, hasDied ? "worker_died" : "attempts_exhausted");
      continue;
    }
    await beginTries([delivery]);
    if (!(await applyOn(drain, laneOf(drain, 0), [delivery], blocked)) || isOpen(drain.breaker)) return false;
  }
  return true;
}

function laneOf(drain: Drain, index: number): Lane {
  const lane = drain.lanes[index] ?? createLane(drain.apply);
  drain.lanes[index] = lane;
  return lane;
}

/** @returns false when the drain should end */
async function applyOn(
  drain: Drain,
  lane: Lane,
  list: readonly Runnable[],
  blocked: Set<string>,
): Promise<boolean> {
  const isBlocked = ({ key }: Runnable) => key !== null && blocked.has(key);
  const behind = list.filter(isBlocked);
  const free = behind.length === 0 ? list : list.filter((delivery) => !isBlocked(delivery));
  for (const delivery of free) drain.running.add(delivery);
  const outcome =
    free.length === 0 ? null : await applyAll(drain.apply, lane, free, drain.options.deadlineMs);
  for (const delivery of free) drain.running.delete(delivery);
  if (outcome?.unavailable instanceof FencedError) throw outcome.unavailable;
  await finishApplied(drain, outcome?.applied ?? [], blocked);
  drain.result.more ||= !hasTime(drain) && (outcome?.untried ?? []).length > 0;
  await putBack(drain, [...behind, ...(outcome?.untried ?? [])]);
  if (!outcome?.unavailable) return true;
  drain.result.stopped = describeError(outcome.unavailable);
  drain.deps.log.error(
    { error_class: errorClass(outcome.unavailable) },
    `The drain ends early: ${drain.result.stopped}`,
  );
  return false;
}

/**
 * The circuit breaker is half open: one event is tried. A new one is preferred: that it succeeds says most, and the
 * ones that failed before may have failed for themselves; of those, the one that was due first. While only one tenant's
 * failed, one of another tenant says more than all of these, and need not wait until it is half open. None passes an older
 * one with its key.
 *
 * @returns true when another round may find something
 */
export async function runTrial(
  drain: Drain,
  plan: RoundPlan<Delivery>,
  phase: "half_open" | "open",
): Promise<boolean> {
  const alone = openForOne(drain.breaker);
  const isOthers = (delivery: Delivery) =>
    alone !== null && isRunnable(delivery) && tenantOf(delivery) !== alone;
  const failedMs = ({ firstFailedAtMs, dueAtMs }: Delivery) => (firstFailedAtMs === null ? 0 : dueAtMs);
  const all = [...plan.fresh, ...plan.resumed, ...plan.alone];
  const first = new Set(firstOfEachKey(inStreamOrder(all)));
  const candidates = all
    .filter((one) => first.has(one))
    .toSorted((a, b) => Number(isOthers(b)) - Number(isOthers(a)) || failedMs(a) - failedMs(b));
  const [trial] = phase === "open" ? candidates.filter(isOthers) : candidates;
  await putBack(drain, begunAmong(all.filter((one) => one !== trial)));
  if (phase === "open" && drain.breaker.halfOpenAtMs !== null)
    noteDue(drain.result, drain.breaker.halfOpenAtMs);
  if (trial === undefined) return false;
  const run = plan.alone.includes(trial) ? runAlone : runTogether;
  return (await run(drain, [trial], new Set())) && !isOpen(drain.breaker);
}

/** Those whose try began with their being taken: what does not run of them must go back. The others stay as they are. */
export function begunAmong(deliveries: readonly Delivery[]): Delivery[] {
  return deliveries.filter(({ isBegun }) => isBegun);
}

/** Gives back to its source what does not run in this round. */
export async function putBack(drain: Drain, deliveries: readonly Delivery[]): Promise<void> {
  drain.result.setAside += deliveries.length;
  await tellSources(
    deliveries,
    ({ source }) => source,
    (source, own) => source.putBack(own),
  );
}

async function beginTries(deliveries: readonly Delivery[]): Promise<void> {
  await tellSources(
    deliveries,
    ({ source }) => source,
    (source, own) => source.begin(own),
  );
}
