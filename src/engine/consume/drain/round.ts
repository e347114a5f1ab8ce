import { compareMessageIds } from "@brain/schemas";
import { openForOne, phaseOf } from "../../core/circuit-breaker.ts";
import { planRound, type RoundPlan } from "../../core/ordering.ts";
import type { Consumer } from "../consumer.ts";
import { type Delivery, inStreamOrder, type TakenFromStream } from "../delivery.ts";
import { pausedTypesOf } from "../lease/shard-state.ts";
import type { TakenDeferred } from "../sources/deferred.ts";
import { noteDue } from "./base.ts";
import { chooseDeferred, defer } from "./defer.ts";
import { asideAtMost, lookAhead, lookAside } from "./look-ahead.ts";
import { mostRead, readingAhead } from "./read-ahead.ts";
import { begunAmong, putBack, runAlone, runTogether, runTrial } from "./run-deliveries.ts";
import { type Drain, mayGoOn } from "./state.ts";

/**
 * One round: take → plan → apply → finish.
 *
 * @returns true when another one may find something
 */
export async function runRound(drain: Drain): Promise<boolean> {
  const { deps, result } = drain;
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
  const taken = await takeAll(drain, phase);
  if (taken === null) return false;
  const { stream, deferred } = taken;
  const count = stream.fresh.length + deferred.waiting.length;
  if (count + stream.waiting.length === 0) return stream.isFull || deferred.waitsForRead;
  result.read += count;

  const { plan, hasDeferred } = await planTaken(drain, taken);
  if (phase !== "closed") return runTrial(drain, plan, phase);
  const blocked = new Set<string>();
  if (!(await runAlone(drain, plan.alone, blocked))) {
    await putBack(drain, begunAmong([...plan.resumed, ...plan.fresh]));
    return false;
  }
  const together = plan.resumed.length === 0 ? plan.fresh : inStreamOrder([...plan.resumed, ...plan.fresh]);
  const { finished, hasReadAhead } = await readingAhead(drain, stream, together, () =>
    runTogether(drain, together, blocked),
  );
  const mayRead = stream.isFull || deferred.isFull || deferred.waitsForRead;
  if (mayRead) drain.readSize = nextReadSize(drain.readSize, deps.now() - startedMs, drain.consumer);
  if (finished) await lookAhead(drain, stream);
  // What is left may have waited for one that was new.
  const hasRun =
    plan.alone.length > 0 || plan.resumed.length > 0 || (plan.left.length > 0 && plan.fresh.length > 0);
  return finished && (hasRun || hasDeferred || mayRead || hasReadAhead);
}

/** What a round has at hand. */
interface RoundTaken {
  /** Without what was taken ahead of its place. */
  readonly stream: TakenFromStream;
  readonly deferred: TakenDeferred;
}

/**
 * Takes from both sources. How much depends on the circuit breaker: half open, one delivery; open, none, unless it is
 * open for one tenant alone and others wait.
 *
 * @returns null when nothing may be tried
 */
async function takeAll(drain: Drain, phase: ReturnType<typeof phaseOf>): Promise<RoundTaken | null> {
  const { options, result } = drain;
  const alone = openForOne(drain.breaker);
  const aside = alone === null ? null : await lookAside(drain, alone);
  if (phase === "open" && aside === null) {
    if (drain.breaker.halfOpenAtMs !== null) noteDue(result, drain.breaker.halfOpenAtMs);
    return null;
  }
  const limit = phase === "closed" ? drain.readSize : aside !== null ? asideAtMost : 1;
  const readAtMost = phase === "closed" ? limit : phase === "half_open" ? 1 : 0;
  const given = await drain.stream.take(Math.min(readAtMost, options.maxEvents - result.read));
  const read = phase === "open" && aside !== null ? { ...given, ...aside } : given;
  if (drain.hasChanged) {
    await putBack(drain, read.fresh);
    return null;
  }
  const deferred = await drain.deferred.take(read, limit);
  if (deferred.nextDueMs !== null) noteDue(result, deferred.nextDueMs);
  drain.stream.finish(deferred.alreadyTaken);
  const isLeft = (one: Delivery) => !deferred.alreadyTaken.includes(one);
  const stream = { ...read, waiting: read.waiting.filter(isLeft), fresh: read.fresh.filter(isLeft) };
  return { stream, deferred };
}

/** Moves to the deferred deliveries what cannot run for long, and plans what is left. What does not run is put back. */
async function planTaken(
  drain: Drain,
  { stream, deferred }: RoundTaken,
): Promise<{ readonly plan: RoundPlan<Delivery>; readonly hasDeferred: boolean }> {
  const { deps, result, state } = drain;
  const nowMs = deps.now();
  const pausedTypes = pausedTypesOf(deps.catalog, state, nowMs);
  const choice = chooseDeferred(stream, { pausedTypes, heads: deferred.heads, nowMs });
  await defer(drain, choice.deferred);
  for (const { dueAtMs } of choice.waiting) if (dueAtMs > nowMs) noteDue(result, dueAtMs);
  const plan = planOf(stream, [...choice.waiting, ...deferred.waiting], choice.fresh, nowMs);
  await putBack(drain, begunAmong([...plan.behind, ...plan.left]));
  return { plan, hasDeferred: choice.deferred.length > 0 };
}

function planOf(
  { readTo }: TakenFromStream,
  waiting: readonly Delivery[],
  fresh: readonly Delivery[],
  nowMs: number,
): RoundPlan<Delivery> {
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
function nextReadSize(size: number, roundMs: number, consumer: Consumer): number {
  if (roundMs < shortRoundMs) return Math.min(mostRead(consumer), size * 2);
  return roundMs > longRoundMs ? Math.max(minReadSize, Math.floor(size / 2)) : size;
}
