import { v4 as uuidv4 } from "uuid";
import { backoffMs, isDue } from "../core/delivery.ts";
import { planRound, splitLanes } from "../core/ordering.ts";
import { hashText } from "../core/sharding.ts";
import { claimCommand } from "../stream/group.ts";
import { applyAll, type Lane } from "./apply.ts";
import { describeError, errorClass } from "./dead-letters.ts";
import type { Consumer } from "./define-consumer.ts";
import { abandonLease, acquireLease, type LeaseScope, releaseLease, renewLease } from "./lease.ts";
import { type Known, readRound } from "./read-round.ts";
import type { Incoming } from "./route.ts";
import { conclude, giveUp, settle } from "./settle.ts";
import {
  createTick,
  type DrainDeps,
  type DrainOptions,
  type DrainResult,
  flushAcks,
  hasTime,
  heartbeat,
  lane,
  mayGoOn,
  noteDue,
  putBack,
  type Tick,
  takeAcks,
} from "./tick.ts";

/*
 * One bounded tick of one consumer on one shard:
 *
 *   lease → [ack what is done · list pending · read new] → plan → apply → dead letters → [ack · …] → release
 *
 * Nothing is held outside Redis' pending list and Postgres. Whatever ends this isolate at any point, the entries are
 * still pending, the claims are committed or not, and the next tick goes on from there.
 */

/** Rounds below and above these times, ms, change how much the next one reads. */
const shortRoundMs = 300;
const longRoundMs = 1_000;
const minReadSize = 10;

/** Below this many deliveries a further connection costs more than it saves. */
const minPerLane = 16;

/**
 * Drains what is due and what is new, in order per key, until nothing is left or a bound is reached.
 *
 * @throws {TransientError} Redis is not reachable; nothing is lost, the next tick goes on
 */
export async function drain(
  deps: DrainDeps,
  consumer: Consumer,
  options: DrainOptions,
): Promise<DrainResult> {
  const tick = createTick(deps, consumer, options);
  const scope: LeaseScope = { ...deps, group: consumer.group, shard: options.shard };
  const token = uuidv4();
  const lease = await acquireLease(scope, token);
  if (!("token" in lease)) return { ...tick.result, busy: lease };
  tick.takeover = lease.takeover;
  tick.pending = lease.pending;

  const renewal = setInterval(() => {
    renewLease(scope, token).then(
      (held) => {
        tick.leaseLost ||= !held;
      },
      () => deps.log.warn({ subscriber: consumer.subscriber }, "The lease could not be renewed."),
    );
  }, deps.leaseMs / 3);
  try {
    for (;;) {
      while ((await runRound(tick)) || (await hasNews(tick)));
      await flushAcks(tick);
      const goRound = tick.result.stopped === null && mayGoOn(tick);
      if ((await releaseLease(scope, token, heartbeat(tick), goRound)) !== "again") break;
    }
    tick.result.more ||= tick.result.stopped !== null;
    return tick.result;
  } catch (error) {
    await abandonLease(scope, token).catch(() => undefined);
    throw error;
  } finally {
    clearInterval(renewal);
    await Promise.all(tick.lanes.map((lane) => lane.close()));
  }
}

/** Looks for news this often while it stays ready, ms. */
const newsPollMs = 4;

/** True when another trigger came, also shortly after the last round found nothing more. */
async function hasNews(tick: Tick): Promise<boolean> {
  const { takeNews, lingerMs = 0 } = tick.deps;
  if (takeNews === undefined || tick.result.stopped !== null || !mayGoOn(tick)) return false;
  if (takeNews()) return true;
  if (tick.result.applied === tick.appliedBefore) return false;
  tick.appliedBefore = tick.result.applied;
  for (let waitedMs = 0; waitedMs < lingerMs; waitedMs += newsPollMs) {
    await new Promise((resolve) => setTimeout(resolve, newsPollMs));
    // News that is taken must be acted on; what this tick may no longer do is left to whoever looks next.
    if (!mayGoOn(tick)) return false;
    if (takeNews()) return true;
  }
  return false;
}

