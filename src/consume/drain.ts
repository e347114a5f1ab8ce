import type { MessageId } from "@brain/schemas";
import { v4 as uuidv4 } from "uuid";
import { allowedBy, brakeFromText, isOpen } from "../core/brake.ts";
import { backoffMs, isDue } from "../core/delivery.ts";
import { FencedError, TransientError } from "../core/errors.ts";
import { planRound, splitLanes } from "../core/ordering.ts";
import { hashText } from "../core/sharding.ts";
import { claimCommand } from "../stream/group.ts";
import { applyAll, type Lane } from "./apply.ts";
import { choosePark } from "./choose-park.ts";
import { describeError, errorClass } from "./dead-letters.ts";
import type { Consumer } from "./define-consumer.ts";
import { abandonLease, acquireLease, type Lease, releaseLease, renewLease } from "./lease.ts";
import { park } from "./park.ts";
import { beginQueued, putBackQueued } from "./queue.ts";
import type { QueuedDelivery } from "./queued-delivery.ts";
import { inStreamOrder, type Known, readQueue, readRound, type Waiting } from "./read-round.ts";
import type { Incoming } from "./route.ts";
import { conclude, giveUp, settle } from "./settle.ts";
import {
  createTick,
  type DrainDeps,
  type DrainOptions,
  type DrainResult,
  flushDone,
  hasTime,
  heartbeat,
  holding,
  lane,
  mayGoOn,
  noteDue,
  putBack,
  type Tick,
  takeAcks,
} from "./tick.ts";
import { activePauses, clearQueued, loadTickState } from "./tick-state.ts";

/*
 * One bounded tick of one consumer on one shard:
 *
 *   lease → [ack what is done · list pending · read new] → take from the queue → park · plan → apply → … → release
 *
 * Nothing is held outside Redis' pending list and Postgres. Whatever ends this worker at any point, the entries are
 * still pending or queued, the claims are committed or not, and the next tick goes on from there.
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
  tick.token = uuidv4();
  const lease = await acquireLease(tick.scope, tick.token);
  if (!("token" in lease)) return { ...tick.result, busy: lease };
  const renewal = setInterval(() => void renew(tick), deps.leaseMs / 3);
  try {
    await begin(tick, lease);
    for (;;) {
      while ((await runRound(tick)) || (await hasNews(tick)));
      await flushDone(tick);
      const goRound = tick.result.stopped === null && mayGoOn(tick);
      const released = await releaseLease(tick.scope, tick.token, heartbeat(tick), goRound);
      if (released !== "again") break;
    }
    tick.result.more ||= tick.result.stopped !== null || tick.changed;
    return tick.result;
  } catch (error) {
    if (error instanceof FencedError) return fenced(tick);
    await abandonLease(tick.scope, tick.token).catch(() => undefined);
    throw error;
  } finally {
    clearInterval(renewal);
    await Promise.all(tick.lanes.map((lane) => lane.close()));
  }
}

async function begin(tick: Tick, lease: Lease): Promise<void> {
  const { deps, consumer, result } = tick;
  tick.takeover = lease.takeover;
  tick.pending = lease.pending;
  tick.brake = brakeFromText(lease.brake);
  try {
    tick.state = await loadTickState(deps.db, tick.scope, consumer.subscriber, lease);
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    // Nothing may be read before it is known what is paused, and who is fenced off.
    result.stopped = describeError(error);
    return;
  }
  result.paused = activePauses(tick.state, deps.now()).some(({ eventType }) => eventType === null);
}

async function renew(tick: Tick): Promise<void> {
  try {
    const { consumer } = tick.group;
    // What was trimmed meanwhile is gone from the stream and must stay in the pending list.
    const handling = [...tick.handling].filter((id) => !tick.trimmed.has(id));
    const outcome = await renewLease(tick.scope, tick.token, consumer, handling);
    tick.leaseLost ||= outcome === "lost";
    tick.changed ||= outcome === "changed";
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
  const { deps, consumer, options, result } = tick;
  if (result.paused || result.stopped !== null) return false;
  if (!mayGoOn(tick)) {
    result.more = true;
    return false;
  }
  const startedMs = deps.now();
  const allowed = allowedBy(tick.brake, startedMs);
  result.braked = allowed !== "all";
  if (allowed === "nothing") {
    if (tick.brake.probeAtMs !== null) noteDue(tick, tick.brake.probeAtMs);
    return false;
  }
  const probing = allowed === "probe";
  const limit = probing ? 1 : tick.readSize;
  const round = await readRound(tick, Math.min(limit, options.maxEvents - result.read));
  if (tick.changed) {
    await setAsideKnown(tick, round.fresh);
    return false;
  }
  const waiting = round.pending.map((known) => withDue(tick, known));
  const blockedKeys = waiting.flatMap(({ due, key }) => (due || key === null ? [] : [key]));
  const queue = await readQueue(tick, round, blockedKeys, limit);
  if (queue.empty && tick.state.queued !== null) await forgetQueue(tick);
  if (queue.nextDueMs !== null) noteDue(tick, queue.nextDueMs);
  if (round.pending.length === 0 && round.fresh.length === 0 && queue.due.length === 0) return false;
  result.read += round.fresh.length + queue.due.length;

  const { parked, pending, fresh } = choosePark(tick, waiting, round.fresh, queue.heads);
  await park(tick, parked);
  const due = queue.due.map((known) => ({ ...known, due: true, deliveries: known.entry.deliveries }));
  const plan = planRound(inStreamOrder(pending, due), fresh);
  noteNextDue(tick, pending);

  // The takeover concerns what the predecessor left; what this tick sets aside follows the ordinary times.
  tick.takeover = false;
  await setAsideKnown(tick, plan.parked);
  await setAsideKnown(tick, behindOthers(due, plan));
  const blocked = new Set(plan.blockedKeys);
  if (probing) return runProbe(tick, plan, blocked);
  if (!(await runAlone(tick, plan.alone, blocked))) {
    await setAsideKnown(tick, [...plan.resumed.filter(({ queued }) => queued !== null), ...plan.fresh]);
    return false;
  }
  const finished = await runTogether(tick, [...plan.resumed, ...plan.fresh], blocked);
  const mayRead = round.full || queue.full;
  if (mayRead) tick.readSize = nextReadSize(tick.readSize, deps.now() - startedMs, consumer.batchSize);
  return finished && (plan.alone.length > 0 || plan.resumed.length > 0 || parked.length > 0 || mayRead);
}

function withDue(tick: Tick, known: Known): Waiting {
  const { entry } = known;
  const failure = tick.failures.get(entry.id);
  const skipped = failure?.skip === true;
  const due =
    skipped || isDue(entry, tick.consumer.retry, tick.deps.now(), failure?.dueAtMs ?? null, tick.takeover);
  const key = failure?.overtakable === true ? null : known.key;
  return { ...known, key, due, deliveries: entry.deliveries };
}

/** Rows of the queue that were taken and cannot run now, because an older entry of their key waits on the stream. */
function behindOthers(due: readonly Waiting[], { alone, resumed }: Plan): readonly Known[] {
  const runs = new Set<Known>([...alone, ...resumed]);
  return due.filter((known) => !runs.has(known));
}

