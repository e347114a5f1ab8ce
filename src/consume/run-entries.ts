import type { MessageId } from "@brain/schemas";
import { isOpen } from "../core/brake.ts";
import { FencedError } from "../core/errors.ts";
import { leastSuspectFirst, type planRound, splitLanes } from "../core/ordering.ts";
import { hashText } from "../core/sharding.ts";
import { claimCommand } from "../stream/group.ts";
import { applyAll, type Lane } from "./apply.ts";
import { describeError, errorClass } from "./dead-letters.ts";
import { beginQueued, putBackQueued } from "./queue.ts";
import type { QueuedDelivery } from "./queued-delivery.ts";
import type { Known, Waiting } from "./read-round.ts";
import type { Incoming } from "./route.ts";
import { conclude, giveUp, settle } from "./settle.ts";
import { hasTime, holding, lane, putBack, type Tick, takeAcks } from "./tick.ts";

/*
 * Running what a round has planned: together in one transaction, one by one, or one alone as a probe. What is not tried
 * goes back as it was.
 */

export type Plan = ReturnType<typeof planRound<Waiting, Known>>;

/** Below this many deliveries a further connection costs more than it saves. */
const minPerLane = 16;

function idsOf(entries: readonly Known[]): MessageId[] {
  return entries.map((known) => known.entry.id);
}

/** Runs what was never tried before, together, in as many transactions at once as the consumer allows. */
export async function runTogether(
  tick: Tick,
  entries: readonly Known[],
  blocked: Set<string>,
): Promise<boolean> {
  const { consumer, group } = tick;
  const resumed = entries.filter(({ entry, queued }) => queued === null && entry.deliveries === 0);
  const claimed = idsOf(resumed).filter((id) => !tick.trimmed.has(id));
  if (claimed.length > 0) await holding(tick, [claimCommand(group, claimed)]);
  const together = await settle(tick, entries);
  const lists = splitLanes(together, consumer.concurrency, minPerLane, hashText);
  // All lanes come to their end before the tick does, also when one of them fails.
  const lanes = await Promise.allSettled(
    lists.map((list, index) => applyLane(tick, lane(tick, index), list, blocked)),
  );
  const finished = lanes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
  return finished.every(Boolean);
}

/**
 * The brake is open and a probe is due: one event is tried. A new one is preferred: that it succeeds says most, and the
 * ones that failed before may have failed for themselves.
 */
export async function runProbe(tick: Tick, plan: Plan, blocked: Set<string>): Promise<boolean> {
  const candidates = [...plan.fresh, ...plan.resumed, ...plan.alone];
  const [probe, ...others] = candidates.toSorted((a, b) => lastTriedMs(tick, a) - lastTriedMs(tick, b));
  if (probe === undefined) return false;
  await setAsideKnown(
    tick,
    others.filter((known) => known.queued !== null || plan.fresh.includes(known)),
  );
  const alone = probe.entry.deliveries > 0 && !plan.fresh.includes(probe);
  const finished = alone ? await runAlone(tick, [probe], blocked) : await runTogether(tick, [probe], blocked);
  return finished && !isOpen(tick.brake);
}

/** Unix time, ms, that the failure of an entry stands for; 0 when it never failed. */
function lastTriedMs(tick: Tick, { entry, queued }: Known): number {
  return queued === null ? (tick.failures.get(entry.id)?.dueAtMs ?? 0) : (queued.firstFailedAtMs ?? 0);
}

/**
 * Runs entries one by one that were delivered before. Each is claimed just before its try, together with the acks of
 * those before it: if it ends this worker, its own count has grown and no other.
 *
 * @returns false when the tick should end; what was not begun stays as it is
 */
