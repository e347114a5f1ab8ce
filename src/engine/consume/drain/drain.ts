import { compareMessageIds } from "@brain/schemas";
import { believedBreaker, breakerFromText, isOpen, openForOne, phaseOf } from "../../core/circuit-breaker.ts";
import { FencedError, TransientError } from "../../core/errors.ts";
import {
  firstOfEachKey,
  leastSuspectFirst,
  planRound,
  type RoundPlan,
  splitLanes,
} from "../../core/ordering.ts";
import { hashText } from "../../core/sharding.ts";
import { applyAll, createLane, type Lane } from "../apply/apply.ts";
import type { Consumer } from "../consumer.ts";
import { describeError, errorClass } from "../dead-letters.ts";
import { needsTransaction } from "../define/define-consumer.ts";
import {
  attemptOf,
  type Delivery,
  deathsOf,
  inStreamOrder,
  isRunnable,
  type Runnable,
  type TakenFromStream,
  tenantOf,
} from "../delivery.ts";
import { abandonLease, releaseLease, renewLease } from "../lease/lease.ts";
import { activePauses, loadShardState, pausedTypesOf } from "../lease/shard-state.ts";
import { type DrainDeps, type DrainOptions, type DrainResult, noteDue } from "./base.ts";
import { breakerCommands } from "./breaker.ts";
import { chooseDeferred, defer } from "./defer.ts";
import { finishApplied, finishExhausted, finishUnhandled, tellSources } from "./finish.ts";
import { asideAtMost, lookAhead, lookAside } from "./look-ahead.ts";
import { openDrain } from "./open.ts";
import { mostRead, readingAhead } from "./read-ahead.ts";
import { type Drain, hasTime, heartbeat, mayGoOn } from "./state.ts";

/*
 * One bounded drain of one consumer on one shard:
 *
 *   lease → take → plan → apply → finish → take … → release
 *
 * Nothing is held outside Redis' pending list and Postgres. Whatever ends this worker at any point, its deliveries are
 * still pending or deferred, the claims are committed or not, and the next drain goes on from there.
 */

/**
 * Drains what is due and what is new, in order per key, until nothing is left or a bound is reached.
 *
 * @throws {TransientError} Redis is not reachable; nothing is lost, the next drain goes on
 */
export async function drainConsumer(
  deps: DrainDeps,
  consumer: Consumer,
  options: DrainOptions,
): Promise<DrainResult> {
  const lane = createLane({ db: deps.db, consumer });
  if (options.expectsNews === true && needsTransaction(consumer)) lane.prepare();
  try {
    const { drain, result, shiftMs } = await openDrain(deps, consumer, options, lane);
    if (drain === null) return result;
    const ended = await runDrain(drain);
    return { ...ended, nextDueMs: ended.nextDueMs === null ? null : ended.nextDueMs - shiftMs };
  } finally {
    await lane.close();
  }
}

async function runDrain(drain: Drain): Promise<DrainResult> {
  const { deps, result } = drain;
  const renewal = setInterval(() => void renew(drain), deps.leaseMs / 3);
  try {
    await begin(drain);
    for (;;) {
      while ((await runRound(drain)) || (await hasNews(drain)));
      if ((await sayLastWords(drain)) !== "again") break;
    }
    result.more ||= result.stopped !== null || drain.hasChanged;
    return result;
  } catch (error) {
    if (error instanceof FencedError) return await fenced(drain);
    await abandonLease(drain.lease.scope, drain.lease.token, drain.counts.take()).catch(() => undefined);
    throw error;
  } finally {
    clearInterval(renewal);
    drain.apply.trace?.end();
    await Promise.all(drain.lanes.map((lane) => lane.close()));
  }
}

async function begin(drain: Drain): Promise<void> {
  const { deps, consumer, result, lease } = drain;
  drain.breaker = believedBreaker(breakerFromText(lease.breaker), consumer.brake, deps.now());
  try {
    drain.state = await loadShardState(deps.db, lease.scope, consumer.subscriber, lease);
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    // Nothing may be read before it is known what is paused, and who is fenced off.
    result.stopped = describeError(error);
    return;
  }
  result.paused = activePauses(drain.state, deps.now()).some(({ eventType }) => eventType === null);
}

/** Behind its deadline a drain ends what it has begun: one call of a handler, and some of Redis and Postgres, ms. */
const endingMs = 60_000;

