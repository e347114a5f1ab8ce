import type { Clock } from "../core/clock.ts";
import type { Riding } from "../relay/handed.ts";
import type { Triggers } from "./coalesce.ts";

/**
 * How long the relay keeps its lease while it waits for the next event of a steady flow, ms. One request then notes what
 * was sent and takes what comes next, where a new run would need two. Others that find the lease taken wait as long, so
 * the relay rests only where triggers of this isolate follow each other faster.
 */
const restMs = 20;

/**
 * In a steady flow what is known to be unsent waits at most this long, ms, for the next commit, which takes it along: a
 * request to Postgres less, and batches of more events when the machine is slow.
 */
const gatherMs = 12;

export interface Rest {
  /** Whether a commit takes along what is unsent. */
  readonly riding: () => Riding;
  readonly now: Clock;
  /** Commits can: there is one shard. */
  readonly mayRide: boolean;
}

/**
 * Waits until more is known to be unsent, where events come steadily.
 *
 * @returns whether it waited
 */
export async function restInFlow(triggers: Triggers, { riding, now, mayRide }: Rest): Promise<boolean> {
  const gathers = () => mayRide && triggers.usualGapMs() <= gatherMs;
  let isNews = triggers.takeNews();
  if (triggers.gapMs() > restMs || (isNews && !gathers())) return false;
  const beganMs = now();
  for (;;) {
    const limitMs = isNews && riding() === "nobody" ? gatherMs : restMs;
    await triggers.awaitNews(Math.max(0, limitMs - (now() - beganMs)));
    const isTold = triggers.takeNews();
    isNews ||= isTold;
    if (riding() === "done") return true;
    // Who told may have been too early to take it along; the next commit is not.
    const goesOn = isTold
      ? gathers() && now() - beganMs < restMs
      : riding() === "under_way" && limitMs < restMs;
    if (!goesOn) return true;
  }
}