export async function runAlone(
  tick: Tick,
  entries: readonly Known[],
  blocked: Set<string>,
): Promise<boolean> {
  const { retry } = tick.consumer;
  const settled = await settle(tick, entries);
  for (const incoming of leastSuspectFirst(settled, (one) => deathsOf(tick, one))) {
    const { attempt, key, messageId, queued } = incoming;
    if (key !== null && blocked.has(key)) continue;
    if (!hasTime(tick)) {
      tick.result.more = true;
      return false;
    }
    if (attempt > retry.maxAttempts || deathsOf(tick, incoming) >= retry.maxDeaths) {
      const died = deathsOf(tick, incoming) >= retry.maxDeaths;
      await giveUp(tick, incoming, died ? "worker_died" : "attempts_exhausted");
      continue;
    }
    if (queued !== null) await beginQueued(tick.deps.db, queued.place);
    else await claimAlone(tick, messageId);
    if (!(await applyLane(tick, lane(tick, 0), [incoming], blocked)) || isOpen(tick.brake)) return false;
  }
  return true;
}

/** Tries that ended the worker: begun, and no outcome was stored. */
function deathsOf(tick: Tick, { queued, messageId, attempt }: Incoming): number {
  if (queued !== null) return queued.begun - queued.attempts;
  return attempt - 1 - (tick.failures.get(messageId)?.attempts ?? 0);
}

async function claimAlone(tick: Tick, messageId: MessageId): Promise<void> {
  const claim = tick.trimmed.has(messageId) ? [] : [claimCommand(tick.group, [messageId])];
  await holding(tick, [...takeAcks(tick), ...claim]);
}

/** @returns false when the tick should end */
async function applyLane(
  tick: Tick,
  on: Lane,
  list: readonly Incoming[],
  blocked: Set<string>,
): Promise<boolean> {
  const isBlocked = ({ key }: Incoming) => key !== null && blocked.has(key);
  const behind = list.filter(isBlocked);
  const free = behind.length === 0 ? list : list.filter((incoming) => !isBlocked(incoming));
  for (const { queued, messageId } of free) if (queued === null) tick.handling.add(messageId);
  const outcome = free.length === 0 ? null : await applyAll(tick.apply, on, free, tick.options.deadlineMs);
  for (const { messageId } of free) tick.handling.delete(messageId);
  if (outcome?.unavailable instanceof FencedError) throw outcome.unavailable;
  await conclude(tick, outcome?.applied ?? [], blocked);
  tick.result.more ||= !hasTime(tick) && (outcome?.untried ?? []).length > 0;
  await setAside(tick, [...behind, ...(outcome?.untried ?? [])]);
  if (!outcome?.unavailable) return true;
  tick.result.stopped = describeError(outcome.unavailable);
  tick.deps.log.error(
    { error_class: errorClass(outcome.unavailable) },
    `The tick ends early: ${tick.result.stopped}`,
  );
  return false;
}

/** Puts deliveries back as if they had not been read for this try, so that waiting costs them no attempt. */
async function setAside(tick: Tick, untried: readonly Incoming[]): Promise<void> {
  const onStream = untried.filter(({ queued }) => queued === null);
  for (const attempt of new Set(onStream.map((incoming) => incoming.attempt))) {
    const ids = onStream.filter((incoming) => incoming.attempt === attempt).map(({ messageId }) => messageId);
    await putBack(tick, attempt - 1, ids);
  }
  await putBackRows(
    tick,
    untried.flatMap(({ queued }) => queued ?? []),
  );
}

/** The same for what was read or taken and not even looked at. */
export async function setAsideKnown(tick: Tick, known: readonly Known[]): Promise<void> {
  await putBack(tick, 0, idsOf(known.filter(({ queued }) => queued === null)));
  await putBackRows(
    tick,
    known.flatMap(({ queued }) => queued ?? []),
  );
}

async function putBackRows(tick: Tick, rows: readonly QueuedDelivery[]): Promise<void> {
  tick.result.setAside += rows.length;
  await putBackQueued(
    tick.deps.db,
    rows.map(({ place, begun }) => ({ place, begun })),
  );
}