/** A drain that hangs, whatever keeps it, must not hold up its successor for as long as its worker lives. */
function shouldHaveEnded({ deps, consumer, options }: Drain): boolean {
  return deps.now() > options.deadlineMs + consumer.handlerTimeoutMs + endingMs;
}

async function renew(drain: Drain): Promise<void> {
  const { lease, group, running } = drain;
  if (shouldHaveEnded(drain)) {
    if (!lease.isLost)
      drain.deps.log.error({}, "The drain hangs: its lease is not renewed, another goes on.");
    lease.isLost = true;
    return;
  }
  try {
    // What was trimmed is gone from the stream and must stay in the pending list.
    const handling = [...running].flatMap(({ isTrimmed, messageId }) => (isTrimmed ? [] : [messageId]));
    const outcome = await renewLease(lease.scope, lease.token, group.consumer, handling, drain.counts.take());
    lease.isLost ||= outcome === "lost";
    drain.hasChanged ||= outcome === "changed";
  } catch {
    drain.deps.log.warn({}, "The lease could not be renewed.");
  }
}

/**
 * Ends a drain whose successor has begun: nothing more is touched, everything is the successor's now. A lease that is
 * nevertheless ours came with an old fencing token (Redis lost its last writes): whoever takes it over gets a new one.
 */
async function fenced(drain: Drain): Promise<DrainResult> {
  await abandonLease(drain.lease.scope, drain.lease.token, drain.counts.take()).catch(() => undefined);
  const message = new FencedError().message;
  drain.deps.log.warn({ fencing_token: drain.state.fencingToken }, `The drain ends early: ${message}`);
  return { ...drain.result, stopped: message, more: true };
}

/**
 * One round.
 *
 * @returns true when another one may find something
 */
async function runRound(drain: Drain): Promise<boolean> {
  const { deps, consumer, options, result } = drain;
  if (result.paused || result.stopped !== null) return false;
  // What came with the lease is handled, or put back, whatever the time is.
  if (!mayGoOn(drain) && !drain.stream.hasRead) {
    result.more = true;
    return false;
  }
  drain.rounds += 1;
  const startedMs = deps.now();
  const phase = phaseOf(drain.breaker, startedMs);
  result.breakerOpen = phase !== "closed";
  const alone = openForOne(drain.breaker);
  const aside = alone === null ? null : await lookAside(drain, alone);
  if (phase === "open" && aside === null) {
    if (drain.breaker.halfOpenAtMs !== null) noteDue(result, drain.breaker.halfOpenAtMs);
    return false;
  }

  const limit = phase === "closed" ? drain.readSize : aside !== null ? asideAtMost : 1;
  const readAtMost = phase === "closed" ? limit : phase === "half_open" ? 1 : 0;
  const given = await drain.stream.take(Math.min(readAtMost, options.maxEvents - result.read));
  const read = phase === "open" && aside !== null ? { ...given, ...aside } : given;
  if (drain.hasChanged) {
    await putBack(drain, read.fresh);
    return false;
  }
  const deferred = await drain.deferred.take(read, limit);
  drain.stream.finish(deferred.alreadyTaken);
  const isLeft = (one: Delivery) => !deferred.alreadyTaken.includes(one);
  const onStream = { ...read, waiting: read.waiting.filter(isLeft), fresh: read.fresh.filter(isLeft) };
  if (deferred.nextDueMs !== null) noteDue(result, deferred.nextDueMs);
  const taken = [...onStream.waiting, ...onStream.fresh, ...deferred.waiting];
  if (taken.length === 0) return read.isFull || deferred.waitsForRead;
  result.read += onStream.fresh.length + deferred.waiting.length;

  const nowMs = deps.now();
  const pausedTypes = pausedTypesOf(deps.catalog, drain.state, nowMs);
  const choice = chooseDeferred(onStream, { pausedTypes, heads: deferred.heads, nowMs });
  await defer(drain, choice.deferred);
  for (const { dueAtMs } of choice.waiting) if (dueAtMs > nowMs) noteDue(result, dueAtMs);
  const plan = planOf(read, [...choice.waiting, ...deferred.waiting], choice.fresh, nowMs);
  await putBack(drain, begunAmong([...plan.behind, ...plan.left]));

  const blocked = new Set<string>();
  if (phase !== "closed") return runTrial(drain, plan, blocked, phase);
  if (!(await runAlone(drain, plan.alone, blocked))) {
    await putBack(drain, begunAmong([...plan.resumed, ...plan.fresh]));
    return false;
  }
  const together = plan.resumed.length === 0 ? plan.fresh : inStreamOrder([...plan.resumed, ...plan.fresh]);
  const finished = await readingAhead(drain, onStream, together, () => runTogether(drain, together, blocked));
  const mayRead = onStream.isFull || deferred.isFull || deferred.waitsForRead;
  if (mayRead) drain.readSize = nextReadSize(drain.readSize, deps.now() - startedMs, mostRead(consumer));
  if (finished) await lookAhead(drain, onStream);
  // What is left may have waited for one that was new.
  const hasRun =
    plan.alone.length > 0 || plan.resumed.length > 0 || (plan.left.length > 0 && plan.fresh.length > 0);
  return finished && (hasRun || choice.deferred.length > 0 || mayRead);
}

