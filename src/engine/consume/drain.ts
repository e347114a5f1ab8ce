import { compareMessageIds } from "@brain/schemas";
import { allowedBy, brakeFromText, isOpen } from "../core/brake.ts";
import { FencedError, TransientError } from "../core/errors.ts";
import { leastSuspectFirst, planRound, type RoundPlan, splitLanes } from "../core/ordering.ts";
import { hashText } from "../core/sharding.ts";
import { applyAll, createLane, type Lane } from "./apply.ts";
import type { Consumer } from "./consumer.ts";
import { describeError, errorClass } from "./dead-letters.ts";
import { chooseDeferred, defer } from "./defer.ts";
import { attemptOf, type Delivery, deathsOf, type Runnable } from "./delivery.ts";
import { finishApplied, finishUnhandled, giveUp, tellSources } from "./finish.ts";
import { abandonLease, releaseLease, renewLease } from "./lease.ts";
import { openTick } from "./open-tick.ts";
import { hasTime, heartbeat, mayGoOn, type Tick } from "./tick.ts";
import { type DrainDeps, type DrainOptions, type DrainResult, noteDue } from "./tick-base.ts";
import { brakeCommands } from "./tick-brake.ts";
import { activePauses, loadTickState } from "./tick-state.ts";

/*
 * One bounded tick of one consumer on one shard:
 *
 *   lease → take → plan → apply → finish → take … → release
 *
 * Nothing is held outside Redis' pending list and Postgres. Whatever ends this worker at any point, its deliveries are
 * still pending or deferred, the claims are committed or not, and the next tick goes on from there.
 */

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
  const { tick, result } = await openTick(deps, consumer, options);
  if (tick === null) return result;
  const { scope, token } = tick.lease;
  const renewal = setInterval(() => void renew(tick), deps.leaseMs / 3);
  try {
    await begin(tick);
    for (;;) {
      while ((await runRound(tick)) || (await hasNews(tick)));
      await flush(tick);
      const goRound = result.stopped === null && mayGoOn(tick);
      if ((await releaseLease(scope, token, heartbeat(tick), goRound)) !== "again") break;
    }
    result.more ||= result.stopped !== null || tick.hasChanged;
    return result;
  } catch (error) {
    if (error instanceof FencedError) return fenced(tick);
    await abandonLease(scope, token).catch(() => undefined);
    throw error;
  } finally {
    clearInterval(renewal);
    await Promise.all(tick.lanes.map((lane) => lane.close()));
  }
}

async function begin(tick: Tick): Promise<void> {
  const { deps, consumer, result, lease } = tick;
  tick.brake = brakeFromText(lease.brake);
  try {
    tick.state = await loadTickState(deps.db, lease.scope, consumer.subscriber, lease);
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    // Nothing may be read before it is known what is paused, and who is fenced off.
    result.stopped = describeError(error);
    return;
  }
  result.paused = activePauses(tick.state, deps.now()).some(({ eventType }) => eventType === null);
}

async function renew(tick: Tick): Promise<void> {
  const { lease, group, running } = tick;
  try {
    // What was trimmed is gone from the stream and must stay in the pending list.
    const handling = [...running].flatMap(({ isTrimmed, messageId }) => (isTrimmed ? [] : [messageId]));
    const outcome = await renewLease(lease.scope, lease.token, group.consumer, handling);
    lease.isLost ||= outcome === "lost";
    tick.hasChanged ||= outcome === "changed";
  } catch {
    tick.deps.log.warn({}, "The lease could not be renewed.");
  }
}

/** Ends a tick whose successor has begun: nothing more is touched, everything is the successor's now. */
function fenced(tick: Tick): DrainResult {
  const message = new FencedError().message;
  tick.deps.log.warn({ epoch: tick.state.epoch }, `The tick ends early: ${message}`);
  return { ...tick.result, stopped: message, more: true };
}

/**
 * One round.
 *
 * @returns true when another one may find something
 */