async function forgetQueue(tick: Tick): Promise<void> {
  const { queued } = tick.state;
  if (queued === null) return;
  await clearQueued(tick.scope, queued);
  tick.state = { ...tick.state, queued: null };
}

/** Runs what was never tried before, together, in as many transactions at once as the consumer allows. */
async function runTogether(tick: Tick, entries: readonly Known[], blocked: Set<string>): Promise<boolean> {
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
async function runProbe(tick: Tick, plan: Plan, blocked: Set<string>): Promise<boolean> {
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
 * Reads grow while rounds are short and shrink when they are long: what is read and not yet applied is what a killed
 * isolate leaves behind, to be run one by one by its successor.
 */
function nextReadSize(size: number, roundMs: number, batchSize: number): number {
  if (roundMs < shortRoundMs) return Math.min(batchSize, size * 2);
  return roundMs > longRoundMs ? Math.max(minReadSize, Math.floor(size / 2)) : size;
}

type Plan = ReturnType<typeof planRound<Waiting, Known>>;

function idsOf(entries: readonly Known[]): MessageId[] {
  return entries.map((known) => known.entry.id);
}

/**
 * Runs entries one by one that were delivered before. Each is claimed just before its try, together with the acks of
 * those before it: if it ends this worker, its own count has grown and no other.
 *
 * @returns false when the tick should end; what was not begun stays as it is
 */
async function runAlone(tick: Tick, entries: readonly Known[], blocked: Set<string>): Promise<boolean> {
  const { retry } = tick.consumer;
  for (const incoming of await settle(tick, entries)) {
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
    if (!(await applyLane(tick, lane(tick, 0), [incoming], blocked))) return false;
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
async function setAsideKnown(tick: Tick, known: readonly Known[]): Promise<void> {
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

function noteNextDue(tick: Tick, waiting: readonly Waiting[]): void {
  for (const { entry, due } of waiting) {
    if (due) continue;
    const backoff = backoffMs(tick.consumer.retry, entry.deliveries, entry.id);
    noteDue(tick, tick.failures.get(entry.id)?.dueAtMs ?? tick.deps.now() - entry.idleMs + backoff);
  }
}