type Plan = RoundPlan<Delivery>;

function planOf(
  { readTo }: TakenFromStream,
  waiting: readonly Delivery[],
  fresh: readonly Delivery[],
  nowMs: number,
): Plan {
  const known = new Set(waiting);
  return planRound(waiting.length === 0 ? fresh : inStreamOrder([...waiting, ...fresh]), {
    isFresh: (delivery) => !known.has(delivery),
    // Of the deferred ones none was taken that is.
    isBeyond: ({ row, messageId }) =>
      readTo !== null && row === null && compareMessageIds(messageId, readTo) > 0,
    nowMs,
  });
}

/** Rounds below and above these times, ms, change how much the next one reads. */
const shortRoundMs = 300;
const longRoundMs = 1_000;
const minReadSize = 10;

/**
 * Reads grow while rounds are short and shrink when they are long: what is read and not yet applied is what a killed
 * isolate leaves behind, to be run one by one by its successor.
 */
function nextReadSize(size: number, roundMs: number, most: number): number {
  if (roundMs < shortRoundMs) return Math.min(most, size * 2);
  return roundMs > longRoundMs ? Math.max(minReadSize, Math.floor(size / 2)) : size;
}

/** Those whose try began with their being taken: what does not run of them must go back. The others stay as they are. */
function begunAmong(deliveries: readonly Delivery[]): Delivery[] {
  return deliveries.filter(({ isBegun }) => isBegun);
}

async function putBack(drain: Drain, deliveries: readonly Delivery[]): Promise<void> {
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

/** Below this many deliveries a further connection costs more than it saves. */
const minPerLane = 16;

/** Runs what was never tried before, together, in as many transactions at once as the consumer allows. */
async function runTogether(
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
 * The circuit breaker is half open: one event is tried. A new one is preferred: that it succeeds says most, and the
 * ones that failed before may have failed for themselves; of those, the one that was due first. While only one tenant's
 * failed, one of another tenant says more than all of these, and need not wait until it is half open. None passes an older
 * one with its key.
 */
async function runTrial(
  drain: Drain,
  plan: Plan,
  blocked: Set<string>,
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
  return (await run(drain, [trial], blocked)) && !isOpen(drain.breaker);
}

/**
 * Runs one by one what was tried before. Each try begins just before the handlers: if it ends this worker, its own count
 * has grown and no other.
 *
 * @returns false when the drain should end; what was not begun stays as it is
 */
async function runAlone(
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

/** Tells Postgres and Redis what is done, stores the breaker and lets go of the lease. */
async function sayLastWords(drain: Drain): Promise<"released" | "again" | "lost"> {
  const { deps, lease, stream, deferred, result } = drain;
  // First what Postgres still lists as deferred: whoever comes next would take it again.
  const done = deferred.takeDone();
  if (done.length > 0) await deps.db.batch(done);
  return releaseLease(lease.scope, lease.token, {
    commands: [...stream.takeAcks(), ...breakerCommands(drain)],
    heartbeat: heartbeat(drain),
    counts: drain.counts.take(),
    goRound: result.stopped === null && mayGoOn(drain),
  });
}

/** True when another trigger came, also shortly after the last round found nothing more. */
async function hasNews(drain: Drain): Promise<boolean> {
  const { takeNews, awaitNews, lingerMs = 0 } = drain.deps;
  if (takeNews === undefined || drain.result.stopped !== null || !mayGoOn(drain)) return false;
  if (takeNews()) return true;
  if (awaitNews === undefined || lingerMs === 0 || drain.result.applied === drain.appliedBefore) return false;
  drain.appliedBefore = drain.result.applied;
  await awaitNews(lingerMs);
  // News that is taken must be acted on; what this drain may no longer do is left to whoever looks next.
  return mayGoOn(drain) && takeNews();
}
