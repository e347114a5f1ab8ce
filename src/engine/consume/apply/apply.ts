import { classify } from "../../core/classify.ts";
import { HandlerTimeoutError } from "../../core/promises/time-limit.ts";
import { decideDelivery } from "../../core/retry.ts";
import type { Consumer } from "../consumer.ts";
import { attemptOf, type Runnable } from "../delivery.ts";
import type { Applied, ApplyDeps, ApplyResult } from "./applied.ts";
import type { Lane } from "./lane.ts";
import { type Attempt, tryTogether } from "./try-list.ts";

/*
 * The guarantee: a consumer applies an event once, however often it is delivered and whatever ends whom in between.
 *
 *   BEGIN → claim → handlers → events they published → fence → COMMIT        then, and only then, the source lets it go
 *
 * - One transaction holds all of it: the claim, a row under (subscriber, message id) and (subscriber, event id), what the
 *   handlers did in Postgres, and the events they published. All of it stands, or nothing.
 * - A second delivery waits for a claim that is being made, finds it, and calls no handler. What the claim says of its event
 *   tells whether it is a second one: Redis and other programs give an id twice (`judge-claims.ts`).
 * - The fence is a row that whoever takes over has raised: a worker that comes late cannot commit.
 * - A reply to COMMIT that was lost costs a second delivery, which finds the claim. Nothing else has to be remembered.
 *
 * Optimistic: one transaction for the whole list. When it fails, nothing of it happened. If the failing delivery is
 * known, the ones before it run again together, it runs alone, and the ones behind it run together; if not, the list is
 * halved. When many fail, the rest runs event by event.
 */

/**
 * When at least so many lists failed, and more than one in so many deliveries, the rest runs event by event: a failed
 * list costs three transactions where each delivery alone costs one.
 */
const manyFailures = 4;

/** How far a list has come. */
interface Progress {
  readonly applied: Applied[];
  readonly untried: Runnable[];
  /** Still to be tried, each as a whole. */
  readonly lists: (readonly Runnable[])[];
  /** Keys whose later deliveries have to wait. */
  readonly failedKeys: Set<string>;
  /** Those that have lost a connection once. */
  readonly spared: Set<Runnable>;
  /** Those whose handler took too long when they ran with others. */
  readonly timedOut: Map<Runnable, HandlerTimeoutError>;
  /** How many lists failed. */
  listFailures: number;
}

/**
 * Applies deliveries in order.
 *
 * @param deadlineMs Unix time, ms, after which nothing new is begun
 */
export async function applyAll(
  deps: ApplyDeps,
  lane: Lane,
  deliveries: readonly Runnable[],
  deadlineMs: number,
): Promise<ApplyResult> {
  const progress: Progress = {
    applied: [],
    untried: [],
    lists: [deliveries],
    failedKeys: new Set(),
    spared: new Set(),
    timedOut: new Map(),
    listFailures: 0,
  };
  const { applied, untried, lists } = progress;
  for (let list = lists.shift(); list !== undefined; list = lists.shift()) {
    const open = setAsideBlocked(progress, list);
    if (open.length === 0) continue;
    // Its try is over, whatever the time is: a second one would hold up all others for as long again.
    const timeout = open.length === 1 && open[0] !== undefined ? progress.timedOut.get(open[0]) : undefined;
    if (timeout === undefined && deps.now() >= deadlineMs) {
      untried.push(...open);
      continue;
    }
    if (open.length > 1 && failsOften(progress)) {
      lists.unshift(...open.map((delivery) => [delivery]));
      continue;
    }
    const attempt: Attempt =
      timeout === undefined
        ? await tryTogether(deps, lane, open, deadlineMs)
        : { kind: "failed", error: timeout, culprit: null, lost: false };
    if (attempt.kind === "unavailable") {
      return { applied, untried: [...untried, ...open, ...lists.flat()], unavailable: attempt.error };
    }
    if (attempt.kind === "done") {
      noteDone(deps, progress, attempt);
    } else if (noteFailed(deps, progress, open, attempt) === "stop") {
      return { applied, untried: [...untried, ...lists.flat()], unavailable: null };
    }
  }
  return { applied, untried, unavailable: null };
}

/** @returns those that need not wait for one that failed before */
function setAsideBlocked({ failedKeys, untried }: Progress, list: readonly Runnable[]): Runnable[] {
  return list.filter((delivery) => {
    if (delivery.key === null || !failedKeys.has(delivery.key)) return true;
    untried.push(delivery);
    return false;
  });
}

function failsOften({ listFailures, applied }: Progress): boolean {
  return listFailures >= manyFailures && listFailures * manyFailures > applied.length;
}

function noteDone(
  deps: ApplyDeps,
  { applied, failedKeys, lists }: Progress,
  done: Extract<Attempt, { kind: "done" }>,
): void {
  applied.push(...done.applied);
  for (const one of done.applied)
    if (one.delivery.key !== null && holdsKey(deps.consumer, one)) failedKeys.add(one.delivery.key);
  tellApplied(deps, done.applied);
  if (done.remaining.length > 0) lists.unshift(done.remaining);
}

/** A failure of one counts; one of several tells only where to look. */
function noteFailed(
  deps: ApplyDeps,
  progress: Progress,
  open: readonly Runnable[],
  { error, culprit, lost }: Extract<Attempt, { kind: "failed" }>,
): "go_on" | "stop" {
  const { applied, failedKeys, lists, spared, timedOut } = progress;
  const [alone, ...others] = open;
  if (alone === undefined) return "go_on";
  if (others.length > 0) {
    progress.listFailures += 1;
    if (culprit !== null && error instanceof HandlerTimeoutError) timedOut.set(culprit, error);
    lists.unshift(...split(open, culprit));
    return "go_on";
  }
  // A lost connection says nothing about the event; lost twice in a row with the same one, it may.
  if (lost && !spared.has(alone)) {
    spared.add(alone);
    lists.unshift(open);
    return "go_on";
  }
  const { failure, stop } = deps.judge(failed(deps, alone, error));
  applied.push(failure);
  if (stop) return "stop";
  if (holdsKey(deps.consumer, failure) && alone.key !== null) failedKeys.add(alone.key);
  return "go_on";
}

function failed(deps: ApplyDeps, delivery: Runnable, error: unknown): Applied {
  const { retry } = deps.consumer;
  const outcome = classify(error);
  const decision = decideDelivery(outcome, attemptOf(delivery), retry, delivery.messageId, deps.now());
  return { delivery, decision, duplicate: null, error, times: null };
}

/** True when later deliveries with the same key have to wait for this one. */
export function holdsKey({ afterDeadLetter }: Consumer, { decision }: Applied): boolean {
  if (decision.action === "dead-letter") return afterDeadLetter === "hold_key";
  return decision.action === "retry" && !decision.overtakable;
}

function split(list: readonly Runnable[], culprit: Runnable | null): (readonly Runnable[])[] {
  const at = culprit === null ? -1 : list.indexOf(culprit);
  if (at === -1) {
    const middle = Math.ceil(list.length / 2);
    return [list.slice(0, middle), list.slice(middle)];
  }
  return [list.slice(0, at), list.slice(at, at + 1), list.slice(at + 1)].filter((part) => part.length > 0);
}

/** Tells of those for whom a handler ran. */
function tellApplied(deps: ApplyDeps, applied: readonly Applied[]): void {
  const ran = applied.flatMap(({ delivery, duplicate, decision }) =>
    duplicate === null && decision.action === "ack" ? [delivery] : [],
  );
  if (ran.length > 0) deps.onApplied(ran);
}