async function runRound(tick: Tick): Promise<boolean> {
  const { deps, consumer, options, result } = tick;
  if (result.paused || result.stopped !== null) return false;
  if (!mayGoOn(tick)) {
    result.more = true;
    return false;
  }
  tick.rounds += 1;
  const startedMs = deps.now();
  const allowed = allowedBy(tick.brake, startedMs);
  result.braked = allowed !== "all";
  if (allowed === "nothing") {
    if (tick.brake.probeAtMs !== null) noteDue(result, tick.brake.probeAtMs);
    return false;
  }

  const limit = allowed === "probe" ? 1 : tick.readSize;
  const onStream = await tick.stream.take(Math.min(limit, options.maxEvents - result.read));
  if (tick.hasChanged) {
    await putBack(tick, onStream.fresh);
    return false;
  }
  const deferred = await tick.deferred.take(onStream, limit);
  if (deferred.nextDueMs !== null) noteDue(result, deferred.nextDueMs);
  const taken = [...onStream.waiting, ...onStream.fresh, ...deferred.waiting];
  if (taken.length === 0) return false;
  result.read += onStream.fresh.length + deferred.waiting.length;

  const nowMs = deps.now();
  const pausedTypes = new Set(activePauses(tick.state, nowMs).map(({ eventType }) => eventType));
  const choice = chooseDeferred(onStream, { pausedTypes, heads: deferred.heads, nowMs });
  await defer(tick, choice.deferred);
  for (const { dueAtMs } of choice.waiting) if (dueAtMs > nowMs) noteDue(result, dueAtMs);
  const waiting = [...choice.waiting, ...deferred.waiting].toSorted((a, b) =>
    compareMessageIds(a.messageId, b.messageId),
  );
  const plan = planRound(waiting, choice.fresh, nowMs);
  await putBack(tick, begunAmong([...plan.behind, ...plan.left]));

  const blocked = new Set<string>();
  if (allowed === "probe") return runProbe(tick, plan, blocked);
  if (!(await runAlone(tick, plan.alone, blocked))) {
    await putBack(tick, begunAmong([...plan.resumed, ...plan.fresh]));
    return false;
  }
  const finished = await runTogether(tick, [...plan.resumed, ...plan.fresh], blocked);
  const mayRead = onStream.isFull || deferred.isFull;
  if (mayRead) tick.readSize = nextReadSize(tick.readSize, deps.now() - startedMs, consumer.batchSize);
  const hasRun = plan.alone.length > 0 || plan.resumed.length > 0;
  return finished && (hasRun || choice.deferred.length > 0 || mayRead);
}

type Plan = RoundPlan<Delivery>;

/** Rounds below and above these times, ms, change how much the next one reads. */
const shortRoundMs = 300;
const longRoundMs = 1_000;
const minReadSize = 10;

/**
 * Reads grow while rounds are short and shrink when they are long: what is read and not yet applied is what a killed
 * isolate leaves behind, to be run one by one by its successor.
 */
function nextReadSize(size: number, roundMs: number, batchSize: number): number {
  if (roundMs < shortRoundMs) return Math.min(batchSize, size * 2);
  return roundMs > longRoundMs ? Math.max(minReadSize, Math.floor(size / 2)) : size;
}

/** Those whose try began with their being taken: what does not run of them must go back. The others stay as they are. */
function begunAmong(deliveries: readonly Delivery[]): Delivery[] {
  return deliveries.filter(({ isBegun }) => isBegun);
}

