import { describeError, errorClass } from "../consume/dead-letters.ts";
import { MisplacedShardError } from "../core/errors.ts";
import type { Invocation } from "../invocation.ts";
import { coalesce, sleepOnce, type Triggers } from "./coalesce.ts";
import { type Dispatch, hasBudget } from "./dispatch.ts";
import type { Semaphore } from "./semaphore.ts";

/*
 * Turns: how the kinds of work share a run of the dispatcher. A turn is a share of its time; what has more to do then
 * lines up again behind the others.
 */

/** After a failure the same work is tried again in this time, doubled up to the last, as long as the invocation lasts, ms. */
const firstPauseMs = 500;
const lastPauseMs = 4_000;
/** Added to a wait for a lease, so that it is over when we look again. */
export const leaseMarginMs = 50;

/** What a turn may do. */
export interface TurnBounds extends Triggers {
  /** True when it should end after what it has begun, because its time is up and others wait for theirs. */
  readonly yields: () => boolean;
}

/** One turn of some work: when to look again, Unix ms; null when there is nothing to wait for. */
type Turn = (bounds: TurnBounds) => Promise<number | null>;

/** What turns are for. */
export interface Work {
  /** In the log, and what triggers of one isolate are coalesced by. */
  readonly name: string;
  /** Behind the deadline a turn may take this much longer before it counts as hanging, ms. */
  readonly extraMs: number;
  /** Where it waits for each turn, and lets others in while it waits for anything else; left out: nowhere. */
  readonly semaphore?: Semaphore;
}

/**
 * Runs turns of one kind of work, coalesced with the other triggers in this isolate, until nothing is left or the
 * budget is used up. Errors are logged; the work is tried again after a pause, for a dead Redis may come back.
 */
export async function runTurns(
  dispatch: Dispatch<Invocation>,
  { name, extraMs, semaphore }: Work,
  turn: Turn,
): Promise<void> {
  const { now, log, scope, drains } = dispatch.invocation;
  const own = `${name}@${scope}`;
  let pauseMs = firstPauseMs;
  let isAgain = false;
  for (;;) {
    let untilMs: number | null = null;
    let failing = false;
    await semaphore?.acquire();
    try {
      if (semaphore !== undefined && !hasBudget(dispatch)) {
        dispatch.leftOver = true;
        return;
      }
      const endMs = now() + drains.turnMs;
      const yields = () => semaphore !== undefined && semaphore.waiting > 0 && now() >= endMs;
      const work = async (triggers: Triggers) => {
        untilMs = await turn({ ...triggers, yields });
      };
      const limitMs = Math.max(1_000, dispatch.deadlineMs - now()) + extraMs;
      const mayRepeat = () => hasBudget(dispatch) && !yields();
      const again = isAgain;
      isAgain = true;
      const outcome = await coalesce({ name: own, now, limitMs, isAgain: again }, work, mayRepeat);
      if (outcome === "left" && hasBudget(dispatch)) {
        untilMs = now();
      } else if (outcome === "left") {
        // Whoever left the note relies on this run. News is progress: an idle chain of invocations brings none.
        dispatch.leftOver = true;
        dispatch.progress = true;
        return;
      }
      if (outcome === "joined" || untilMs === null) return;
      pauseMs = firstPauseMs;
    } catch (error) {
      log.error({ work: name, error_class: errorClass(error) }, `${name} failed: ${describeError(error)}`);
      dispatch.failed = true;
      // Only other settings help, and those come with another invocation.
      if (error instanceof MisplacedShardError) return;
      failing = true;
      untilMs = now() + pauseMs;
      pauseMs = Math.min(2 * pauseMs, lastPauseMs);
    } finally {
      semaphore?.release();
    }
    const isOver = untilMs >= dispatch.deadlineMs;
    dispatch.stuck ||= failing && isOver;
    if (!hasBudget(dispatch)) {
      dispatch.leftOver = true;
      return;
    }
    if (isOver || !(await sleepOnce(own, now, untilMs))) return;
  }
}
