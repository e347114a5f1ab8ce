import { v4 as uuidv4 } from "uuid";
import { brakeFromText } from "../core/brake.ts";
import { FencedError, TransientError } from "../core/errors.ts";
import { createTick } from "./create-tick.ts";
import { describeError } from "./dead-letters.ts";
import type { Consumer } from "./define-consumer.ts";
import { abandonLease, acquireLease, type Lease, releaseLease, renewLease } from "./lease.ts";
import { finishSql } from "./queue.ts";
import { runRound } from "./round.ts";
import {
  type DrainDeps,
  type DrainOptions,
  type DrainResult,
  heartbeat,
  mayGoOn,
  type Tick,
  takeAcks,
} from "./tick.ts";
import { brakeCommands } from "./tick-brake.ts";
import { activePauses, loadTickState } from "./tick-state.ts";

/*
 * One bounded tick of one consumer on one shard:
 *
 *   lease → [ack what is done · list pending · read new] → take from the queue → park · plan → apply → … → release
 *
 * Nothing is held outside Redis' pending list and Postgres. Whatever ends this worker at any point, the entries are
 * still pending or queued, the claims are committed or not, and the next tick goes on from there.
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

/** Tells Redis and Postgres what is done, and stores the brake. */
async function flushDone(tick: Tick): Promise<void> {
  const [replies] = await Promise.all([
    tick.deps.redis.pipeline([...takeAcks(tick), ...brakeCommands(tick)]),
    tick.done.length === 0 ? null : tick.deps.db.batch([finishSql(tick.done.splice(0))]),
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