async function putBack(tick: Tick, deliveries: readonly Delivery[]): Promise<void> {
  tick.result.setAside += deliveries.length;
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

/** Below this many deliveries a further connection costs more than it saves. */
const minPerLane = 16;

/** Runs what was never tried before, together, in as many transactions at once as the consumer allows. */
async function runTogether(
  tick: Tick,
  deliveries: readonly Delivery[],
  blocked: Set<string>,
): Promise<boolean> {
  await beginTries(deliveries);
  const together = await finishUnhandled(tick, deliveries);
  const lists = splitLanes(together, tick.consumer.concurrency, minPerLane, hashText);
  // All lanes come to their end before the tick does, also when one of them fails.
  const lanes = await Promise.allSettled(
    lists.map((list, index) => applyOn(tick, laneOf(tick, index), list, blocked)),
  );
  const finished = lanes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
  return finished.every(Boolean);
}

/**
 * The brake is open and a probe is due: one event is tried. A new one is preferred: that it succeeds says most, and the
 * ones that failed before may have failed for themselves; of those, the one that was due first.
 */
async function runProbe(tick: Tick, plan: Plan, blocked: Set<string>): Promise<boolean> {
  const failedMs = ({ firstFailedAtMs, dueAtMs }: Delivery) => (firstFailedAtMs === null ? 0 : dueAtMs);
  const candidates = [...plan.fresh, ...plan.resumed, ...plan.alone];
  const [probe, ...others] = candidates.toSorted((a, b) => failedMs(a) - failedMs(b));
  if (probe === undefined) return false;
  await putBack(tick, begunAmong(others));
  const run = plan.alone.includes(probe) ? runAlone : runTogether;
  return (await run(tick, [probe], blocked)) && !isOpen(tick.brake);
}

/**
 * Runs one by one what was tried before. Each try begins just before the handlers: if it ends this worker, its own count
 * has grown and no other.
 *
 * @returns false when the tick should end; what was not begun stays as it is
 */
async function runAlone(tick: Tick, deliveries: readonly Delivery[], blocked: Set<string>): Promise<boolean> {
  const { maxAttempts, maxDeaths } = tick.consumer.retry;
  const runnable = await finishUnhandled(tick, deliveries);
  for (const delivery of leastSuspectFirst(runnable, deathsOf)) {
    if (delivery.key !== null && blocked.has(delivery.key)) continue;
    if (!hasTime(tick)) {
      tick.result.more = true;
      return false;
    }
    const hasDied = deathsOf(delivery) >= maxDeaths;
    if (hasDied || attemptOf(delivery) > maxAttempts) {
      await giveUp(tick, delivery, hasDied ? "worker_died" : "attempts_exhausted");
      continue;
    }
    await beginTries([delivery]);
    if (!(await applyOn(tick, laneOf(tick, 0), [delivery], blocked)) || isOpen(tick.brake)) return false;
  }
  return true;
}

function laneOf(tick: Tick, index: number): Lane {
  const lane = tick.lanes[index] ?? createLane(tick.apply);
  tick.lanes[index] = lane;
  return lane;
}

/** @returns false when the tick should end */
async function applyOn(
  tick: Tick,
  lane: Lane,
  list: readonly Runnable[],
  blocked: Set<string>,
): Promise<boolean> {
  const isBlocked = ({ key }: Runnable) => key !== null && blocked.has(key);
  const behind = list.filter(isBlocked);
  const free = behind.length === 0 ? list : list.filter((delivery) => !isBlocked(delivery));
  for (const delivery of free) tick.running.add(delivery);
  const outcome = free.length === 0 ? null : await applyAll(tick.apply, lane, free, tick.options.deadlineMs);
  for (const delivery of free) tick.running.delete(delivery);
  if (outcome?.unavailable instanceof FencedError) throw outcome.unavailable;
  await finishApplied(tick, outcome?.applied ?? [], blocked);
  tick.result.more ||= !hasTime(tick) && (outcome?.untried ?? []).length > 0;
  await putBack(tick, [...behind, ...(outcome?.untried ?? [])]);
  if (!outcome?.unavailable) return true;
  tick.result.stopped = describeError(outcome.unavailable);
  tick.deps.log.error(
    { error_class: errorClass(outcome.unavailable) },
    `The tick ends early: ${tick.result.stopped}`,
  );
  return false;
}

/** Tells Redis and Postgres what is done, and stores the brake. */
async function flush(tick: Tick): Promise<void> {
  const { deps, stream, deferred } = tick;
  const done = deferred.takeDone();
  const [replies] = await Promise.all([
    deps.redis.pipeline([...stream.takeAcks(), ...brakeCommands(tick)]),
    done.length === 0 ? null : deps.db.batch(done),
  ]);
  for (const reply of replies) if (reply instanceof Error) throw reply;
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
