import { believedBreaker, breakerFromText } from "../../core/circuit-breaker.ts";
import { FencedError, TransientError } from "../../core/errors.ts";
import { createLane } from "../apply/lane.ts";
import type { Consumer } from "../consumer.ts";
import { describeError } from "../dead-letters.ts";
import { needsTransaction } from "../define/define-consumer.ts";
import { abandonLease, releaseLease, renewLease } from "../lease/lease.ts";
import { activePauses, loadShardState } from "../lease/shard-state.ts";
import type { DrainDeps, DrainOptions, DrainResult } from "./base.ts";
import { breakerCommands } from "./breaker.ts";
import { openDrain } from "./open.ts";
import { runRound } from "./round.ts";
import { type Drain, heartbeat, mayGoOn } from "./state.ts";

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
    drain.state = await loadShardState(deps.db, lease.scope, consumer.subscriber, lease, drain.clock);
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