/** @returns true when another round may find something */
async function runRound(tick: Tick): Promise<boolean> {
  const { deps, consumer, options, group, result } = tick;
  if (!mayGoOn(tick)) {
    result.more = true;
    return false;
  }
  const startedMs = deps.now();
  const count = Math.min(tick.readSize, options.maxEvents - result.read);
  const { pending, fresh, full } = await readRound(tick, count);
  if (pending.length === 0 && fresh.length === 0) return false;
  result.read += fresh.length;

  const nowMs = deps.now();
  const waiting = pending.map((known) => {
    const { entry } = known;
    const failure = tick.failures.get(entry.id);
    const due = isDue(entry, consumer.retry, nowMs, failure?.dueAtMs ?? null, tick.takeover);
    const key = failure?.overtakable === true ? null : known.key;
    return { ...known, key, due, deliveries: entry.deliveries };
  });
  const plan = planRound(waiting, fresh);
  noteNextDue(tick, waiting);

  // The takeover concerns what the predecessor left; what this tick sets aside follows the ordinary times.
  tick.takeover = false;
  await putBack(tick, 0, idsOf(plan.parked));
  const blocked = new Set(plan.blockedKeys);
  if (!(await runAlone(tick, plan.alone, blocked))) {
    await putBack(tick, 0, idsOf(plan.fresh));
    return false;
  }
  const resumed = idsOf(plan.resumed).filter((id) => !tick.trimmed.has(id));
  if (resumed.length > 0) await deps.redis.command(claimCommand(group, resumed));
  const together = await settle(tick, [...plan.resumed, ...plan.fresh]);
  const lists = splitLanes(together, consumer.concurrency, minPerLane, hashText);
  // All lanes come to their end before the tick does, also when one of them fails.
  const lanes = await Promise.allSettled(
    lists.map((list, index) => applyLane(tick, lane(tick, index), list, blocked)),
  );
  const finished = lanes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
  if (full) tick.readSize = nextReadSize(tick.readSize, deps.now() - startedMs, consumer.batchSize);
  return finished.every(Boolean) && (plan.alone.length > 0 || plan.resumed.length > 0 || full);
}

/**
 * Reads grow while rounds are short and shrink when they are long: what is read and not yet applied is what a killed
 * isolate leaves behind, to be run one by one by its successor.
 */
function nextReadSize(size: number, roundMs: number, batchSize: number): number {
  if (roundMs < shortRoundMs) return Math.min(batchSize, size * 2);
  return roundMs > longRoundMs ? Math.max(minReadSize, Math.floor(size / 2)) : size;
}

function idsOf(entries: readonly Known[]): Known["entry"]["id"][] {
  return entries.map((known) => known.entry.id);
}

/**
 * Runs entries one by one that were delivered before. Each is claimed just before its try, together with the acks of
 * those before it: if it ends this isolate, its own count has grown and no other.
 *
 * @returns false when the tick should end; what was not begun stays pending as it is
 */
async function runAlone(tick: Tick, entries: readonly Known[], blocked: Set<string>): Promise<boolean> {
  for (const incoming of await settle(tick, entries)) {
    const { attempt, key, messageId } = incoming;
    if (key !== null && blocked.has(key)) continue;
    if (!hasTime(tick)) {
      tick.result.more = true;
      return false;
    }
    if (attempt > tick.consumer.retry.maxAttempts) {
      await giveUp(tick, incoming);
      continue;
    }
    const claim = tick.trimmed.has(messageId) ? [] : [claimCommand(tick.group, [messageId])];
    const replies = await tick.deps.redis.pipeline([...takeAcks(tick), ...claim]);
    for (const reply of replies) if (reply instanceof Error) throw reply;
    if (!(await applyLane(tick, lane(tick, 0), [incoming], blocked))) return false;
  }
  return true;
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
  const outcome = free.length === 0 ? null : await applyAll(tick.apply, on, free, tick.options.deadlineMs);
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
  for (const attempt of new Set(untried.map((incoming) => incoming.attempt))) {
    const ids = untried.filter((incoming) => incoming.attempt === attempt).map(({ messageId }) => messageId);
    await putBack(tick, attempt - 1, ids);
  }
}

function noteNextDue(tick: Tick, waiting: readonly (Known & { readonly due: boolean })[]): void {
  for (const { entry, due } of waiting) {
    if (due) continue;
    const backoff = backoffMs(tick.consumer.retry, entry.deliveries, entry.id);
    noteDue(tick, tick.failures.get(entry.id)?.dueAtMs ?? tick.deps.now() - entry.idleMs + backoff);
  }
}
